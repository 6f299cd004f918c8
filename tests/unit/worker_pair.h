/* A worker's role and its jointd, both in this process and polled by hand. For one test program. */
#ifndef TESTS_UNIT_WORKER_PAIR_H
#define TESTS_UNIT_WORKER_PAIR_H

#include "compute/worker/worker.h"
#include "shm/fd_pass.h"
#include "tests/property/worker_host.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <unistd.h>

#define PAYLOAD (UINT64_C(1) << 20)
#define MAX_BATCH 4u

struct pair {
    struct worker_host host;
    struct channel owner;
    int sockets[2];
    struct worker worker;
};

static inline struct pair *pair_init(void)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    worker_host_init(&pair->host, "lenet", 2, 0, MAX_BATCH, 1, PAYLOAD);
    const struct channel_config config = channel_config_default();
    CU_ASSERT_EQUAL_FATAL(channel_init(&pair->owner, &config), 0);
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(pair->sockets), 0);
    worker_host_offer(&pair->host, &pair->owner, pair->sockets[0]);
    const struct worker_config worker = {.socket = pair->sockets[1]};
    CU_ASSERT_EQUAL_FATAL(worker_init(&pair->worker, &worker), 0);
    CU_ASSERT_EQUAL_FATAL(channel_settle(&pair->owner, pair->sockets[0]), 0);
    return pair;
}

static inline void pair_fini(struct pair *pair)
{
    worker_fini(&pair->worker);
    channel_fini(&pair->owner);
    close(pair->sockets[0]);
    close(pair->sockets[1]);
    worker_host_fini(&pair->host);
    free(pair);
}

static inline void say(struct pair *pair, union message message)
{
    CU_ASSERT_EQUAL_FATAL(channel_push(&pair->owner, &message, 1), 1);
}

static inline union message hear(struct pair *pair)
{
    union message message = {0};
    CU_ASSERT_EQUAL_FATAL(channel_pop(&pair->owner, &message, 1), 1);
    return message;
}

/* Polls until there is nothing to do. */
static inline void settle(struct pair *pair)
{
    for (int i = 0; worker_poll(&pair->worker, 1) > 0; i++)
        CU_ASSERT_TRUE_FATAL(i < 10000);
}

/* Words of no consequence, more than a poll takes: at its stops the worker sees that somebody has
 * come. */
static inline void crowd(struct pair *pair)
{
    const union message nothing = {
        .order = {.kind = MESSAGE_CANCEL, .dispatch = UINT32_MAX, .slot = MESSAGE_WHOLE_DISPATCH}};
    while (spsc_queue_waiting(&pair->worker.channel.in) < 65)
        say(pair, nothing);
}

static inline union message order(enum message_kind kind)
{
    return (union message){.order = {.kind = (uint8_t)kind, .model = HOST_MODEL}};
}

static inline struct pair *pair_with_model(void)
{
    struct pair *pair = pair_init();
    worker_host_send_model(&pair->host, pair->sockets[0]);
    say(pair, order(MESSAGE_LOAD));
    settle(pair);
    CU_ASSERT_EQUAL_FATAL(hear(pair).kind, MESSAGE_READY);
    return pair;
}

static inline union message run_of(const struct pair *pair, uint32_t dispatch, uint32_t rows)
{
    return (union message){.run = {.kind = MESSAGE_RUN,
                                   .dispatch = dispatch,
                                   .model = HOST_MODEL,
                                   .to = (uint16_t)(pair->host.cut_count - 1),
                                   .row_count = (uint16_t)rows}};
}

static inline union message row_of(const struct pair *pair, uint32_t dispatch, uint32_t slot,
                                   uint32_t from, uint32_t to)
{
    const uint64_t offset = slot % 8 * pair->host.place_bytes;
    return (union message){.row = {.kind = MESSAGE_ROW,
                                   .out_region = 1,
                                   .dispatch = dispatch,
                                   .slot = slot,
                                   .generation = 9,
                                   .model = HOST_MODEL,
                                   .from = (uint16_t)from,
                                   .to = (uint16_t)to,
                                   .in_offset = offset,
                                   .in_bytes = (uint32_t)pair->host.cut_bytes[from],
                                   .out_offset = offset,
                                   .out_bytes = (uint32_t)pair->host.cut_bytes[to],
                                   .rows = 1}};
}

/* Hears until RUN_DONE; the status of each ROW_DONE by slot. */
static inline uint8_t hear_run(struct pair *pair, uint8_t *status_of)
{
    for (;;) {
        const union message message = hear(pair);
        if (message.kind == MESSAGE_RUN_DONE)
            return message.run_done.status;
        if (message.kind == MESSAGE_ROW_DONE && message.row_done.slot < 16)
            status_of[message.row_done.slot] = message.row_done.status;
    }
}

#endif
