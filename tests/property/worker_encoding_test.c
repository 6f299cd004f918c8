/* Requests of several rows, in every pair of encodings, their rows in one dispatch or several, in
 * any order: each answer message is, to the bit, what the engine gives in this process for the
 * numbers that the request's message says. */
#include "compute/tensor/encoding.h"
#include "tests/property/worker_dispatch.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BATCH 4u
#define MAX_ROWS 6u
#define SLAB_BYTES (UINT64_C(16) << 20)
#define FILLER 0xee

/* One request: its message, and what is known of it. All tensors are of f32. */
struct request {
    uint32_t from, to, rows;
    uint32_t in_encoding, out_encoding;
    unsigned char *message; /* as in the slab */
    unsigned char *in[MAX_ROWS]; /* its numbers by row, packed */
    unsigned char *out[MAX_ROWS]; /* as the engine here computes them */
};

static uint64_t message_bytes(const struct engine_cut *cut, uint32_t rows, uint32_t encoding)
{
    uint64_t bytes = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const uint64_t elements = cut->tensors[t].bytes / 4;
        bytes += encoding == 0   ? rows * elements * 4
                 : encoding == 1 ? rows * elements * 2
                                 : rows * (elements + 8);
    }
    return bytes;
}

/* Walks over the message in PROTOCOL.md's order: writes elements anew, notes the numbers. */
static void make_message(const struct engine_cut *cut, struct shm_random *random,
                         struct request *request)
{
    unsigned char *scale_at = request->message;
    unsigned char *at = request->message;
    for (uint32_t t = 0; request->in_encoding == 2 && t < cut->tensor_count; t++)
        at += 8 * (size_t)request->rows;
    size_t before = 0; /* of the packed row */
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const size_t count = cut->tensors[t].bytes / 4;
        for (uint32_t r = 0; r < request->rows; r++) {
            float *numbers = (float *)(request->in[r] + before);
            const struct encoding_scale scale = {
                .scale = (float)(1 + shm_random_below(random, 9)) / 512,
                .zero = (int32_t)shm_random_below(random, 300) - 20};
            for (size_t i = 0; i < count; i++) {
                const float number = (float)shm_random_below(random, 2001) / 1000 - 1;
                uint16_t half;
                const unsigned char element = (unsigned char)shm_random_next(random);
                switch (request->in_encoding) {
                case 0:
                    memcpy(at, &number, 4);
                    numbers[i] = number;
                    at += 4;
                    break;
                case 1:
                    encoding_f16_from_f32(&half, &number, 1);
                    memcpy(at, &half, 2);
                    encoding_f32_from_f16(&numbers[i], &half, 1);
                    at += 2;
                    break;
                default:
                    *at++ = element;
                    numbers[i] = scale.scale * (float)(element - scale.zero);
                }
            }
            if (request->in_encoding == 2) {
                memcpy(scale_at, &scale, 8);
                scale_at += 8;
            }
        }
        before += 4 * count;
    }
}

/* The same walk over the answer, comparing. */
static void check_answer(const struct engine_cut *cut, const struct request *request,
                         const unsigned char *answer)
{
    const unsigned char *scale_at = answer;
    const unsigned char *at = answer;
    for (uint32_t t = 0; request->out_encoding == 2 && t < cut->tensor_count; t++)
        at += 8 * (size_t)request->rows;
    size_t before = 0;
    for (uint32_t t = 0; t < cut->tensor_count; t++) {
        const size_t count = cut->tensors[t].bytes / 4;
        for (uint32_t r = 0; r < request->rows; r++) {
            const float *numbers = (const float *)(request->out[r] + before);
            if (request->out_encoding == 0) {
                CU_ASSERT_EQUAL(memcmp(at, numbers, 4 * count), 0);
                at += 4 * count;
            } else if (request->out_encoding == 1) {
                uint16_t *halves = malloc(2 * count);
                encoding_f16_from_f32_plain(halves, numbers, count);
                CU_ASSERT_EQUAL(memcmp(at, halves, 2 * count), 0);
                at += 2 * count;
                free(halves);
            } else {
                struct encoding_scale scale;
                memcpy(&scale, scale_at, 8);
                scale_at += 8;
                for (size_t i = 0; i < count; i++) {
                    const double value = (double)scale.scale * (at[i] - (double)scale.zero);
                    if (!(value - (double)numbers[i] <= 0.501 * (double)scale.scale &&
                          (double)numbers[i] - value <= 0.501 * (double)scale.scale))
                        CU_FAIL_FATAL("a number is more than half a scale away");
                }
                at += count;
            }
        }
        before += 4 * count;
    }
    CU_ASSERT_EQUAL(answer[message_bytes(cut, request->rows, request->out_encoding)], FILLER);
}

static struct message_row row_of(const struct worker_host *host, const struct request *request,
                                 uint32_t dispatch, uint32_t row)
{
    const struct engine_cut *cut_in = engine_model_cut(host->model, request->from);
    const struct engine_cut *cut_out = engine_model_cut(host->model, request->to);
    return (struct message_row){
        .kind = MESSAGE_ROW,
        .out_region = 1,
        .dispatch = dispatch,
        .slot = 5,
        .generation = 6,
        .model = HOST_MODEL,
        .from = (uint16_t)request->from,
        .to = (uint16_t)request->to,
        .row = (uint16_t)row,
        .rows = (uint16_t)request->rows,
        .in_encoding = (uint8_t)request->in_encoding,
        .out_encoding = (uint8_t)request->out_encoding,
        .in_bytes = (uint32_t)message_bytes(cut_in, request->rows, request->in_encoding),
        .out_bytes = (uint32_t)message_bytes(cut_out, request->rows, request->out_encoding)};
}

