/* Tests of what becomes of sends when the kernel has no room, refuses to cut or to refer, keeps
 * messages for later: by a kernel that is made up. */
#include "dataplane/port/uring/udp_queue.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/port_case.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16, MEMORY_BYTES = 1 << 20, TOKENS = 60000 };

/* What the kernel answers, and what it has kept. */
struct kernel {
    struct udp_queue *queue;
    struct shm_random random;
    int (*answer)(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent);
    uint16_t lent[SLOTS];
    uint32_t lent_count;
    bool does_copy;
    uint32_t calls;
    uint64_t taken; /* datagrams that it answered well */
};

static void made_up_push(struct udp_queue *queue, const uint16_t *slots, uint32_t count)
{
    struct kernel *kernel = queue->engine_state;
    for (uint32_t i = 0; i < count; i++) {
        const struct udp_slot *slot = &queue->transmitter.slots[slots[i]];
        bool is_lent = false;
        kernel->calls++;
        const int result = kernel->answer(kernel, slot, &is_lent);
        if (result >= 0)
            kernel->taken += slot->datagram_count;
        if (is_lent)
            kernel->lent[kernel->lent_count++] = slots[i];
        udp_transmitter_result(queue, slots[i], result, is_lent);
    }
}

/* Some of what it kept comes back, in any order. */
static void made_up_collect(struct udp_queue *queue)
{
    struct kernel *kernel = queue->engine_state;
    const uint32_t count = shm_random_below(&kernel->random, kernel->lent_count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = shm_random_below(&kernel->random, kernel->lent_count);
        const uint16_t slot = kernel->lent[at];
        kernel->lent[at] = kernel->lent[--kernel->lent_count];
        udp_transmitter_returned(queue, slot, kernel->does_copy);
    }
}

static const struct udp_engine made_up = {.push = made_up_push, .collect = made_up_collect};

struct bench {
    struct udp_queue *queue;
    struct kernel kernel;
    struct udp_routes routes;
    struct udp_memories memories;
    uint8_t *buffers;
    uint8_t *added; /* MEMORY_BYTES that payloads are sent from */
    uint8_t *foreign;
};

static struct bench *make_bench(int (*answer)(struct kernel *, const struct udp_slot *, bool *))
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct uring_port_config config = uring_port_config_default();
    config.send_count = SLOTS;
    bench->queue = aligned_alloc(UDP_APART_BYTES, sizeof(*bench->queue));
    memset(bench->queue, 0, sizeof(*bench->queue));
    bench->kernel =
        (struct kernel){.queue = bench->queue, .random = shm_random_start(), .answer = answer};
    bench->buffers = malloc((size_t)SLOTS * UDP_SLOT_BUFFER_BYTES);
    bench->added = malloc(MEMORY_BYTES);
    bench->foreign = malloc(MEMORY_BYTES);
    bench->memories.count = 1;
    bench->memories.memory[0].first = bench->added;
    bench->memories.memory[0].bytes = MEMORY_BYTES;
    udp_routes_init(&bench->routes);
    bench->queue->routes = &bench->routes;
    bench->queue->memories = &bench->memories;
    bench->queue->engine = &made_up;
    bench->queue->engine_state = &bench->kernel;
    const struct udp_socket_config local = {.local = port_case_v4};
    CU_ASSERT_EQUAL_FATAL(udp_socket_open(&bench->queue->sockets[0], &local), 0);
    bench->queue->socket_count = 1;
    CU_ASSERT_EQUAL_FATAL(udp_transmitter_init(&bench->queue->transmitter, &config, bench->buffers),
                          0);
    atomic_store(&bench->queue->transmitter.has_gso, true);
    atomic_store(&bench->queue->transmitter.has_zero_copy, true);
    return bench;
}

static void free_bench(struct bench *bench)
{
    udp_transmitter_fini(&bench->queue->transmitter);
    udp_socket_close(&bench->queue->sockets[0]);
    free(bench->buffers);
    free(bench->added);
    free(bench->foreign);
    free(bench->queue);
    free(bench);
}

