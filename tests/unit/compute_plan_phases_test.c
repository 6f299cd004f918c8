/* Tests of compute/plan/phases.c on plans made by hand. What a division into phases costs is
 * checked by acting it out over a cache that drops what was used longest ago. */
#include "compute/plan/phases.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 20
#define MAX_BATCH 16
#define CACHE_BYTES ((size_t)4 << 20)

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Step s reads value s and writes value s + 1; linear steps have weights. */
struct chain {
    struct plan plan;
    struct cuts cuts;
    struct weights weights;
    struct tensor tensors[MAX_STEPS + 1];
    struct value_rows rows[MAX_STEPS + 1];
};

static void chain_init(struct chain *chain, uint32_t batch)
{
    *chain = (struct chain){.plan = {.batch = batch}, .weights = {.isa = ISA_PLAIN}};
    chain->cuts.rows = chain->rows;
    chain->plan.instance.tensors = chain->tensors;
}

static void add_value(struct chain *chain, size_t row_floats)
{
    uint32_t v = chain->plan.place_count;
    chain->tensors[v] = (struct tensor){
        .type = TENSOR_F32, .shape = {.rank = 2, .dims = {chain->plan.batch, (int64_t)row_floats}}};
    chain->rows[v] = (struct value_rows){.kind = ROWS_LEADING};
    struct place place = {.value = v, .buffer = plan_add_buffer(&chain->plan, row_floats * 4)};
    plan_add_place(&chain->plan, &place);
}

static struct step *add_step(struct chain *chain, enum step_kind kind, size_t row_floats)
{
    if (chain->plan.place_count == 0)
        add_value(chain, row_floats);
    add_value(chain, row_floats);
    struct step *step = plan_add_step(&chain->plan);
    step->kind = kind;
    step->input = chain->plan.place_count - 2;
    step->output = chain->plan.place_count - 1;
    if (kind == STEP_GENERIC) {
        uint32_t *places = plan_alloc(&chain->plan, 2 * sizeof(*places));
        places[0] = step->input;
        places[1] = step->output;
        step->generic.inputs = &places[0];
        step->generic.outputs = &places[1];
        step->generic.input_count = step->generic.output_count = 1;
    }
    return step;
}

static void add_linear(struct chain *chain, size_t row_floats, uint32_t depth, uint32_t columns)
{
    struct step *step = add_step(chain, STEP_LINEAR, row_floats);
    step->linear = (struct linear_shape){.depth = depth, .columns = columns};
}

static void chain_fini(struct chain *chain)
{
    chain->plan.instance.tensors = NULL;
    plan_fini(&chain->plan);
}

static void divide(struct chain *chain)
{
    CU_ASSERT_EQUAL_FATAL(phases_init(&chain->plan, &chain->cuts, &chain->weights, CACHE_BYTES), 0);
}

/* Blocks of a cache: a row of a value, or a step's weights; the list is in order of use. */
struct cache {
    struct block {
        uint32_t key;
        size_t bytes;
    } blocks[MAX_STEPS * (MAX_BATCH + 2)];
    size_t count, missed_bytes;
};

static void touch(struct cache *cache, uint32_t key, size_t bytes, bool is_read)
{
    size_t at = 0;
    while (at < cache->count && cache->blocks[at].key != key)
        at++;
    if (at == cache->count) {
        cache->missed_bytes += is_read ? bytes : 0;
        cache->count++;
    }
    memmove(&cache->blocks[1], &cache->blocks[0], at * sizeof(cache->blocks[0]));
    cache->blocks[0] = (struct block){.key = key, .bytes = bytes};
    size_t used = 0;
    for (at = 0; at < cache->count && used + cache->blocks[at].bytes <= 2 * CACHE_BYTES; at++)
        used += cache->blocks[at].bytes;
    cache->count = at;
}

