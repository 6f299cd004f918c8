/* The lists a plan is made of. */
#include "compute/plan/plan.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(void **array, size_t element_bytes, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity ? *capacity * 2 : 64;
    void *grown = reallocarray(*array, larger, element_bytes);
    if (!grown)
        return false;
    *array = grown;
    *capacity = larger;
    return true;
}

void *plan_alloc(struct plan *plan, size_t bytes)
{
    if (!reserve((void **)&plan->owned, sizeof(*plan->owned), plan->owned_count,
                 &plan->owned_capacity))
        return NULL;
    void *memory = calloc(1, bytes ? bytes : 1);
    if (memory)
        plan->owned[plan->owned_count++] = memory;
    return memory;
}

struct step *plan_add_step(struct plan *plan)
{
    if (!reserve((void **)&plan->steps, sizeof(*plan->steps), plan->step_count,
                 &plan->step_capacity))
        return NULL;
    struct step *step = &plan->steps[plan->step_count++];
    *step = (struct step){.input = PLAN_NONE,
                          .second = PLAN_NONE,
                          .output = PLAN_NONE,
                          .packed = PLAN_NONE,
                          .images_per_row = 1};
    return step;
}

uint32_t plan_add_place(struct plan *plan, const struct place *place)
{
    if (!reserve((void **)&plan->places, sizeof(*plan->places), plan->place_count,
                 &plan->place_capacity))
        return PLAN_NONE;
    plan->places[plan->place_count] = *place;
    return plan->place_count++;
}

uint32_t plan_add_buffer(struct plan *plan, size_t row_bytes)
{
    if (!reserve((void **)&plan->buffers, sizeof(*plan->buffers), plan->buffer_count,
                 &plan->buffer_capacity))
        return PLAN_NONE;
    plan->buffers[plan->buffer_count] = (struct buffer){.row_bytes = row_bytes};
    return plan->buffer_count++;
}

void step_visit_places(const struct step *step,
                       void (*visit)(void *arg, uint32_t place, bool is_write), void *arg)
{
    if (step->kind == STEP_GENERIC) {
        for (uint32_t i = 0; i < step->generic.input_count; i++)
            if (step->generic.inputs[i] != PLAN_NONE)
                visit(arg, step->generic.inputs[i], false);
        for (uint32_t i = 0; i < step->generic.output_count; i++)
            if (step->generic.outputs[i] != PLAN_NONE)
                visit(arg, step->generic.outputs[i], true);
        return;
    }
    if (step->input != PLAN_NONE)
        visit(arg, step->input, false);
    if (step->second != PLAN_NONE)
        visit(arg, step->second, false);
    if (step->output != PLAN_NONE)
        visit(arg, step->output, true);
}

void plan_fini(struct plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->owned_count; i++)
        free(plan->owned[i]);
    free(plan->owned);
    free(plan->steps);
    free(plan->places);
    free(plan->buffers);
    free(plan->phases);
    free(plan->layer_first);
    free(plan->plain);
    free(plan->last);
    instance_fini(&plan->instance);
    *plan = (struct plan){0};
}
