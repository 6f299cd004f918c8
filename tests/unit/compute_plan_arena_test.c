/* Tests of compute/plan/arena.c: random plans are acted out on a memory of marks, so that a buffer
 * which shares bytes with another one while it is needed shows. */
#include "compute/plan/arena.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 24

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* A plan without kernels: step s reads some places and writes one. */
struct scene {
    struct plan plan;
    struct cuts cuts;
    struct value_rows rows[MAX_STEPS + 2]; /* per value; value = place */
    uint32_t reads[MAX_STEPS][2];
    uint32_t *memory; /* a mark per byte */
    bool is_right;
};

static bool is_leading(const struct scene *scene, uint32_t place)
{
    return scene->rows[place].kind == ROWS_LEADING;
}

static void add_place(struct scene *scene, uint32_t *state, uint32_t written, bool is_input)
{
    uint32_t value = scene->plan.place_count;
    scene->rows[value].kind = next_random(state) % 5 ? ROWS_LEADING : ROWS_AXIS;
    struct place place = {.value = value, .written = written, .is_input = is_input};
    place.buffer = plan_add_buffer(&scene->plan, 1 + next_random(state) % 200);
    plan_add_place(&scene->plan, &place);
}

static void scene_init(struct scene *scene, uint32_t seed)
{
    uint32_t state = seed;
    *scene = (struct scene){.is_right = true};
    struct plan *plan = &scene->plan;
    scene->cuts.rows = scene->rows;
    plan->batch = 1 + next_random(&state) % 7;
    uint32_t inputs = 1 + next_random(&state) % 2;
    for (uint32_t i = 0; i < inputs; i++)
        add_place(scene, &state, 0, true);
    uint32_t steps = 1 + next_random(&state) % MAX_STEPS;
    if (steps + inputs > MAX_STEPS)
        steps = MAX_STEPS - inputs;
    plan->phases = calloc(steps + 1, sizeof(*plan->phases));
    for (uint32_t s = 0; s < steps; s++) {
        bool is_by_row = true;
        for (int r = 0; r < 2; r++) {
            uint32_t near = next_random(&state) % 3;
            uint32_t place = near < plan->place_count && next_random(&state) % 3
                                 ? plan->place_count - 1 - near
                                 : next_random(&state) % plan->place_count;
            scene->reads[s][r] = place;
            plan->places[place].last_use = s;
            is_by_row &= is_leading(scene, place);
        }
        add_place(scene, &state, s, false);
        is_by_row &= is_leading(scene, plan->place_count - 1);
        plan_add_step(plan);
        struct phase *last = &plan->phases[plan->phase_count ? plan->phase_count - 1 : 0];
        if (s > 0 && (is_by_row || last->rows == plan->batch) && next_random(&state) % 4) {
            last->end = s + 1;
            continue;
        }
        uint32_t rows = is_by_row ? 1 + next_random(&state) % plan->batch : plan->batch;
        plan->phases[plan->phase_count++] = (struct phase){.first = s, .end = s + 1, .rows = rows};
    }
    for (uint32_t p = 0; p < plan->place_count; p++) /* outputs: some, and the last */
        if (p + 1 == plan->place_count || next_random(&state) % 8 == 0)
            plan->places[p].last_use = steps;
}

static void scene_fini(struct scene *scene)
{
    plan_fini(&scene->plan);
    free(scene->memory);
}

/* Writes or checks the marks of one place over some rows. */
static void visit(struct scene *scene, uint32_t place, uint32_t first_row, uint32_t rows,
                  bool is_write)
{
    const struct buffer *buffer = &scene->plan.buffers[scene->plan.places[place].buffer];
    if (!is_leading(scene, place)) {
        first_row = 0;
        rows = 1;
    }
    for (uint32_t r = 0; r < rows; r++) {
        size_t row = buffer->is_micro ? r : first_row + r;
        size_t start = buffer->offset + row * buffer->row_bytes;
        uint32_t mark = 1 + place * 64 + first_row + r;
        if (start + buffer->row_bytes > scene->plan.arena_bytes) {
            scene->is_right = false;
            return;
        }
        for (size_t i = start; i < start + buffer->row_bytes; i++) {
            if (is_write)
                scene->memory[i] = mark;
            else
                scene->is_right &= scene->memory[i] == mark;
        }
    }
}

static void load_inputs(struct scene *scene, bool is_micro, uint32_t first_row, uint32_t rows)
{
    for (uint32_t p = 0; p < scene->plan.place_count; p++)
        if (scene->plan.places[p].is_input &&
            scene->plan.buffers[scene->plan.places[p].buffer].is_micro == is_micro)
            visit(scene, p, first_row, rows, true);
}

static void act(struct scene *scene)
{
    const struct plan *plan = &scene->plan;
    scene->memory = calloc(plan->arena_bytes + 1, sizeof(*scene->memory));
    load_inputs(scene, false, 0, plan->batch);
    for (uint32_t p = 0; p < plan->phase_count; p++) {
        const struct phase *phase = &plan->phases[p];
        for (uint32_t row = 0; row < plan->batch; row += phase->rows) {
            uint32_t rows = plan->batch - row < phase->rows ? plan->batch - row : phase->rows;
            if (p == 0)
                load_inputs(scene, true, row, rows);
            for (uint32_t s = phase->first; s < phase->end; s++) {
                for (int r = 0; r < 2; r++)
                    visit(scene, scene->reads[s][r], row, rows, false);
                for (uint32_t w = 0; w < plan->place_count; w++)
                    if (!plan->places[w].is_input && plan->places[w].written == s)
                        visit(scene, w, row, rows, true);
            }
        }
    }
    for (uint32_t p = 0; p < plan->place_count; p++)
        if (plan->places[p].last_use == plan->step_count)
            visit(scene, p, 0, plan->batch, false);
}