/* Bytes read that miss a cache when the steps run in these phases. */
static size_t missed_bytes(const struct chain *chain, const struct phase *phases, uint32_t count)
{
    const struct plan *plan = &chain->plan;
    struct cache *cache = calloc(1, sizeof(*cache));
    for (uint32_t p = 0; p < count; p++)
        for (uint32_t row = 0; row < plan->batch; row += phases[p].rows)
            for (uint32_t s = phases[p].first; s < phases[p].end; s++) {
                const struct step *step = &plan->steps[s];
                if (step->kind == STEP_LINEAR)
                    touch(cache, 1000 + s, step->linear.depth * step->linear.columns * 4, true);
                for (uint32_t r = row; r < row + phases[p].rows && r < plan->batch; r++)
                    for (uint32_t v = s; v <= s + 1; v++)
                        touch(cache, 10000 + v * MAX_BATCH + r, plan->buffers[v].row_bytes, v == s);
            }
    size_t missed = cache->missed_bytes;
    free(cache);
    return missed;
}

static void check_cover(const struct chain *chain)
{
    uint32_t next = 0;
    for (uint32_t p = 0; p < chain->plan.phase_count; p++) {
        const struct phase *phase = &chain->plan.phases[p];
        CU_ASSERT_EQUAL(phase->first, next);
        CU_ASSERT_TRUE(phase->end > phase->first);
        CU_ASSERT_TRUE(phase->rows >= 1 && phase->rows <= chain->plan.batch);
        next = phase->end;
        for (uint32_t s = phase->first; s < phase->end; s++) {
            bool is_by_row = chain->plan.steps[s].kind != STEP_GENERIC &&
                             chain->rows[s].kind == ROWS_LEADING &&
                             chain->rows[s + 1].kind == ROWS_LEADING;
            CU_ASSERT_TRUE(is_by_row || phase->rows == chain->plan.batch);
        }
    }
    CU_ASSERT_EQUAL(next, chain->plan.step_count);
}

static void random_plans(void)
{
    for (uint32_t seed = 1; seed <= 500; seed++) {
        uint32_t state = seed;
        struct chain chain;
        chain_init(&chain, 1 + next_random(&state) % MAX_BATCH);
        uint32_t steps = 1 + next_random(&state) % (MAX_STEPS - 1);
        for (uint32_t s = 0; s < steps; s++) {
            size_t row_floats = (size_t)1 << (4 + next_random(&state) % 16);
            if (next_random(&state) % 3 == 0)
                add_linear(&chain, row_floats, 1u << next_random(&state) % 12,
                           1u << next_random(&state) % 12);
            else
                add_step(&chain, next_random(&state) % 5 ? STEP_AFFINE : STEP_GENERIC, row_floats);
        }
        for (uint32_t v = 0; v <= steps; v++)
            if (next_random(&state) % 12 == 0)
                chain.rows[v].kind = ROWS_AXIS;
        divide(&chain);
        check_cover(&chain);
        chain_fini(&chain);
    }
}

static void large_tensors_run_row_by_row(void)
{
    struct chain chain;
    chain_init(&chain, 16);
    for (int s = 0; s < 8; s++)
        add_step(&chain, STEP_AFFINE, (size_t)64 << 10); /* 256 KiB a row, 4 MiB a batch */
    divide(&chain);
    CU_ASSERT_EQUAL(chain.plan.phase_count, 1);
    CU_ASSERT_TRUE(chain.plan.phases[0].rows < 16);
    chain_fini(&chain);
}

static void large_weights_are_read_once(void)
{
    struct chain chain;
    chain_init(&chain, 16);
    for (int s = 0; s < 3; s++)
        add_linear(&chain, 4096, 4096, 4096); /* 64 MiB of weights */
    divide(&chain);
    CU_ASSERT_EQUAL(chain.plan.phase_count, 1);
    CU_ASSERT_EQUAL(chain.plan.phases[0].rows, 16);
    chain_fini(&chain);
}