/* A run of equal datagrams with payloads from there; tokens from first_token on. */
static void send_run(struct bench *bench, const struct jtp_address *to, const uint8_t *payload,
                     uint32_t bytes, uint32_t count, uint64_t first_token)
{
    struct port_outgoing burst[PORT_MAX_BURST];
    for (uint32_t i = 0; i < count; i++)
        burst[i] = (struct port_outgoing){.to = *to,
                                          .head = payload,
                                          .head_bytes = 8,
                                          .payload = payload + (size_t)i * bytes,
                                          .payload_bytes = bytes,
                                          .token = first_token + i};
    udp_transmitter_send(bench->queue, burst, count);
}

static int any_answer(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    static const int errors[] = {-EAGAIN,       -EAGAIN,     -EAGAIN, -EPERM,
                                 -ECONNREFUSED, -EOPNOTSUPP, -ENOBUFS};
    *is_lent = slot->wants_zero_copy && shm_random_below(&kernel->random, 2);
    if (shm_random_below(&kernel->random, 2) || slot->datagram_count > 1)
        return (int)slot->bytes;
    return errors[shm_random_below(&kernel->random, sizeof(errors) / sizeof(errors[0]))];
}

/* Fetches tokens into seen; false if one came twice. */
static bool fetch(struct bench *bench, uint8_t *seen, uint32_t *fetched)
{
    uint64_t tokens[100];
    const uint32_t count = udp_transmitter_sent(bench->queue, tokens, 100);
    for (uint32_t i = 0; i < count; i++)
        if (tokens[i] == 0 || tokens[i] > TOKENS || seen[tokens[i]]++)
            return false;
    *fetched += count;
    return true;
}

static void tokens_come_back_once(void)
{
    struct bench *bench = make_bench(any_answer);
    struct udp_transmitter *transmitter = &bench->queue->transmitter;
    transmitter->zero_copy_min_bytes = 1000;
    uint8_t *seen = calloc(TOKENS + 1, 1);
    struct jtp_address to = port_case_v4;
    uint64_t next = 1;
    uint32_t fetched = 0;
    bool is_right = true;
    while (next + PORT_MAX_BURST <= TOKENS && is_right) {
        const uint32_t count = 1 + shm_random_below(&bench->kernel.random, PORT_MAX_BURST);
        const uint32_t bytes = 1 + shm_random_below(&bench->kernel.random, 1400);
        to.port = (uint16_t)(9000 + shm_random_below(&bench->kernel.random, 3));
        send_run(bench, &to,
                 shm_random_below(&bench->kernel.random, 2) ? bench->added : bench->foreign, bytes,
                 count, next);
        next += count;
        is_right = fetch(bench, seen, &fetched);
    }
    for (uint32_t i = 0; i < 10000 && is_right && fetched < next - 1; i++)
        is_right = fetch(bench, seen, &fetched);
    CU_ASSERT_TRUE(is_right);
    CU_ASSERT_EQUAL(fetched, next - 1);
    CU_ASSERT_EQUAL(transmitter->free_count, SLOTS);
    CU_ASSERT_EQUAL(transmitter->pending_count + transmitter->lent_count, 0);
    const struct udp_counters *counters = &bench->queue->counters;
    CU_ASSERT_EQUAL(counters->sent + counters->unsent, next - 1);
    CU_ASSERT_EQUAL(counters->sent, bench->kernel.taken);
    CU_ASSERT_TRUE(counters->unsent > 0 && counters->errors > 0);
    free(seen);
    free_bench(bench);
}

static int no_room(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    return -EAGAIN;
}

/* Whether the message has the bytes that send_run() gave it. */
static int is_what_was_sent(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    for (size_t i = 0; i < slot->message.msg_iovlen; i++)
        for (size_t b = 0; b < slot->parts[i].iov_len; b++)
            if (((const uint8_t *)slot->parts[i].iov_base)[b] != 0x5a)
                return -EPERM;
    return (int)slot->bytes;
}

