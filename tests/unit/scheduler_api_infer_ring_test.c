/* Tests of scheduler/api/infer_ring.c and infer_models.c against a jointd of the test's own, at the
 * other end of the channel in the same process. */
#include "scheduler/api/infer_ring.h"
#include "shm/fd_pass.h"
#include "shm/load_report.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <string.h>
#include <unistd.h>

#define SLAB_BYTES (UINT64_C(1) << 20)
#define ANSWER_BYTES 40u
#define MODEL 5u
#define RANDOM_WORDS 20000

struct world {
    struct channel jointd;
    struct region requests, responses, load, counters, table;
    int sockets[2];
    struct infer_ring ring;
};

/* What the caller was told last. */
struct told {
    uint32_t count;
    struct ingress_finished finished;
    const unsigned char *bytes;
};

static void finished(void *caller, const struct ingress_finished *said, const unsigned char *bytes)
{
    struct told *told = caller;
    told->count++;
    told->finished = *said;
    told->bytes = bytes;
}

static const struct infer_ring_ops ops = {.finished = finished};

static void make(struct region *region, enum region_kind kind, uint64_t bytes)
{
    const struct region_config config = {
        .name = "test", .kind = kind, .payload_bytes = bytes, .pages = REGION_PAGES_SMALL};
    CU_ASSERT_EQUAL_FATAL(region_init(region, &config), 0);
}

/* Two cuts of three floats, sealed. */
static void make_table(struct region *region)
{
    make(region, REGION_MODEL, model_table_bytes(2, 2, 1));
    struct model_table_shared *shared = region_at(region, 0, sizeof(*shared));
    *shared = (struct model_table_shared){
        .cut_count = 2, .tensor_count = 2, .max_batch = 1, .size_count = 1, .size = {1}};
    struct model_cut *cuts = (void *)(shared + 1);
    struct model_tensor *tensors = (void *)(cuts + 2);
    uint64_t *times = (void *)(tensors + 2);
    times[0] = 100;
    for (uint32_t i = 0; i < 2; i++) {
        cuts[i] = (struct model_cut){.row_bytes = 12,
                                     .row_elements = 3,
                                     .first_tensor = i,
                                     .tensor_count = 1,
                                     .has_rows = 1,
                                     .is_f32 = 1};
        tensors[i] = (struct model_tensor){.bytes = 12, .elements = 3, .is_f32 = 1};
    }
    CU_ASSERT_EQUAL_FATAL(region_seal(region, REGION_SEAL_CONTENT), 0);
}

static void say(struct world *world, const void *message)
{
    CU_ASSERT_EQUAL(channel_push(&world->jointd, message, 1), 1);
}

static union ingress_message hear(struct world *world)
{
    union ingress_message message = {0};
    infer_ring_flush(&world->ring);
    (void)channel_pop(&world->jointd, &message, 1);
    return message;
}

static void offer_model(struct world *world, const char *name, uint32_t version)
{
    struct ingress_model card = {.model = MODEL, .version = version};
    memcpy(card.name, name, strlen(name) + 1);
    const int fd = region_share_fd(&world->table, REGION_READ_ONLY);
    CU_ASSERT_EQUAL_FATAL(fd_pass_send(world->sockets[0], &card, sizeof(card), &fd, 1), 0);
    close(fd);
    const struct ingress_order order = {.kind = INGRESS_MODEL, .model = MODEL};
    say(world, &order);
    infer_ring_poll(&world->ring);
}