static void a_network_is_divided_in_between(void)
{
    struct chain chain;
    chain_init(&chain, 16);
    for (int s = 0; s < 8; s++)
        add_step(&chain, STEP_AFFINE, (size_t)256 << 10);
    for (int s = 0; s < 3; s++)
        add_linear(&chain, 4096, 2048, 4096);
    divide(&chain);
    check_cover(&chain);
    const struct phase whole = {.first = 0, .end = 11, .rows = 16};
    const struct phase rows = {.first = 0, .end = 11, .rows = 1};
    size_t chosen = missed_bytes(&chain, chain.plan.phases, chain.plan.phase_count);
    CU_ASSERT_TRUE(chosen < missed_bytes(&chain, &whole, 1) * 2 / 3);
    CU_ASSERT_TRUE(chosen < missed_bytes(&chain, &rows, 1) * 2 / 3);
    chain_fini(&chain);
}

static void never_much_worse_than_one_phase(void)
{
    double chosen = 0, single = 0;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        uint32_t state = seed * 31;
        struct chain chain;
        chain_init(&chain, 2 + next_random(&state) % (MAX_BATCH - 1));
        uint32_t steps = 2 + next_random(&state) % (MAX_STEPS - 2);
        for (uint32_t s = 0; s < steps; s++) {
            size_t row_floats = (size_t)1 << (8 + next_random(&state) % 10);
            if (next_random(&state) % 3 == 0)
                add_linear(&chain, row_floats, 1u << next_random(&state) % 12,
                           1u << next_random(&state) % 12);
            else
                add_step(&chain, STEP_AFFINE, row_floats);
        }
        divide(&chain);
        const struct phase whole = {.first = 0, .end = steps, .rows = chain.plan.batch};
        double missed = (double)missed_bytes(&chain, chain.plan.phases, chain.plan.phase_count);
        double whole_missed = (double)missed_bytes(&chain, &whole, 1);
        CU_ASSERT_TRUE(missed <= 3 * whole_missed); /* an estimate may be off for one ... */
        chosen += missed;
        single += whole_missed;
        chain_fini(&chain);
    }
    CU_ASSERT_TRUE(chosen <= single); /* ... but not for all */
}

static void a_constant_with_rows_needs_the_whole_batch(void)
{
    struct chain chain;
    chain_init(&chain, 16);
    for (int s = 0; s < 8; s++)
        add_step(&chain, STEP_AFFINE, (size_t)64 << 10);
    /* The input of step 3 is known before the run, with different numbers for each row: rounds have
     * no way to start inside it. */
    float numbers[1] = {0};
    chain.plan.places[3].buffer = PLAN_NONE;
    chain.plan.places[3].constant = numbers;
    divide(&chain);
    for (uint32_t p = 0; p < chain.plan.phase_count; p++)
        if (chain.plan.phases[p].first <= 3 && chain.plan.phases[p].end > 3)
            CU_ASSERT_EQUAL(chain.plan.phases[p].rows, 16);
    chain_fini(&chain);
}

static void one_row_is_one_phase(void)
{
    struct chain chain;
    chain_init(&chain, 1);
    for (int s = 0; s < 4; s++)
        add_step(&chain, s % 2 ? STEP_GENERIC : STEP_AFFINE, 1 << 16);
    divide(&chain);
    CU_ASSERT_EQUAL(chain.plan.phase_count, 1);
    CU_ASSERT_EQUAL(chain.plan.phases[0].rows, 1);
    chain_fini(&chain);
    chain_init(&chain, 3); /* nothing to run */
    divide(&chain);
    CU_ASSERT_EQUAL(chain.plan.phase_count, 0);
    chain_fini(&chain);
}

const struct cunit_test tests[] = {
    {"phases cover the steps in order, with rows from one to the batch", random_plans},
    {"large tensors run few rows at a time", large_tensors_run_row_by_row},
    {"large weights are read once for all rows", large_weights_are_read_once},
    {"a network with both is divided, and misses the cache less than undivided",
     a_network_is_divided_in_between},
    {"phases are not worse than none for a cache acted out", never_much_worse_than_one_phase},
    {"a constant that differs by row is read with the whole batch",
     a_constant_with_rows_needs_the_whole_batch},
    {"one row is one phase", one_row_is_one_phase},
    {NULL, NULL},
};