static void no_room_is_waited_for(void)
{
    struct bench *bench = make_bench(no_room);
    memset(bench->foreign, 0x5a, MEMORY_BYTES);
    const struct jtp_address to = port_case_v4;
    for (uint32_t i = 0; i < SLOTS; i++)
        send_run(bench, &to, bench->foreign, 1000, 10, 1 + i * 10);
    uint64_t tokens[SLOTS * 10 + 10];
    CU_ASSERT_EQUAL(udp_transmitter_sent(bench->queue, tokens, 10), 0);
    CU_ASSERT_EQUAL(bench->queue->transmitter.pending_count, SLOTS);
    send_run(bench, &to, bench->foreign, 1000, 10, 1000); /* one too many: lost */
    CU_ASSERT_EQUAL(udp_transmitter_sent(bench->queue, tokens, 10), 10);
    CU_ASSERT_EQUAL(tokens[0], 1000);
    CU_ASSERT_EQUAL(bench->queue->counters.unsent, 10);
    memset(bench->foreign, 0xee, MEMORY_BYTES); /* it was only lent for the call */
    bench->kernel.answer = is_what_was_sent;
    CU_ASSERT_EQUAL(udp_transmitter_sent(bench->queue, tokens, SLOTS * 10), SLOTS * 10);
    for (uint32_t i = 0; i < SLOTS * 10; i++)
        CU_ASSERT_EQUAL(tokens[i], 1 + i);
    CU_ASSERT_EQUAL(bench->queue->counters.sent, SLOTS * 10);
    free_bench(bench);
}

static int cannot_cut(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    return slot->datagram_count > 1 ? -EIO : (int)slot->bytes;
}

static int too_long_for_the_link(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    return slot->datagram_count > 1 ? -EINVAL : (int)slot->bytes;
}

static void cut_by_hand(int (*answer)(struct kernel *, const struct udp_slot *, bool *),
                        bool has_gso_then)
{
    struct port *to = port_case_open_at(&port_case_v4, URING_PORT_PLAIN);
    const struct jtp_address target = port_case_target(to, &port_case_v4);
    struct bench *bench = make_bench(answer);
    uint8_t bytes[8 + 20 * 500];
    port_case_write(bytes, sizeof(bytes), 3);
    memcpy(bench->foreign, bytes, sizeof(bytes));
    send_run(bench, &target, bench->foreign, 500, 20, 1);
    for (uint32_t i = 0; i < 20; i++) {
        struct port_received received = {0};
        CU_ASSERT_EQUAL(port_case_receive(to, 0, &received, 1), 1);
        CU_ASSERT_EQUAL_FATAL(received.count, 508);
        CU_ASSERT_EQUAL(memcmp(received.bytes, bytes, 8), 0);
        CU_ASSERT_EQUAL(memcmp(received.bytes + 8, bytes + (size_t)i * 500, 500), 0);
        port_release(to, 0);
    }
    uint64_t tokens[30];
    CU_ASSERT_EQUAL(udp_transmitter_sent(bench->queue, tokens, 30), 20);
    CU_ASSERT_EQUAL(bench->queue->counters.sent, 20);
    CU_ASSERT_EQUAL(bench->queue->transmitter.has_gso, has_gso_then);
    port_close(to);
    free_bench(bench);
}

static void a_run_that_the_kernel_cannot_cut_goes_singly(void)
{
    cut_by_hand(cannot_cut, false); /* the device: for good */
    cut_by_hand(too_long_for_the_link, true); /* this path only */
}

static int counts_zero_copy(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    *is_lent = slot->wants_zero_copy;
    return (int)slot->bytes;
}

