/* Runs layers and blocks in turn until their medians are settled or the time is spent. */
#include "scheduler/profile/measuring.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_RUNS 20000
#define WARM_UP_RUNS 3
#define WARM_UP_NS 200000000u
#define NEGLIGIBLE 0.001 /* of the whole run */
#define METER_NS 500000000u
#define LEAST_SHARE 0.1 /* of the time goes by before anything is done: machines change pace */

int measuring_fail(struct measuring *m, int err, const char *text)
{
    if (m->error)
        snprintf(m->error->text, sizeof(m->error->text), "%s", text);
    return err;
}

void timed_fini(struct timed *timed, size_t count)
{
    for (size_t i = 0; timed && i < count; i++)
        samples_fini(&timed[i].samples);
}

double measuring_elapsed_s(const struct measuring *m)
{
    return (double)(range_runner_now_ns() - m->start_ns) / 1e9;
}

void measuring_look(struct measuring *m, struct timed *timed)
{
    const struct measure_config *config = m->config;
    timed->median = median_of(&timed->samples, config->level);
    double error_ms = median_error_ms(&timed->median);
    double whole_ms = m->whole.median.ms;
    timed->is_settled =
        timed->median.level >= config->level &&
        (error_ms <= config->share * timed->median.ms || error_ms <= NEGLIGIBLE * whole_ms);
    timed->is_done =
        (timed->is_settled && measuring_elapsed_s(m) >= LEAST_SHARE * config->seconds) ||
        timed->samples.count >= MAX_RUNS;
    timed->next_check = timed->samples.count + timed->samples.count / 8 + 1;
}

static int add(struct measuring *m, struct timed *timed, uint64_t time_ns)
{
    if (samples_add(&timed->samples, time_ns))
        return measuring_fail(m, -ENOMEM, "out of memory");
    if (timed->samples.count >= MEASURE_MIN_RUNS && timed->samples.count >= timed->next_check)
        measuring_look(m, timed);
    return 0;
}

/* A reading now and then, so that a counter cannot wrap around twice unseen. */
static void read_meter(struct measuring *m, uint64_t now_ns)
{
    if (!m->config->meter || now_ns - m->meter_ns < METER_NS)
        return;
    m->meter_ns = now_ns;
    energy_meter_read(m->config->meter);
}

static int time_run(struct measuring *m)
{
    uint64_t time_ns;
    int err = range_runner_run(&m->runner, 0, m->result->layer_count, NULL, &time_ns, m->error);
    return err ? err : add(m, &m->whole, time_ns);
}

static int time_layers(struct measuring *m)
{
    const uint32_t n = m->result->layer_count;
    uint64_t time_ns;
    memset(m->layer_ns, 0, n * sizeof(*m->layer_ns));
    int err = range_runner_run(&m->runner, 0, n, m->layer_ns, &time_ns, m->error);
    for (uint32_t i = 0; !err && i < n; i++)
        err = add(m, &m->layers[i], m->layer_ns[i]);
    return err;
}

/* Runs the whole network twice, timed as a whole and layer by layer, each first in turn: the second
 * run finds its tensors in the cache. */
static int time_whole(struct measuring *m)
{
    bool is_swapped = m->whole.samples.count % 2;
    int err = is_swapped ? time_layers(m) : time_run(m);
    if (err)
        return err;
    return is_swapped ? time_run(m) : time_layers(m);
}

static bool is_whole_done(const struct measuring *m)
{
    for (uint32_t i = 0; i < m->result->layer_count; i++)
        if (!m->layers[i].is_done)
            return false;
    return m->whole.is_done;
}

static void show(const struct measuring *m, const char *what, double fraction)
{
    if (m->config->progress)
        m->config->progress(m->config->progress_arg, what, fraction);
}

