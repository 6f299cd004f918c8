/* Merges dimensions, then walks rows by an odometer that starts anywhere. */
#include "compute/ops/broadcast.h"

#include "compute/ops/range.h"

/* Stride of output dimension d (of rank) in an input of this shape. */
static size_t input_stride(const struct shape *input, uint32_t rank, uint32_t d)
{
    uint32_t from_end = rank - d;
    if (from_end > input->rank)
        return 0;
    uint32_t at = input->rank - from_end;
    return input->dims[at] == 1 ? 0 : shape_span(input, at + 1, input->rank);
}

void broadcast_init(struct broadcast *broadcast, const struct shape *output, uint32_t input_count,
                    const struct shape *const *inputs)
{
    *broadcast = (struct broadcast){.input_count = input_count,
                                    .count = shape_span(output, 0, output->rank)};
    if (broadcast->count == 0)
        return;
    for (uint32_t d = 0; d < output->rank; d++) {
        size_t dim = (size_t)output->dims[d];
        if (dim == 1)
            continue;
        size_t strides[BROADCAST_MAX_INPUTS];
        bool can_merge = broadcast->rank > 0;
        uint32_t last = broadcast->rank - can_merge;
        for (uint32_t k = 0; k < input_count; k++) {
            strides[k] = input_stride(inputs[k], output->rank, d);
            if (can_merge && broadcast->strides[k][last] != strides[k] * dim)
                can_merge = false;
        }
        if (!can_merge)
            broadcast->dims[last = broadcast->rank++] = 1;
        broadcast->dims[last] *= dim;
        for (uint32_t k = 0; k < input_count; k++)
            broadcast->strides[k][last] = strides[k];
    }
    if (broadcast->rank == 0) {
        broadcast->rank = 1;
        broadcast->dims[0] = 1;
    }
}

struct walk {
    const struct broadcast *broadcast;
    broadcast_row *row;
    void *arg;
};

static void walk_range(void *arg, size_t first, size_t last)
{
    const struct walk *walk = arg;
    const struct broadcast *b = walk->broadcast;
    uint32_t inner = b->rank - 1;
    size_t steps[BROADCAST_MAX_INPUTS] = {0}, offsets[BROADCAST_MAX_INPUTS] = {0};
    size_t index[TENSOR_MAX_RANK];
    size_t rest = first;
    for (uint32_t d = b->rank; d-- > 0; rest /= b->dims[d]) {
        index[d] = rest % b->dims[d];
        for (uint32_t k = 0; k < b->input_count; k++)
            offsets[k] += index[d] * b->strides[k][d];
    }
    for (uint32_t k = 0; k < b->input_count; k++)
        steps[k] = b->strides[k][inner];
    for (size_t at = first; at < last;) {
        size_t n = b->dims[inner] - index[inner];
        if (n > last - at)
            n = last - at;
        walk->row(walk->arg, n, at, offsets, steps);
        at += n;
        index[inner] += n;
        for (uint32_t k = 0; k < b->input_count; k++)
            offsets[k] += n * steps[k];
        for (uint32_t d = inner; d > 0 && index[d] == b->dims[d]; d--) {
            index[d] = 0;
            index[d - 1]++;
            for (uint32_t k = 0; k < b->input_count; k++)
                offsets[k] += b->strides[k][d - 1] - b->dims[d] * b->strides[k][d];
        }
    }
}

void broadcast_run(const struct broadcast *broadcast, struct thread_pool *pool, size_t grain,
                   broadcast_row *row, void *arg)
{
    struct walk walk = {.broadcast = broadcast, .row = row, .arg = arg};
    range_run(pool, broadcast->count, grain, walk_range, &walk);
}