static void buffers_in_use_never_overlap(void)
{
    size_t arena = 0, buffers = 0;
    for (uint32_t seed = 1; seed <= 3000; seed++) {
        struct scene scene;
        scene_init(&scene, seed);
        CU_ASSERT_EQUAL_FATAL(arena_lay_out(&scene.plan, &scene.cuts), 0);
        act(&scene);
        if (!scene.is_right)
            printf("seed %u\n", seed);
        CU_ASSERT_TRUE(scene.is_right);
        arena += scene.plan.arena_bytes;
        for (uint32_t b = 0; b < scene.plan.buffer_count; b++) {
            CU_ASSERT_EQUAL(scene.plan.buffers[b].offset % 64, 0);
            buffers += (scene.plan.buffers[b].bytes + 63) / 64 * 64;
        }
        scene_fini(&scene);
    }
    CU_ASSERT_TRUE(arena < buffers * 3 / 4); /* and memory is shared all the same */
}

/* Value 0 is read by step 0, which writes value 1, and so on: a chain of equal sizes. */
static void chain(struct scene *scene, uint32_t batch, uint32_t steps, size_t row_bytes)
{
    *scene = (struct scene){.plan = {.batch = batch}};
    struct plan *plan = &scene->plan;
    scene->cuts.rows = scene->rows;
    plan->phases = calloc(steps + 1, sizeof(*plan->phases));
    for (uint32_t v = 0; v <= steps; v++) {
        scene->rows[v].kind = ROWS_LEADING;
        struct place place = {
            .value = v, .written = v ? v - 1 : 0, .last_use = v, .is_input = v == 0};
        place.buffer = plan_add_buffer(plan, row_bytes);
        plan_add_place(plan, &place);
        if (v < steps)
            plan_add_step(plan);
    }
}

static void rows_inside_a_phase_are_kept_for_one_round(void)
{
    struct scene scene;
    chain(&scene, 8, 6, 64);
    scene.plan.phases[0] = (struct phase){.first = 0, .end = 3, .rows = 1};
    scene.plan.phases[1] = (struct phase){.first = 3, .end = 6, .rows = 8};
    scene.plan.phase_count = 2;
    CU_ASSERT_EQUAL(arena_lay_out(&scene.plan, &scene.cuts), 0);
    /* 0 to 2 live in the first phase; 3 crosses; 4 and 5 live in the second, 6 leaves. */
    const bool is_micro[] = {true, true, true, false, true, true, false};
    const size_t bytes[] = {64, 64, 64, 512, 512, 512, 512};
    for (int v = 0; v < 7; v++) {
        CU_ASSERT_EQUAL(scene.plan.buffers[v].is_micro, is_micro[v]);
        CU_ASSERT_EQUAL(scene.plan.buffers[v].bytes, bytes[v]);
    }
    scene_fini(&scene);
}

static void a_chain_needs_two_buffers(void)
{
    struct scene scene;
    chain(&scene, 4, 20, 128);
    scene.plan.phases[0] = (struct phase){.first = 0, .end = 20, .rows = 4};
    scene.plan.phase_count = 1;
    CU_ASSERT_EQUAL(arena_lay_out(&scene.plan, &scene.cuts), 0);
    /* ... and one for the output, which must outlast the phase's other rounds. */
    CU_ASSERT_TRUE(scene.plan.arena_bytes <= 3 * 4 * 128);
    scene_fini(&scene);
}

static void refuses_what_does_not_fit_an_address(void)
{
    struct scene scene;
    chain(&scene, 8, 1, SIZE_MAX / 4);
    scene.plan.phases[0] = (struct phase){.first = 0, .end = 1, .rows = 8};
    scene.plan.phase_count = 1;
    CU_ASSERT_EQUAL(arena_lay_out(&scene.plan, &scene.cuts), -EOVERFLOW);
    scene_fini(&scene);
    chain(&scene, 1, 3, (size_t)PTRDIFF_MAX - 200); /* each fits, two do not */
    scene.plan.phases[0] = (struct phase){.first = 0, .end = 3, .rows = 1};
    scene.plan.phase_count = 1;
    CU_ASSERT_EQUAL(arena_lay_out(&scene.plan, &scene.cuts), -EOVERFLOW);
    scene_fini(&scene);
}

static void no_steps_no_phases(void)
{
    struct scene scene;
    chain(&scene, 2, 0, 100); /* an input that is the output */
    CU_ASSERT_EQUAL(arena_lay_out(&scene.plan, &scene.cuts), 0);
    CU_ASSERT_EQUAL(scene.plan.buffers[0].bytes, 200);
    CU_ASSERT_EQUAL(scene.plan.arena_bytes, 256);
    scene_fini(&scene);
}

const struct cunit_test tests[] = {
    {"in 3000 random plans no buffer is overwritten while it is needed",
     buffers_in_use_never_overlap},
    {"a buffer inside a phase holds the rows of one round",
     rows_inside_a_phase_are_kept_for_one_round},
    {"a chain's buffers share memory", a_chain_needs_two_buffers},
    {"sizes beyond an address are refused", refuses_what_does_not_fit_an_address},
    {"a plan without steps has room for its inputs", no_steps_no_phases},
    {NULL, NULL},
};
