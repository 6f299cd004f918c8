/* Measures layers and blocks in turn until their medians are settled or the time is spent. */
#include "scheduler/profile/measure.h"
#include "scheduler/profile/range_runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_RUNS 6 /* the least that give an interval of 95 % */
#define MAX_RUNS 20000
#define WARM_UP_RUNS 3
#define WARM_UP_NS 200000000u
#define FITTING_SHARE 0.85 /* of the time, for MIN_RUNS of each block */
#define NEGLIGIBLE 0.001 /* of the whole run */
#define METER_NS 500000000u
#define LEAST_SHARE 0.1 /* of the time goes by before anything is done: machines change pace */

/* Something that is timed again and again. */
struct timed {
    struct samples samples;
    struct median median;
    size_t next_check; /* runs after which to look again */
    bool is_settled, is_done;
};

struct measuring {
    const struct measure_config *config;
    struct measurement *result;
    struct range_runner runner;
    struct engine_error *error;
    struct timed whole;
    struct timed *layers;
    struct timed *blocks;
    uint32_t *order; /* of blocks in this round */
    uint64_t *layer_ns; /* of one run */
    bool *can_cut;
    double *layer_ms; /* first estimates */
    uint64_t random;
    uint64_t start_ns, meter_ns;
    uint32_t round;
};

void measure_config_default(struct measure_config *config)
{
    *config = (struct measure_config){
        .batch = 1, .max_cut_tensors = 1, .seconds = 30, .share = 0.05, .level = 0.95};
}

static int fail(struct measuring *m, int err, const char *text)
{
    if (m->error)
        snprintf(m->error->text, sizeof(m->error->text), "%s", text);
    return err;
}

static void timed_fini(struct timed *timed, size_t count)
{
    for (size_t i = 0; timed && i < count; i++)
        samples_fini(&timed[i].samples);
}

static double elapsed_s(const struct measuring *m)
{
    return (double)(range_runner_now_ns() - m->start_ns) / 1e9;
}

static void look(struct measuring *m, struct timed *timed)
{
    const struct measure_config *config = m->config;
    timed->median = median_of(&timed->samples, config->level);
    double error_ms = median_error_ms(&timed->median);
    double whole_ms = m->whole.median.ms;
    timed->is_settled =
        timed->median.level >= config->level &&
        (error_ms <= config->share * timed->median.ms || error_ms <= NEGLIGIBLE * whole_ms);
    timed->is_done = (timed->is_settled && elapsed_s(m) >= LEAST_SHARE * config->seconds) ||
                     timed->samples.count >= MAX_RUNS;
    timed->next_check = timed->samples.count + timed->samples.count / 8 + 1;
}

static int add(struct measuring *m, struct timed *timed, uint64_t time_ns)
{
    if (samples_add(&timed->samples, time_ns))
        return fail(m, -ENOMEM, "out of memory");
    if (timed->samples.count >= MIN_RUNS && timed->samples.count >= timed->next_check)
        look(m, timed);
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
    double fraction = elapsed_s(m) / m->config->seconds;
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
        if (!is_first && elapsed_s(m) >= m->config->seconds)
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

/* Runs until caches, clock rates and pages are as they will be; the last runs tell how long layers
 * take, roughly. */
static int warm_up(struct measuring *m)
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
    look(m, &m->whole);
    for (uint32_t i = 0; i < m->result->layer_count; i++) {
        look(m, &m->layers[i]);
        m->layer_ms[i] = m->layers[i].median.ms;
    }
    double whole_ms = m->whole.median.ms;
    timed_fini(m->layers, m->result->layer_count);
    timed_fini(&m->whole, 1);
    memset(m->layers, 0, m->result->layer_count * sizeof(*m->layers));
    m->whole = (struct timed){.median.ms = whole_ms};
    return err;
}

static int choose_blocks(struct measuring *m)
{
    struct measurement *result = m->result;
    const struct block_network network = {.layer_count = result->layer_count,
                                          .can_cut = m->can_cut,
                                          .is_legal = result->is_legal,
                                          .layer_ms = m->layer_ms};
    const struct block_wish wish = {.mode = m->config->mode,
                                    .length = m->config->block_length,
                                    .budget_ms =
                                        1e3 * m->config->seconds * FITTING_SHARE / MIN_RUNS};
    struct block_choice choice;
    block_choose(&choice, &network, &wish);
    result->possible_block_count = choice.possible_count;
    result->possible_ms = choice.possible_ms;
    result->has_ends = choice.has_ends;
    result->block_length = choice.length;
    if (choice.count > UINT32_MAX / 2)
        return fail(m, -ENOMEM, "too many blocks to measure: give a smaller --blocks");
    result->blocks = calloc(choice.count + 1, sizeof(*result->blocks));
    m->blocks = calloc(choice.count + 1, sizeof(*m->blocks));
    m->order = calloc(choice.count + 1, sizeof(*m->order));
    if (!result->blocks || !m->blocks || !m->order)
        return fail(m, -ENOMEM, "out of memory for the blocks: give a smaller --blocks");
    for (uint32_t first = 1; first <= result->layer_count; first++)
        for (uint32_t last = first; last <= result->layer_count; last++)
            if (block_is_chosen(&choice, first, last)) {
                m->order[result->block_count] = result->block_count;
                result->blocks[result->block_count++] =
                    (struct measured_block){.first = first, .last = last};
            }
    return 0;
}

