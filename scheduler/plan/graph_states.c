/* Where tensors are between two steps, as one number. */
#include "scheduler/plan/graph_states.h"

#include <errno.h>
#include <stdlib.h>

enum {
    SLOT_COUNT = 31,
};

static uint32_t first_step(const struct split_tensor *tensor)
{
    return tensor->is_gathered ? tensor->others[0] : tensor->hub;
}

static uint32_t last_step(const struct split_tensor *tensor)
{
    return tensor->is_gathered ? tensor->hub : tensor->others[tensor->other_count - 1];
}

/* A slot is taken over in the very step that uses its tensor for the last time: tensors stand by
 * their first step, so a step's events on older tensors come before those on newer ones. */
static int give_slots(struct split_states *states)
{
    uint32_t free_from[SLOT_COUNT] = {0};
    for (uint32_t i = 0; i < states->problem->tensor_count; i++) {
        const struct split_tensor *tensor = &states->problem->tensors[i];
        uint8_t slot = 0;
        while (slot < SLOT_COUNT && free_from[slot] > first_step(tensor))
            slot++;
        if (slot == SLOT_COUNT)
            return -E2BIG;
        states->slots[i] = slot;
        free_from[slot] = last_step(tensor);
    }
    return 0;
}

static void add_event(struct split_states *states, uint32_t *ends, uint32_t tensor, uint32_t step)
{
    const struct split_tensor *one = &states->problem->tensors[tensor];
    states->events[ends[step]++] = (struct split_event){
        .tensor = tensor, .is_hub = step == one->hub, .is_last = step == last_step(one)};
}

static void list_events(struct split_states *states, uint32_t *ends)
{
    const struct split_problem *problem = states->problem;
    for (uint32_t i = 0; i < problem->tensor_count; i++) {
        const struct split_tensor *tensor = &problem->tensors[i];
        add_event(states, ends, i, tensor->hub);
        for (uint32_t k = 0; k < tensor->other_count; k++)
            add_event(states, ends, i, tensor->others[k]);
    }
}

int split_states_init(struct split_states *states, const struct split_problem *problem)
{
    *states = (struct split_states){.problem = problem};
    const size_t step_count = (size_t)problem->count + 2;
    size_t event_count = 0;
    for (uint32_t i = 0; i < problem->tensor_count; i++)
        event_count += 1 + (size_t)problem->tensors[i].other_count;
    states->event_starts = calloc(step_count + 1, sizeof(*states->event_starts));
    states->events = calloc(event_count + 1, sizeof(*states->events));
    states->slots = calloc((size_t)problem->tensor_count + 1, sizeof(*states->slots));
    uint32_t *ends = calloc(step_count, sizeof(*ends));
    int err = -ENOMEM;
    if (!states->event_starts || !states->events || !states->slots || !ends)
        goto done;
    for (uint32_t i = 0; i < problem->tensor_count; i++) {
        states->event_starts[problem->tensors[i].hub + 1]++;
        for (uint32_t k = 0; k < problem->tensors[i].other_count; k++)
            states->event_starts[problem->tensors[i].others[k] + 1]++;
    }
    for (size_t step = 0; step < step_count; step++) {
        states->event_starts[step + 1] += states->event_starts[step];
        ends[step] = states->event_starts[step];
    }
    list_events(states, ends);
    err = give_slots(states);
done:
    free(ends);
    if (err)
        split_states_fini(states);
    return err;
}

void split_states_fini(struct split_states *states)
{
    if (!states)
        return;
    free(states->event_starts);
    free(states->events);
    free(states->slots);
    *states = (struct split_states){0};
}

uint64_t split_states_after(const struct split_states *states, uint64_t before, uint32_t step,
                            enum split_side side, double *up_bytes, double *down_bytes)
{
    const unsigned here = side == SPLIT_MOBILE ? 1 : 2;
    double *inward = side == SPLIT_MOBILE ? down_bytes : up_bytes;
    uint64_t state = (before & ~UINT64_C(1)) | (side == SPLIT_CLOUD);
    for (uint32_t i = states->event_starts[step]; i < states->event_starts[step + 1]; i++) {
        const struct split_event *event = &states->events[i];
        const struct split_tensor *tensor = &states->problem->tensors[event->tensor];
        const unsigned shift = 1 + 2 * states->slots[event->tensor];
        unsigned places = (unsigned)(state >> shift) & 3;
        const bool is_needed = event->is_hub == tensor->is_gathered;
        const bool is_missing = tensor->is_gathered ? (places & ~here) != 0 : !(places & here);
        if (is_needed && is_missing)
            *inward += tensor->bytes;
        places = event->is_last ? 0 : places | here;
        state = (state & ~(UINT64_C(3) << shift)) | (uint64_t)places << shift;
    }
    return state;
}