/* Rows [first, first + count) of an order, as one dispatch, with or without stops. */
static void run_rows(struct worker_host *host, struct worker_peer *peer, struct shm_random *random,
                     const struct request *request, uint32_t dispatch, const uint32_t *order,
                     uint32_t count)
{
    const unsigned char *in[MAX_BATCH];
    unsigned char *out[MAX_BATCH];
    struct message_run run = {.kind = MESSAGE_RUN,
                              .dispatch = dispatch,
                              .model = HOST_MODEL,
                              .from = (uint16_t)request->from,
                              .to = (uint16_t)request->to,
                              .row_count = (uint16_t)count};
    for (uint32_t k = 0; k < host->cut_count && dispatch % 2; k++)
        if (shm_random_below(random, 3) == 0)
            message_set_stop(&run, k);
    worker_peer_say(peer, &(union message){.run = run});
    for (uint32_t i = 0; i < count; i++) {
        const struct message_row row = row_of(host, request, dispatch, order[i]);
        worker_peer_say(peer, &(union message){.row = row});
        in[i] = request->in[order[i]];
        out[i] = request->out[order[i]];
    }
    worker_host_run(host, request->from, request->to, count, in, out);
    uint32_t done_rows = 0; /* bits */
    for (;;) {
        const union message message = worker_peer_hear(peer);
        if (message.kind == MESSAGE_RUN_DONE)
            break;
        if (message.kind != MESSAGE_ROW_DONE)
            continue;
        CU_ASSERT_EQUAL_FATAL(message.row_done.status, MESSAGE_OK);
        CU_ASSERT_TRUE_FATAL(message.row_done.slot == 5 && message.row_done.row < request->rows);
        done_rows |= 1u << message.row_done.row;
    }
    for (uint32_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(done_rows >> order[i] & 1);
}

static void shuffle(struct shm_random *random, uint32_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    for (uint32_t i = count; i-- > 1;) {
        const uint32_t j = shm_random_below(random, i + 1);
        const uint32_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

static void run_request(struct worker_host *host, struct worker_peer *peer,
                        struct shm_random *random, struct request *request, uint32_t number)
{
    const uint64_t place_bytes = MAX_ROWS * host->place_bytes;
    request->from = shm_random_below(random, host->cut_count - 1);
    request->to = request->from + 1 + shm_random_below(random, host->cut_count - 1 - request->from);
    request->rows = 1 + shm_random_below(random, MAX_ROWS);
    request->in_encoding = number % 3;
    request->out_encoding = number / 3 % 3;
    request->message = region_at(&host->request, 0, place_bytes);
    unsigned char *answer = region_at(&host->response, 0, place_bytes + 64);
    memset(answer, FILLER, place_bytes + 64);
    make_message(engine_model_cut(host->model, request->from), random, request);
    uint32_t order[MAX_ROWS];
    shuffle(random, order, request->rows);
    for (uint32_t done = 0; done < request->rows;) {
        const uint32_t left = request->rows - done;
        const uint32_t most = left < MAX_BATCH ? left : MAX_BATCH;
        const uint32_t count = 1 + shm_random_below(random, most);
        run_rows(host, peer, random, request, number * MAX_ROWS + done, order + done, count);
        done += count;
    }
    check_answer(engine_model_cut(host->model, request->to), request, answer);
}

static void encoded_requests_agree(void)
{
    static const struct {
        const char *name;
        uint32_t width_divisor, input_size;
    } networks[] = {{"lenet", 1, 0}, {"resnet50", 8, 33}, {"googlenet", 8, 64}};
    struct shm_random random = shm_random_start();
    for (size_t n = 0; n < sizeof(networks) / sizeof(networks[0]); n++) {
        struct worker_host host;
        struct worker_peer peer;
        struct request request = {0};
        worker_host_init(&host, networks[n].name, networks[n].width_divisor, networks[n].input_size,
                         MAX_BATCH, 1, SLAB_BYTES);
        CU_ASSERT_TRUE_FATAL(MAX_ROWS * (host.place_bytes + 64) <= SLAB_BYTES);
        for (uint32_t r = 0; r < MAX_ROWS; r++) {
            request.in[r] = malloc(host.place_bytes);
            request.out[r] = malloc(host.place_bytes);
        }
        worker_peer_init(&peer);
        worker_peer_start(&peer, &host);
        for (uint32_t number = 0; number < 90; number++)
            run_request(&host, &peer, &random, &request, number);
        worker_peer_stop(&peer);
        worker_host_fini(&host);
        for (uint32_t r = 0; r < MAX_ROWS; r++) {
            free(request.in[r]);
            free(request.out[r]);
        }
    }
}

const struct cunit_test tests[] = {
    {"270 requests of 1 to 6 rows, f32, f16 and u8 both ways: answers are the engine's",
     encoded_requests_agree},
    {NULL, NULL},
};