static int find_cuts(struct measuring *m)
{
    struct measurement *result = m->result;
    const uint32_t n = result->layer_count, batch = m->config->batch;
    for (uint32_t k = 0; k <= n; k++) {
        const struct engine_cut *cut = engine_model_cut(m->runner.model, k);
        m->can_cut[k] = range_runner_can_cut(m->runner.model, k, batch);
        result->is_legal[k] =
            m->can_cut[k] && (k == 0 || k == n || cut->tensor_count <= m->config->max_cut_tensors);
    }
    if (!m->can_cut[0] || !m->can_cut[n])
        return fail(m, -ENOTSUP,
                    "the rows of a batch cannot be told apart in this network's input or output: "
                    "give --batch 1");
    return 0;
}

static int take_memory(struct measuring *m)
{
    struct measurement *result = m->result;
    const size_t n = result->layer_count;
    result->layers = calloc(n + 1, sizeof(*result->layers));
    result->is_legal = calloc(n + 1, sizeof(*result->is_legal));
    m->layers = calloc(n + 1, sizeof(*m->layers));
    m->layer_ns = calloc(n + 1, sizeof(*m->layer_ns));
    m->layer_ms = calloc(n + 1, sizeof(*m->layer_ms));
    m->can_cut = calloc(n + 1, sizeof(*m->can_cut));
    bool has_all =
        result->layers && result->is_legal && m->layers && m->layer_ns && m->layer_ms && m->can_cut;
    return has_all ? 0 : fail(m, -ENOMEM, "out of memory");
}

static void count(struct measuring *m, struct timed *timed, struct median *median)
{
    look(m, timed);
    *median = timed->median;
    m->result->timed_count++;
    m->result->settled_count += timed->is_settled;
}

static int measure_all(struct measuring *m)
{
    struct measurement *result = m->result;
    int err = take_memory(m);
    if (!err)
        err = find_cuts(m);
    if (!err)
        err = warm_up(m);
    if (!err)
        err = choose_blocks(m);
    if (err)
        return err;
    m->start_ns = m->meter_ns = range_runner_now_ns();
    struct energy_meter *meter = m->config->meter;
    bool has_meter = meter && energy_meter_read(meter) == 0;
    double start_joules = has_meter ? meter->joules : 0;
    for (bool goes_on = true; !err && goes_on;) {
        err = run_round(m, &goes_on);
        goes_on = goes_on && elapsed_s(m) < m->config->seconds;
    }
    if (err)
        return err;
    result->seconds = elapsed_s(m);
    if (has_meter && energy_meter_read(meter) == 0)
        result->watts = (meter->joules - start_joules) / result->seconds;
    count(m, &m->whole, &result->whole);
    for (uint32_t i = 0; i < result->layer_count; i++)
        count(m, &m->layers[i], &result->layers[i]);
    for (uint32_t i = 0; i < result->block_count; i++)
        count(m, &m->blocks[i], &result->blocks[i].time);
    return 0;
}

int measure(struct measurement *measurement, const struct engine_model *model,
            struct engine_context *context, const struct measure_config *config,
            struct engine_error *error)
{
    *measurement = (struct measurement){.layer_count = engine_model_layer_count(model)};
    struct measuring m = {
        .config = config, .result = measurement, .error = error, .random = config->batch};
    int err = range_runner_init(&m.runner, model, context, config->batch);
    if (err)
        fail(&m, err, "out of memory for the tensors: give a smaller --batch");
    else
        err = measure_all(&m);
    timed_fini(&m.whole, 1);
    timed_fini(m.layers, measurement->layer_count);
    timed_fini(m.blocks, measurement->block_count);
    range_runner_fini(&m.runner);
    free(m.layers);
    free(m.blocks);
    free(m.order);
    free(m.layer_ns);
    free(m.layer_ms);
    free(m.can_cut);
    if (err)
        measurement_fini(measurement);
    return err;
}

void measurement_fini(struct measurement *measurement)
{
    if (!measurement)
        return;
    free(measurement->layers);
    free(measurement->is_legal);
    free(measurement->blocks);
    *measurement = (struct measurement){0};
}