static void show_round(const struct measuring *m)
{
    const uint32_t blocks = m->result->block_count, layers = m->result->layer_count;
    if (!m->config->progress)
        return;
    uint32_t settled = 0;
    for (uint32_t i = 0; i < layers; i++)
        settled += m->layers[i].is_settled;
    for (uint32_t i = 0; i < blocks; i++)
        settled += m->blocks[i].is_settled;
    char what[96];
    snprintf(what, sizeof(what), "%u layers, %u blocks, round %u: %u of %u within %g %%", layers,
             blocks, m->round, settled, layers + blocks, 100 * m->config->share);
    double fraction = measuring_elapsed_s(m) / m->config->seconds;
    show(m, what, fraction < 1 ? fraction : 1);
}

/* A new order of all blocks for each round. */
static void shuffle(struct measuring *m)
{
    for (uint32_t i = m->result->block_count; i > 1; i--) {
        m->random = m->random * 6364136223846793005u + 1442695040888963407u;
        uint32_t k = (uint32_t)((m->random >> 33) % i), kept = m->order[i - 1];
        m->order[i - 1] = m->order[k];
        m->order[k] = kept;
    }
}

static int time_block(struct measuring *m, uint32_t number, uint64_t *time_ns)
{
    const struct measured_block *block = &m->result->blocks[number];
    int err = range_runner_run(&m->runner, block->first - 1, block->last, NULL, time_ns, m->error);
    return err ? err : add(m, &m->blocks[number], *time_ns);
}

/* Every block that is not done once, and whole runs between them: as long as those are not done,
 * about a third of the time is theirs. False in *goes_on once nothing is left to do. */
static int run_round(struct measuring *m, bool *goes_on)
{
    bool is_first = m->round++ == 0;
    uint64_t since_whole_ns = UINT64_MAX / 2, time_ns;
    *goes_on = false;
    shuffle(m);
    for (uint32_t i = 0; i <= m->result->block_count; i++) {
        double whole_ns = m->whole.median.ms * 1e6;
        bool is_due = (double)since_whole_ns > 4 * whole_ns;
        if (is_due && !is_whole_done(m)) {
            int err = time_whole(m);
            if (err)
                return err;
            since_whole_ns = 0;
            *goes_on = true;
        }
        if (i == m->result->block_count)
            break;
        if (!is_first && measuring_elapsed_s(m) >= m->config->seconds)
            break;
        if (m->blocks[m->order[i]].is_done)
            continue;
        int err = time_block(m, m->order[i], &time_ns);
        if (err)
            return err;
        since_whole_ns += time_ns;
        *goes_on = true;
        read_meter(m, range_runner_now_ns());
        show_round(m);
    }
    show_round(m);
    read_meter(m, range_runner_now_ns());
    return 0;
}

int measuring_warm_up(struct measuring *m)
{
    uint64_t time_ns, start_ns = range_runner_now_ns();
    int err = 0;
    for (uint32_t i = 0;
         !err && (i < WARM_UP_RUNS || range_runner_now_ns() - start_ns < WARM_UP_NS); i++) {
        show(m, "warming up", -1);
        err = time_whole(m);
    }
    if (!err)
        err = range_runner_run(&m->runner, 0, m->result->layer_count, NULL, &time_ns, m->error);
    measuring_look(m, &m->whole);
    for (uint32_t i = 0; i < m->result->layer_count; i++) {
        measuring_look(m, &m->layers[i]);
        m->layer_ms[i] = m->layers[i].median.ms;
    }
    double whole_ms = m->whole.median.ms;
    timed_fini(m->layers, m->result->layer_count);
    timed_fini(&m->whole, 1);
    memset(m->layers, 0, m->result->layer_count * sizeof(*m->layers));
    m->whole = (struct timed){.median.ms = whole_ms};
    return err;
}

int measuring_run(struct measuring *m)
{
    int err = 0;
    for (bool goes_on = true; !err && goes_on;) {
        err = run_round(m, &goes_on);
        goes_on = goes_on && measuring_elapsed_s(m) < m->config->seconds;
    }
    return err;
}
