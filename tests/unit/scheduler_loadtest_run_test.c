/* Tests of scheduler/loadtest/run.c: lanes in threads over ports of memory; worth a run under
 * -Db_sanitize=thread. */
#include "scheduler/loadtest/run.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/memory_port.h"

#include <signal.h>
#include <stdlib.h>

#define LANES 3
#define MS UINT64_C(1000000)

struct bench {
    struct memory_port ports[LANES];
    struct port *pointers[LANES];
    struct loadtest_model model;
    struct loadtest_mix mix;
    struct loadtest_message_pool pool;
    struct loadtest_messages messages;
    struct loadtest_schedule schedule;
    struct loadtest_plan plan;
    struct loadtest_run *run;
    uint32_t ticks;
    struct loadtest_lane_progress last;
};

static struct bench *make(uint64_t duration_ns)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    for (uint32_t i = 0; i < LANES; i++) {
        memory_port_init(&bench->ports[i]);
        bench->pointers[i] = &bench->ports[i].port;
    }
    bench->model = (struct loadtest_model){.name_crc = MEMORY_PORT_MODEL,
                                           .last_cut = MEMORY_PORT_TO,
                                           .answer_bytes = MEMORY_PORT_ANSWER_BYTES};
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_one(&bench->mix, MEMORY_PORT_FROM), 0);
    bench->pool = (struct loadtest_message_pool){.bytes = MEMORY_PORT_MESSAGE_BYTES,
                                                 .memory = malloc(MEMORY_PORT_MESSAGE_BYTES)};
    for (uint32_t i = 0; i < MEMORY_PORT_MESSAGE_BYTES; i++)
        bench->pool.memory[i] = (uint8_t)i;
    bench->messages =
        (struct loadtest_messages){.tensor_count = 1, .count = 1, .pools = &bench->pool};
    bench->plan = loadtest_plan_default();
    bench->plan.server = bench->ports[0].server_address;
    bench->plan.model = &bench->model;
    bench->plan.mix = &bench->mix;
    bench->plan.messages = &bench->messages;
    bench->plan.client_count = 100;
    bench->plan.requests_per_client = 64;
    bench->plan.warmup_ns = 0;
    bench->plan.duration_ns = duration_ns;
    const struct loadtest_schedule_config config = {.seed = 2,
                                                    .rate_per_s = 1000,
                                                    .duration_ns = duration_ns,
                                                    .client_count = 100,
                                                    .tensor_count = 1,
                                                    .mix = &bench->mix};
    CU_ASSERT_EQUAL_FATAL(loadtest_schedule_init(&bench->schedule, &config), 0);
    bench->plan.schedule = &bench->schedule;
    CU_ASSERT_EQUAL_FATAL(loadtest_run_create(&bench->run, &bench->plan, bench->pointers, LANES),
                          0);
    return bench;
}

static void destroy(struct bench *bench)
{
    loadtest_run_destroy(bench->run);
    loadtest_schedule_fini(&bench->schedule);
    loadtest_mix_fini(&bench->mix);
    free(bench->pool.memory);
    for (uint32_t i = 0; i < LANES; i++)
        memory_port_fini(&bench->ports[i]);
    free(bench);
}

static void tick(void *user, uint64_t elapsed_ns, const struct loadtest_lane_progress *progress)
{
    struct bench *bench = user;
    CU_ASSERT(progress->offered >= bench->last.offered);
    CU_ASSERT(progress->answered <= progress->offered);
    bench->last = *progress;
    if (++bench->ticks == 2)
        raise(SIGINT);
}

static void all_lanes_together_offer_the_schedule(void)
{
    struct bench *bench = make(700 * MS);
    CU_ASSERT_EQUAL_FATAL(loadtest_run_go(bench->run, NULL), 0);
    const struct loadtest_outcome *outcome = loadtest_run_outcome(bench->run);
    CU_ASSERT_EQUAL(outcome->tally->offered, bench->schedule.count);
    CU_ASSERT_EQUAL(outcome->tally->ends[LOADTEST_IN_TIME], bench->schedule.count);
    CU_ASSERT_EQUAL(outcome->window_ns, 700 * MS);
    CU_ASSERT_FALSE(outcome->is_interrupted || outcome->is_silent);
    uint64_t delivered = 0;
    for (uint32_t i = 0; i < LANES; i++)
        delivered += bench->ports[i].delivered;
    CU_ASSERT_EQUAL(delivered, bench->schedule.count);
    destroy(bench);
}

static void an_interrupt_ends_the_run_early(void)
{
    struct bench *bench = make(100000 * MS);
    const struct loadtest_watch watch = {.user = bench, .tick = tick};
    sigset_t pending;
    CU_ASSERT_EQUAL_FATAL(loadtest_run_go(bench->run, &watch), 0);
    const struct loadtest_outcome *outcome = loadtest_run_outcome(bench->run);
    CU_ASSERT_TRUE(outcome->is_interrupted);
    CU_ASSERT(outcome->tally->offered > 0);
    CU_ASSERT(outcome->tally->offered < bench->schedule.count);
    CU_ASSERT(outcome->window_ns < 100000 * MS);
    sigpending(&pending);
    CU_ASSERT_FALSE(sigismember(&pending, SIGINT));
    destroy(bench);
}

const struct cunit_test tests[] = {
    {"all lanes together offer the schedule", all_lanes_together_offer_the_schedule},
    {"an interrupt ends the run early, and counts what was", an_interrupt_ends_the_run_early},
    {NULL, NULL},
};