/* Messages of 40,000 bytes; how many were tried without a copy. */
static uint32_t count_tries(bool does_copy, uint32_t messages)
{
    struct bench *bench = make_bench(counts_zero_copy);
    bench->kernel.does_copy = does_copy;
    const struct jtp_address to = port_case_v4;
    uint32_t tries = 0;
    for (uint32_t i = 0; i < messages; i++) {
        send_run(bench, &to, bench->added, 40000, 1, 1);
        tries += bench->kernel.lent_count;
        uint64_t token;
        while (udp_transmitter_sent(bench->queue, &token, 1) == 0)
            continue;
    }
    free_bench(bench);
    return tries;
}

static void zero_copy_is_given_up_where_it_copies(void)
{
    CU_ASSERT_EQUAL(count_tries(false, 5000), 5000);
    CU_ASSERT_EQUAL(count_tries(true, 256), 1);
    CU_ASSERT_EQUAL(count_tries(true, 5000), 5); /* after 256, 512, 1,024, 2,048 more */
}

static int no_zero_copy(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    *is_lent = slot->wants_zero_copy; /* as Linux does: an error, and an end */
    return slot->wants_zero_copy ? -EOPNOTSUPP : (int)slot->bytes;
}

static void refused_zero_copy_is_sent_by_copy(void)
{
    struct bench *bench = make_bench(no_zero_copy);
    const struct jtp_address to = port_case_v4;
    send_run(bench, &to, bench->added, 40000, 1, 7);
    uint64_t token = 0;
    while (udp_transmitter_sent(bench->queue, &token, 1) == 0)
        continue;
    CU_ASSERT_EQUAL(token, 7);
    CU_ASSERT_EQUAL(bench->queue->counters.sent, 1);
    CU_ASSERT_FALSE(bench->queue->transmitter.has_zero_copy);
    free_bench(bench);
}

static int runs[100];
static int run_count;

static int notes_runs(struct kernel *kernel, const struct udp_slot *slot, bool *is_lent)
{
    runs[run_count++] = (int)slot->datagram_count;
    return (int)slot->bytes;
}

/* Sizes in, runs out: one length but for a shorter last, one address, what a packet holds. */
static void expect_runs(const uint32_t *sizes, uint32_t count, const int *expected, int runs_count)
{
    struct bench *bench = make_bench(notes_runs);
    struct port_outgoing burst[PORT_MAX_BURST];
    for (uint32_t i = 0; i < count; i++)
        burst[i] = (struct port_outgoing){
            .to = port_case_v4, .payload = bench->foreign, .payload_bytes = sizes[i]};
    run_count = 0;
    udp_transmitter_send(bench->queue, burst, count);
    CU_ASSERT_EQUAL(run_count, runs_count);
    CU_ASSERT_EQUAL(memcmp(runs, expected, (size_t)runs_count * sizeof(int)), 0);
    free_bench(bench);
}

static void runs_are_of_one_length(void)
{
    expect_runs((const uint32_t[]){5, 5, 5, 4, 4, 6, 6}, 7, (const int[]){4, 1, 2}, 3);
    expect_runs((const uint32_t[]){0, 0, 5, 0}, 4, (const int[]){1, 1, 1, 1}, 4);
    expect_runs((const uint32_t[]){30000, 30000, 30000, 5507}, 4, (const int[]){2, 2}, 2);
    expect_runs((const uint32_t[]){30000, 30000, 5507, 5507}, 4, (const int[]){3, 1}, 2);
    expect_runs((const uint32_t[]){65508, 65507, 1}, 3, (const int[]){1, 1}, 2); /* first lost */
}

const struct cunit_test tests[] = {
    {"whatever the kernel answers, each token comes back once", tokens_come_back_once},
    {"what finds no room waits for it, up to the slots there are", no_room_is_waited_for},
    {"a run that the kernel cannot cut goes singly", a_run_that_the_kernel_cannot_cut_goes_singly},
    {"zero copy is given up where the kernel copies", zero_copy_is_given_up_where_it_copies},
    {"refused zero copy is sent by copy", refused_zero_copy_is_sent_by_copy},
    {"a run has one length but for a shorter end", runs_are_of_one_length},
    {NULL, NULL},
};
