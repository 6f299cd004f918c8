/* A stand-in for joint-dataplane or joint-api, which jointd starts in its stead: it says what the
 * file `mode` beside it wants, honest or hostile, and reports on standard error, which jointd's is
 * too.
 *
 *   honest   requests without end of what they cost, each ended once; DRAIN
 *   flood    the same between descriptors that say anything
 *   ring     spoils its index        silent   gives no sign of life
 *   deaf     takes no answers        gone     exits at once, after a moment of work */
#include "shm/api_setup.h"
#include "shm/channel.h"
#include "shm/dataplane_setup.h"
#include "shm/fd_pass.h"
#include "shm/ingress.h"
#include "shm/model_table.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OPEN 32u /* honest requests at once */
#define MODE_BYTES 32
#define PLACE_BYTES (256u << 10)

struct ingress {
    uint64_t part_bytes;
    uint32_t part_slots, response_slots;
    int shown; /* joint-api: the socket where signs of life go; -1 */
    uint64_t beat_count;
    struct channel channel;
    struct region table_region;
    struct model_table table;
    struct shm_random random;
    bool has_model, is_draining, is_deaf;
    uint32_t model;
    bool is_open[OPEN]; /* by slot */
    uint32_t generation[OPEN];
    bool is_asked[OPEN]; /* without a verdict yet */
    bool is_expected[OPEN]; /* not refused; neither submitted nor cancelled */
    struct ingress_submit wanted[OPEN]; /* of these */
    uint64_t asked, submitted, answered, refused, cancelled, faults;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void read_mode(char *mode)
{
    char path[512] = "";
    const char *folder = getenv("JOINT_LIBEXEC");
    snprintf(path, sizeof(path), "%s/mode", folder ? folder : ".");
    FILE *file = fopen(path, "re");
    if (!file || !fgets(mode, MODE_BYTES, file))
        snprintf(mode, MODE_BYTES, "honest");
    mode[strcspn(mode, "\n")] = '\0';
    if (file)
        fclose(file);
}

/* The test has heard that jointd is ready: from then on turns count. */
static bool has_begun(void)
{
    char path[512] = "";
    const char *folder = getenv("JOINT_LIBEXEC");
    snprintf(path, sizeof(path), "%s/begin", folder ? folder : ".");
    return access(path, F_OK) == 0;
}

static bool take_dataplane_setup(struct ingress *ingress, int socket)
{
    static struct dataplane_setup setup;
    if (fd_pass_receive(socket, &setup, sizeof(setup), NULL, 0) != 0)
        return false;
    ingress->part_bytes = setup.part_bytes;
    ingress->part_slots = setup.part_slots;
    ingress->response_slots = setup.response_slots;
    return true;
}

static bool take_api_setup(struct ingress *ingress)
{
    static struct api_setup setup;
    int fd = -1;
    if (fd_pass_receive(ingress->shown, &setup, sizeof(setup), &fd, 1) != 1)
        return false;
    close(fd);
    ingress->part_bytes = setup.infer.slab_bytes;
    ingress->part_slots = setup.infer.slots;
    ingress->response_slots = setup.infer.answer_slots;
    return true;
}

static bool start(struct ingress *ingress, int socket)
{
    const bool is_api = ingress->shown >= 0;
    if (!(is_api ? take_api_setup(ingress) : take_dataplane_setup(ingress, socket)) ||
        channel_accept(&ingress->channel, socket))
        return false;
    const struct ingress_order started = {.kind = INGRESS_STARTED};
    return channel_push(&ingress->channel, &started, 1) == 1;
}

/* Each as its like does; what is told and shown is read, so that it does not pile up. */
static void beat(struct ingress *ingress)
{
    channel_beat(&ingress->channel, now_ns(), 0);
    if (ingress->shown < 0)
        return;
    const struct api_beat beat = {.count = ++ingress->beat_count};
    char told[4096];
    (void)send(ingress->shown, &beat, sizeof(beat), MSG_DONTWAIT | MSG_NOSIGNAL);
    while (recv(ingress->shown, told, sizeof(told), MSG_DONTWAIT) > 0)
        continue;
}

static void say(struct ingress *ingress, const void *message)
{
    while (channel_push(&ingress->channel, message, 1) == 0)
        usleep(100);
}

static void take_model(struct ingress *ingress, int socket)
{
    struct ingress_model card;
    int fd = -1;
    const struct region_expect expect = {.kind = REGION_MODEL, .is_content_sealed = true};
    if (fd_pass_receive(socket, &card, sizeof(card), &fd, 1) != 1 ||
        region_attach(&ingress->table_region, fd, &expect) ||
        model_table_attach(&ingress->table, &ingress->table_region)) {
        ingress->faults++;
        return;
    }
    ingress->model = card.model;
    ingress->has_model = true;
}

static void take_finished(struct ingress *ingress, const struct ingress_finished *finished)
{
    if (finished->slot >= OPEN || !ingress->is_open[finished->slot] ||
        ingress->generation[finished->slot] != finished->generation) {
        fprintf(stderr, "stand-in: FINISHED twice, or of nothing: slot %u\n", finished->slot);
        ingress->faults++;
        return;
    }
    ingress->is_open[finished->slot] = false;
    ingress->answered += finished->reason == INGRESS_ANSWERED;
    ingress->cancelled += finished->reason == INGRESS_CANCELLED;
    ingress->refused +=
        finished->reason != INGRESS_ANSWERED && finished->reason != INGRESS_CANCELLED;
    if (finished->reason != INGRESS_ANSWERED)
        return;
    const struct ingress_order sent = {.kind = INGRESS_SENT,
                                       .slot = finished->answer_slot,
                                       .generation = finished->answer_generation};
    say(ingress, &sent);
}

static void take_verdict(struct ingress *ingress, const struct ingress_finished *verdict)
{
    const uint32_t slot = verdict->slot;
    if (slot >= OPEN || !ingress->is_asked[slot] ||
        ingress->generation[slot] != verdict->generation) {
        fprintf(stderr, "stand-in: VERDICT twice, or on nothing: slot %u\n", slot);
        ingress->faults++;
        return;
    }
    ingress->is_asked[slot] = false;
    if (verdict->reason != INGRESS_ANSWERED)
        ingress->is_expected[slot] = false;
}

static bool hear(struct ingress *ingress, int socket)
{
    union ingress_message message;
    if (ingress->is_deaf || channel_pop(&ingress->channel, &message, 1) != 1)
        return false;
    if (message.kind == INGRESS_MODEL)
        take_model(ingress, socket);
    else if (message.kind == INGRESS_FINISHED)
        take_finished(ingress, &message.finished);
    else if (message.kind == INGRESS_VERDICT)
        take_verdict(ingress, &message.finished);
    else if (message.kind == INGRESS_DRAIN)
        ingress->is_draining = true;
    else
        ingress->faults++;
    return true;
}

static uint32_t below(struct ingress *ingress, uint32_t count)
{
    return shm_random_below(&ingress->random, count);
}

/* All that is said is right: so each gets one end. */
static struct ingress_submit honest(struct ingress *ingress, uint32_t slot)
{
    const uint32_t from = below(ingress, ingress->table.cut_count - 1);
    const uint16_t rows = (uint16_t)(1 + below(ingress, 6));
    const uint8_t encoding = (uint8_t)below(ingress, 3);
    return (struct ingress_submit){
        .kind = INGRESS_SUBMIT,
        .encoding = encoding,
        .answer_encoding = (uint8_t)below(ingress, 3),
        .class_index = (uint8_t)below(ingress, 256),
        .model = (uint16_t)ingress->model,
        .from = (uint16_t)from,
        .to = (uint16_t)(from + 1 + below(ingress, ingress->table.cut_count - 1 - from)),
        .rows = rows,
        .bytes = (uint32_t)model_table_message_bytes(&ingress->table, from, rows, encoding),
        .slot = slot,
        .generation = ++ingress->generation[slot],
        .offset = slot * (uint64_t)PLACE_BYTES,
        .deadline_ns = below(ingress, 4) ? UINT64_MAX : now_ns() + below(ingress, 20000000)};
}

static void submit(struct ingress *ingress, const struct ingress_submit *request)
{
    ingress->is_open[request->slot] = true;
    ingress->submitted++;
    say(ingress, request);
}

static void cancel(struct ingress *ingress, uint32_t slot)
{
    const struct ingress_order order = {
        .kind = INGRESS_CANCEL, .slot = slot, .generation = ingress->generation[slot]};
    say(ingress, &order);
}

/* One field of an honest one says anything. It is answered all the same, in whatever way. */
static struct ingress_submit nonsense(struct ingress *ingress, struct ingress_submit request)
{
    const uint64_t noise = shm_random_next(&ingress->random);
    switch (below(ingress, 9)) {
    case 0:
        request.model = (uint16_t)noise;
        break;
    case 1:
        request.from = (uint16_t)noise;
        break;
    case 2:
        request.to = (uint16_t)noise;
        break;
    case 3:
        request.rows = (uint16_t)(noise & 1 ? noise >> 8 : 0);
        break;
    case 4:
        request.bytes = (uint32_t)noise;
        break;
    case 5:
        request.offset = noise & 1 ? noise : noise % (2 * ingress->part_bytes);
        break;
    case 6:
        request.encoding = (uint8_t)noise;
        break;
    case 7:
        request.answer_encoding = (uint8_t)noise;
        break;
    default:
        request.deadline_ns = noise;
    }
    return request;
}

static void ask(struct ingress *ingress, struct ingress_submit request)
{
    const uint64_t ways_ns[] = {0, now_ns() + below(ingress, 50000000), UINT64_MAX,
                                shm_random_next(&ingress->random)};
    ingress->wanted[request.slot] = request;
    ingress->is_asked[request.slot] = ingress->is_expected[request.slot] = true;
    ingress->asked++;
    request.kind = INGRESS_ASK;
    request.whole_ns = ways_ns[below(ingress, 4)];
    say(ingress, &request);
}

/* It comes, as it was said or not, or does not; jointd may have judged it or not. */
static void go_on(struct ingress *ingress, uint32_t slot, bool is_hostile)
{
    ingress->is_expected[slot] = false;
    if (below(ingress, 3) == 0) {
        cancel(ingress, slot);
        return;
    }
    struct ingress_submit request = ingress->wanted[slot];
    if (is_hostile && below(ingress, 3) == 0)
        request = nonsense(ingress, request);
    submit(ingress, &request);
}

/* Descriptors that nobody answers. */
static void say_nonsense(struct ingress *ingress)
{
    union ingress_message message;
    for (uint32_t i = 0; i < 8; i++)
        message.entry.word[i] = shm_random_next(&ingress->random);
    switch (below(ingress, 5)) {
    case 0: /* a kind of no meaning */
        message.kind = (uint8_t)(64 + below(ingress, 192));
        break;
    case 1: /* places that it does not have */
        message.kind = INGRESS_SENT;
        message.order.slot %= 2 * ingress->response_slots;
        break;
    case 2:
        message.kind = INGRESS_CANCEL;
        message.order.slot %= 2 * OPEN;
        break;
    case 3: /* no name for an answer to go to */
        message.kind = below(ingress, 2) ? INGRESS_SUBMIT : INGRESS_ASK;
        message.submit.slot = ingress->part_slots + message.submit.slot % 1000;
        break;
    default:
        message.kind = below(ingress, 2) ? INGRESS_WITHDRAWN : INGRESS_DRAINED;
        message.order.model = (uint16_t)(message.order.model % 512);
    }
    say(ingress, &message);
}

/* One thing to say. */
static void speak(struct ingress *ingress, bool is_hostile)
{
    const uint32_t slot = below(ingress, OPEN);
    if (ingress->is_open[slot]) {
        if (below(ingress, 8) == 0)
            cancel(ingress, slot);
    } else if (ingress->is_expected[slot]) {
        if (below(ingress, 2) == 0)
            go_on(ingress, slot, is_hostile);
    } else if (!ingress->is_asked[slot]) {
        struct ingress_submit request = honest(ingress, slot);
        if (is_hostile && below(ingress, 2))
            request = nonsense(ingress, request);
        if (below(ingress, 2))
            ask(ingress, request);
        else
            submit(ingress, &request);
    }
    if (is_hostile && below(ingress, 2))
        say_nonsense(ingress);
}

static bool is_anything_open(const struct ingress *ingress)
{
    for (uint32_t slot = 0; slot < OPEN; slot++)
        if (ingress->is_open[slot] || ingress->is_asked[slot])
            return true;
    return false;
}

static void misbehave(struct ingress *ingress, const char *mode)
{
    if (strcmp(mode, "ring") == 0)
        atomic_store(&ingress->channel.out.shared->producer, ingress->channel.out.produced + 99999);
    if (strcmp(mode, "ring") == 0 || strcmp(mode, "silent") == 0)
        sleep(100);
    if (strcmp(mode, "gone") == 0)
        exit(0);
    ingress->is_deaf = strcmp(mode, "deaf") == 0;
}

static void report(const struct ingress *ingress, const char *mode)
{
    fprintf(stderr,
            "stand-in: %s: %llu asked, %llu submitted, %llu answered, %llu refused, %llu "
            "cancelled, %llu "
            "faults\n",
            mode, (unsigned long long)ingress->asked, (unsigned long long)ingress->submitted,
            (unsigned long long)ingress->answered, (unsigned long long)ingress->refused,
            (unsigned long long)ingress->cancelled, (unsigned long long)ingress->faults);
}

/* What a deaf one submits is finished, and never heard: until the ring is full. */
static void forget_all(struct ingress *ingress)
{
    for (uint32_t slot = 0; slot < OPEN; slot++)
        if (ingress->is_expected[slot])
            cancel(ingress, slot);
    for (uint32_t slot = 0; slot < OPEN; slot++)
        ingress->is_open[slot] = ingress->is_asked[slot] = ingress->is_expected[slot] = false;
    usleep(1000);
}

static void serve(struct ingress *ingress, int socket, const char *mode)
{
    const bool is_hostile = strcmp(mode, "flood") == 0;
    uint64_t turns = 0;
    bool is_begun = false;
    while (!ingress->is_draining) {
        beat(ingress);
        while (hear(ingress, socket))
            continue;
        if (getppid() == 1)
            exit(1);
        if (!ingress->has_model)
            continue;
        for (uint32_t i = below(ingress, 8); i > 0; i--)
            speak(ingress, is_hostile);
        is_begun = is_begun || has_begun();
        turns += is_begun;
        if (turns == 2000)
            report(ingress, mode);
        if (turns == 2000)
            misbehave(ingress, mode);
        if (ingress->is_deaf)
            forget_all(ingress);
        usleep(100);
    }
    for (uint32_t slot = 0; slot < OPEN; slot++)
        if (ingress->is_expected[slot])
            cancel(ingress, slot);
    while (is_anything_open(ingress))
        if (!hear(ingress, socket))
            usleep(100);
    const struct ingress_order drained = {.kind = INGRESS_DRAINED};
    say(ingress, &drained);
    report(ingress, "drained");
}

int main(int argc, char **argv)
{
    static struct ingress ingress;
    char mode[MODE_BYTES];
    char *end = NULL;
    int socket = argc == 3 ? (int)strtol(argv[2], &end, 10) : -1;
    ingress.shown = -1;
    if (strstr(argv[0], "joint-api") && end && *end == ',') {
        ingress.shown = socket;
        socket = (int)strtol(end + 1, NULL, 10);
    }
    read_mode(mode);
    ingress.random = (struct shm_random){(uint64_t)getpid()};
    if (!start(&ingress, socket))
        return 1;
    serve(&ingress, socket, mode);
    while (getppid() != 1 && usleep(1000) == 0)
        beat(&ingress);
    return 0;
}
