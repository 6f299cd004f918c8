/* Rows are memcpy where both sides are dense; where the reading side is dense along another loop
 * (a transposition), the two loops are walked in square blocks so that both sides' cache lines are
 * used whole. */
#include "compute/ops/strided.h"

#include "compute/ops/range.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum {
    BLOCK = 32, /* side of a transposed block */
    CHUNK = 32768, /* elements of a row that are handed out at once */
    GRAIN = 16384, /* elements worth handing to a thread */
};

void strided_add(struct strided *copy, size_t count, ptrdiff_t in, ptrdiff_t out)
{
    if (count == 0)
        copy->is_empty = true;
    if (count <= 1 || copy->is_empty)
        return;
    if (copy->loops > 0) {
        uint32_t last = copy->loops - 1;
        ptrdiff_t n = (ptrdiff_t)count;
        if (copy->in[last] == in * n && copy->out[last] == out * n) {
            copy->counts[last] *= count;
            copy->in[last] = in;
            copy->out[last] = out;
            return;
        }
    }
    assert(copy->loops < STRIDED_MAX_LOOPS);
    copy->counts[copy->loops] = count;
    copy->in[copy->loops] = in;
    copy->out[copy->loops++] = out;
}

struct job {
    const struct strided *copy;
    const char *in;
    char *out;
    uint32_t inner; /* the loop that rows run along */
    uint32_t across; /* the loop of blocks, or the number of loops: none */
    size_t piece; /* rows are cut in pieces of so many elements (or block lines) */
    size_t pieces;
};

#define COPY_BLOCK(T)                                                                              \
    do {                                                                                           \
        const T *from = (const T *)in;                                                             \
        T *to = (T *)out;                                                                          \
        for (ptrdiff_t r = 0; r < rows; r++)                                                       \
            for (ptrdiff_t c = 0; c < columns; c++)                                                \
                to[r * to_row + c * to_column] = from[r * from_row + c * from_column];             \
    } while (0)

static void copy_block(size_t element_bytes, const char *in, ptrdiff_t from_row,
                       ptrdiff_t from_column, char *out, ptrdiff_t to_row, ptrdiff_t to_column,
                       ptrdiff_t rows, ptrdiff_t columns)
{
    if (element_bytes == 8)
        COPY_BLOCK(uint64_t);
    else if (element_bytes == 4)
        COPY_BLOCK(uint32_t);
    else
        COPY_BLOCK(uint8_t);
}

static void copy_row(const struct job *job, const char *in, char *out, size_t n)
{
    const struct strided *copy = job->copy;
    ptrdiff_t from = copy->in[job->inner], to = copy->out[job->inner];
    if (from == 1 && to == 1)
        memcpy(out, in, n * copy->element_bytes);
    else
        copy_block(copy->element_bytes, in, 0, from, out, 0, to, 1, (ptrdiff_t)n);
}

/* n lines of a transposition: n steps along `across`, all of `inner`. */
static void copy_lines(const struct job *job, const char *in, char *out, size_t n)
{
    const struct strided *copy = job->copy;
    ptrdiff_t bytes = (ptrdiff_t)copy->element_bytes, count = (ptrdiff_t)copy->counts[job->inner];
    for (ptrdiff_t c = 0; c < count; c += BLOCK)
        copy_block(copy->element_bytes, in + c * copy->in[job->inner] * bytes,
                   copy->in[job->across], copy->in[job->inner],
                   out + c * copy->out[job->inner] * bytes, copy->out[job->across],
                   copy->out[job->inner], (ptrdiff_t)n, count - c < BLOCK ? count - c : BLOCK);
}

static void copy_range(void *arg, size_t first, size_t last)
{
    const struct job *job = arg;
    const struct strided *copy = job->copy;
    bool is_block = job->across < copy->loops;
    uint32_t cut = is_block ? job->across : job->inner;
    for (size_t unit = first; unit < last; unit++) {
        size_t start = unit % job->pieces * job->piece, rest = unit / job->pieces;
        ptrdiff_t from = (ptrdiff_t)start * copy->in[cut], to = (ptrdiff_t)start * copy->out[cut];
        for (uint32_t d = copy->loops; d-- > 0;) {
            if (d == job->inner || d == job->across)
                continue;
            ptrdiff_t at = (ptrdiff_t)(rest % copy->counts[d]);
            rest /= copy->counts[d];
            from += at * copy->in[d];
            to += at * copy->out[d];
        }
        size_t n = copy->counts[cut] - start;
        n = n < job->piece ? n : job->piece;
        const char *in = job->in + from * (ptrdiff_t)copy->element_bytes;
        char *out = job->out + to * (ptrdiff_t)copy->element_bytes;
        if (is_block)
            copy_lines(job, in, out, n);
        else
            copy_row(job, in, out, n);
    }
}

void strided_run(const struct strided *copy, const void *in, void *out, struct thread_pool *pool)
{
    if (copy->is_empty)
        return;
    if (copy->loops == 0) {
        memcpy(out, in, copy->element_bytes);
        return;
    }
    struct job job = {
        .copy = copy, .in = in, .out = out, .inner = copy->loops - 1, .across = copy->loops};
    if (copy->in[job.inner] != 1 && copy->in[job.inner] != 0)
        for (uint32_t d = 0; d < job.inner; d++)
            if (copy->in[d] == 1)
                job.across = d;
    uint32_t cut = job.across < copy->loops ? job.across : job.inner;
    job.piece = cut == job.inner ? CHUNK : BLOCK;
    job.pieces = (copy->counts[cut] + job.piece - 1) / job.piece;
    size_t units = job.pieces;
    for (uint32_t d = 0; d < copy->loops; d++)
        if (d != job.inner && d != job.across)
            units *= copy->counts[d];
    size_t unit_elements = copy->counts[job.inner] * (cut == job.inner ? 1 : BLOCK);
    range_run(pool, units, GRAIN / unit_elements + 1, copy_range, &job);
}

void strided_broadcast(const struct tensor *input, const struct shape *output, void *out,
                       struct thread_pool *pool)
{
    struct strided copy = {.element_bytes = tensor_type_bytes(input->type)};
    uint32_t more = output->rank - input->shape.rank;
    for (uint32_t d = 0; d < output->rank; d++) {
        size_t in = 0;
        if (d >= more && input->shape.dims[d - more] != 1)
            in = shape_span(&input->shape, d - more + 1, input->shape.rank);
        strided_add(&copy, (size_t)output->dims[d], (ptrdiff_t)in,
                    (ptrdiff_t)shape_span(output, d + 1, output->rank));
    }
    strided_run(&copy, input->data, out, pool);
}