static void world_init(struct world *world)
{
    struct channel_config config = channel_config_default();
    memset(world, 0, sizeof(*world));
    CU_ASSERT_EQUAL_FATAL(channel_init(&world->jointd, &config), 0);
    make(&world->requests, REGION_SLAB, SLAB_BYTES);
    make(&world->responses, REGION_SLAB, SLAB_BYTES);
    make(&world->load, REGION_LOAD_PAGE, sizeof(struct load_page_shared));
    make(&world->counters, REGION_COUNTERS, 4096);
    make_table(&world->table);
    const struct channel_grant grants[INGRESS_GRANT_COUNT] = {
        {.region = &world->requests, .kind = REGION_SLAB, .access = REGION_READ_WRITE},
        {.region = &world->responses, .kind = REGION_SLAB, .access = REGION_READ_ONLY},
        {.region = &world->load, .kind = REGION_LOAD_PAGE, .access = REGION_READ_ONLY},
        {.region = &world->counters, .kind = REGION_COUNTERS, .access = REGION_READ_WRITE},
    };
    const struct api_infer_setup setup = {.slab_bytes = SLAB_BYTES,
                                          .max_tensor_bytes = 4096,
                                          .max_answer_bytes = 4096,
                                          .max_json_bytes = 4096,
                                          .slots = 8,
                                          .answer_slots = 4,
                                          .max_requests_per_client = 2};
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(world->sockets), 0);
    CU_ASSERT_EQUAL_FATAL(
        channel_offer(&world->jointd, world->sockets[0], grants, INGRESS_GRANT_COUNT), 0);
    CU_ASSERT_EQUAL_FATAL(infer_ring_init(&world->ring, &setup, world->sockets[1], &ops), 0);
    CU_ASSERT_EQUAL_FATAL(channel_settle(&world->jointd, world->sockets[0]), 0);
    CU_ASSERT_EQUAL(hear(world).kind, INGRESS_STARTED);
    offer_model(world, "lenet", 3);
}

static void world_fini(struct world *world)
{
    infer_ring_fini(&world->ring);
    channel_fini(&world->jointd);
    region_fini(&world->requests);
    region_fini(&world->responses);
    region_fini(&world->load);
    region_fini(&world->counters);
    region_fini(&world->table);
    close(world->sockets[0]);
    close(world->sockets[1]);
}

/* As jointd hears of it. */
static struct ingress_submit submit(struct world *world, struct told *told)
{
    uint32_t slot;
    unsigned char *place;
    struct ingress_submit words = {.to = 1, .rows = 1, .bytes = 12, .client = 7};
    CU_ASSERT_EQUAL_FATAL(infer_ring_reserve(&world->ring, MODEL, 12, &slot, &place), 0);
    memcpy(place, "hello tensor", 12);
    infer_ring_submit(&world->ring, slot, &words, ANSWER_BYTES, told);
    const union ingress_message heard = hear(world);
    CU_ASSERT_EQUAL(heard.kind, INGRESS_SUBMIT);
    CU_ASSERT_EQUAL(heard.submit.model, MODEL);
    CU_ASSERT_EQUAL(
        memcmp(region_at(&world->requests, heard.submit.offset, 12), "hello tensor", 12), 0);
    return heard.submit;
}

static struct ingress_finished answer_of(const struct ingress_submit *request)
{
    return (struct ingress_finished){.kind = INGRESS_FINISHED,
                                     .slot = request->slot,
                                     .generation = request->generation,
                                     .answer_slot = 2,
                                     .answer_generation = 9,
                                     .offset = 640,
                                     .bytes = ANSWER_BYTES};
}

static void a_request_goes_and_its_answer_comes(void)
{
    struct world world;
    struct told told = {0};
    world_init(&world);
    const struct ingress_submit request = submit(&world, &told);
    CU_ASSERT_EQUAL(infer_ring_open_of(&world.ring, 7), 1);
    const struct ingress_finished answer = answer_of(&request);
    say(&world, &answer);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(told.count, 1);
    CU_ASSERT_EQUAL(told.finished.reason, INGRESS_ANSWERED);
    CU_ASSERT_EQUAL(told.bytes - (const unsigned char *)region_at(
                                     &world.ring.channel.grant[INGRESS_RESPONSES], 0, 0),
                    640);
    CU_ASSERT_EQUAL(infer_ring_open_of(&world.ring, 7), 0);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_NONE);
    infer_ring_sent(&world.ring, told.finished.answer_slot);
    const union ingress_message sent = hear(&world);
    CU_ASSERT_EQUAL(sent.kind, INGRESS_SENT);
    CU_ASSERT_EQUAL(sent.order.slot, 2);
    CU_ASSERT_EQUAL(sent.order.generation, 9);
    CU_ASSERT_EQUAL(world.ring.unsound_count, 0);
    world_fini(&world);
}

static void one_that_is_left_is_cancelled_and_its_answer_given_back(void)
{
    struct world world;
    struct told told = {0};
    world_init(&world);
    const struct ingress_submit request = submit(&world, &told);
    infer_ring_leave(&world.ring, request.slot);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_CANCEL);
    CU_ASSERT_EQUAL(world.ring.taken_count, 1); /* a worker may be reading it */
    const struct ingress_finished answer = answer_of(&request);
    say(&world, &answer);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(told.count, 0);
    CU_ASSERT_EQUAL(world.ring.taken_count, 0);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_SENT);
    world_fini(&world);
}

static void what_cannot_be_true_has_no_effect(void)
{
    struct world world;
    struct told told = {0};
    world_init(&world);
    const struct ingress_submit request = submit(&world, &told);
    struct ingress_finished wrong[3];
    for (int i = 0; i < 3; i++)
        wrong[i] = answer_of(&request);
    wrong[0].slot = 1000;
    wrong[1].generation++;
    wrong[2].slot++;
    for (int i = 0; i < 3; i++)
        say(&world, &wrong[i]);
    const struct ingress_order orders[] = {{.kind = 200},
                                           {.kind = INGRESS_WITHDRAW, .model = 77},
                                           {.kind = INGRESS_WITHDRAW, .model = 60000},
                                           {.kind = INGRESS_MODEL, .model = 1}};
    for (int i = 0; i < 4; i++)
        say(&world, &orders[i]);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(world.ring.unsound_count, 7);
    CU_ASSERT_EQUAL(told.count, 0);
    CU_ASSERT_EQUAL(world.ring.taken_count, 1);
    world_fini(&world);
}

static void an_answer_that_cannot_be_is_a_failure(void)
{
    struct world world;
    world_init(&world);
    for (int i = 0; i < 4; i++) {
        struct told told = {0};
        const struct ingress_submit request = submit(&world, &told);
        struct ingress_finished wrong = answer_of(&request);
        if (i == 0)
            wrong.bytes++;
        else if (i == 1)
            wrong.encoding = 1;
        else if (i == 2)
            wrong.offset = SLAB_BYTES - ANSWER_BYTES + 1;
        else
            wrong.answer_slot = 4;
        say(&world, &wrong);
        infer_ring_poll(&world.ring);
        CU_ASSERT_EQUAL(told.count, 1);
        CU_ASSERT_EQUAL(told.finished.reason, INGRESS_FAILED);
        CU_ASSERT_PTR_NULL(told.bytes);
        CU_ASSERT_EQUAL(hear(&world).kind, i < 3 ? INGRESS_SENT : INGRESS_NONE);
        CU_ASSERT_EQUAL(world.ring.taken_count + world.ring.answer_count, 0);
    }
    world_fini(&world);
}

static void a_model_goes_when_nothing_arrives_for_it_and_its_table_when_nothing_is_open(void)
{
    struct world world;
    struct told told = {0};
    uint32_t slot;
    unsigned char *place;
    world_init(&world);
    const struct ingress_submit request = submit(&world, &told);
    CU_ASSERT_EQUAL_FATAL(infer_ring_reserve(&world.ring, MODEL, 12, &slot, &place), 0);
    const struct ingress_order order = {.kind = INGRESS_WITHDRAW, .model = MODEL};
    say(&world, &order);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(infer_models_find(&world.ring.models, "lenet", 0), -1);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_NONE);
    infer_ring_release(&world.ring, slot);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_WITHDRAWN);
    CU_ASSERT_EQUAL(world.ring.models.items[MODEL].table.cut_count, 2);
    const struct ingress_finished answer = answer_of(&request);
    say(&world, &answer);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(world.ring.models.items[MODEL].state, INFER_MODEL_FREE);
    offer_model(&world, "alexnet", 1);
    CU_ASSERT_EQUAL(infer_models_find(&world.ring.models, "alexnet", 1), MODEL);
    CU_ASSERT_EQUAL(infer_models_find(&world.ring.models, "alexnet", 2), -1);
    world_fini(&world);
}

static void it_is_drained_when_the_last_answer_was_sent(void)
{
    struct world world;
    struct told told = {0};
    world_init(&world);
    const struct ingress_submit request = submit(&world, &told);
    const struct ingress_order drain = {.kind = INGRESS_DRAIN};
    say(&world, &drain);
    infer_ring_poll(&world.ring);
    CU_ASSERT_TRUE(world.ring.is_draining);
    const struct ingress_finished answer = answer_of(&request);
    say(&world, &answer);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_NONE);
    infer_ring_sent(&world.ring, 2);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_SENT);
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(hear(&world).kind, INGRESS_DRAINED);
    world_fini(&world);
}

static void whatever_is_said_places_are_not_lost(void)
{
    struct shm_random random = shm_random_start();
    struct world world;
    struct told told = {0};
    world_init(&world);
    for (int i = 0; i < RANDOM_WORDS; i++) {
        union ingress_message message;
        for (uint32_t w = 0; w < 8; w++)
            message.entry.word[w] = shm_random_next(&random);
        message.kind = (uint8_t)(INGRESS_MODEL + 1 + shm_random_below(&random, 2)); /* not DRAIN */
        message.finished.slot %= 9;
        message.finished.generation %= 9;
        if (shm_random_below(&random, 2))
            message.order.model = (uint16_t)(message.order.model % 512 + MODEL + 1);
        if (message.kind == INGRESS_WITHDRAW && message.order.model == MODEL)
            message.order.model = 0;
        say(&world, &message);
        if (world.ring.taken_count < 8)
            (void)submit(&world, &told);
        infer_ring_poll(&world.ring);
        if (told.bytes)
            infer_ring_sent(&world.ring, told.finished.answer_slot);
        told.bytes = NULL;
        while (hear(&world).kind != INGRESS_NONE)
            continue;
    }
    for (uint32_t slot = 0; slot < 8; slot++) {
        const struct ingress_finished end = {.kind = INGRESS_FINISHED,
                                             .reason = INGRESS_FAILED,
                                             .slot = slot,
                                             .generation = world.ring.slots[slot].generation};
        say(&world, &end);
    }
    infer_ring_poll(&world.ring);
    CU_ASSERT_EQUAL(world.ring.taken_count + world.ring.answer_count, 0);
    CU_ASSERT_EQUAL(world.ring.failure, 0);
    world_fini(&world);
}

const struct cunit_test tests[] = {
    {"a request goes and its answer comes", a_request_goes_and_its_answer_comes},
    {"one that is left is cancelled, and its answer given back",
     one_that_is_left_is_cancelled_and_its_answer_given_back},
    {"what cannot be true has no effect", what_cannot_be_true_has_no_effect},
    {"an answer that cannot be is a failure", an_answer_that_cannot_be_is_a_failure},
    {"a model goes when nothing arrives for it, its table when nothing is open",
     a_model_goes_when_nothing_arrives_for_it_and_its_table_when_nothing_is_open},
    {"it is drained when the last answer was sent", it_is_drained_when_the_last_answer_was_sent},
    {"whatever is said, places are not lost", whatever_is_said_places_are_not_lost},
    {NULL, NULL},
};
