/* Sums, means, norms and extremes over any set of axes.
 *
 * Neighbouring dimensions of one kind (kept or reduced) are merged. Where the innermost is kept,
 * 64 neighbouring outputs are reduced at a time, each in its lane; where it is reduced, one output
 * is, its elements dealt out over the lanes, which are joined at the end. */
#include "compute/ops/list.h"
#include "compute/ops/op.h"
#include "compute/ops/range.h"
#include "compute/ops/reduce_loops.h"

#include <math.h>
#include <string.h>

/* What becomes of the accumulated number. */
enum reduce_finish { FINISH_NONE, FINISH_MEAN, FINISH_ROOT, FINISH_LOG, FINISH_LOG_EXP };

struct reduce {
    const char *op_type;
    enum reduce_kind kind;
    enum reduce_finish finish;
    int64_t axes_opset; /* from where on axes are an input */
};

static const struct reduce table[] = {
    {"ReduceSum", REDUCE_SUM, FINISH_NONE, 13},
    {"ReduceMean", REDUCE_SUM, FINISH_MEAN, 18},
    {"ReduceMax", REDUCE_MAX, FINISH_NONE, 18},
    {"ReduceMin", REDUCE_MIN, FINISH_NONE, 18},
    {"ReduceProd", REDUCE_PRODUCT, FINISH_NONE, 18},
    {"ReduceL1", REDUCE_ABS, FINISH_NONE, 18},
    {"ReduceL2", REDUCE_SQUARE, FINISH_ROOT, 18},
    {"ReduceSumSquare", REDUCE_SQUARE, FINISH_NONE, 18},
    {"ReduceLogSum", REDUCE_SUM, FINISH_LOG, 18},
    {"ReduceLogSumExp", REDUCE_EXP, FINISH_LOG_EXP, 18},
};

/* Loops over the input; counts of 1 are left out. */
struct loops {
    uint32_t count;
    size_t counts[TENSOR_MAX_RANK], strides[TENSOR_MAX_RANK];
};

struct reduce_params {
    const struct reduce *reduce;
    uint32_t axes; /* bit d: dimension d is reduced */
};

static int infer_reduce(struct op_call *call)
{
    struct reduce_params *params = call->params;
    struct list axes;
    int rc = op_require(call, 0, OP_NUMBER);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].op_type, call->node->op_type) == 0)
            params->reduce = &table[i];
    if (!rc)
        rc = list_read(call, 1, "axes", &axes);
    if (!rc)
        rc = list_axes(call, &axes, op_input(call, 0)->shape.rank, &params->axes);
    if (rc)
        return rc;
    const struct tensor *input = op_input(call, 0);
    if (!reduce_loop_find(params->reduce->kind, input->type))
        return op_fail(call, "cannot take an input of type %s", tensor_type_name(input->type));
    bool is_noop = call->node->opset >= params->reduce->axes_opset &&
                   node_int(call->node, "noop_with_empty_axes", 0);
    if (axes.count == 0 && !is_noop)
        params->axes = (1u << input->shape.rank) - 1;
    bool is_kept = node_int(call->node, "keepdims", 1) != 0;
    struct shape shape = {0};
    for (uint32_t d = 0; d < input->shape.rank; d++) {
        bool is_reduced = params->axes >> d & 1;
        if (!is_reduced || is_kept)
            shape.dims[shape.rank++] = is_reduced ? 1 : input->shape.dims[d];
    }
    return op_output_set(call, 0, input->type, &shape);
}

static void add_loop(struct loops *loops, size_t count, size_t stride, bool can_merge)
{
    if (can_merge && loops->count > 0) {
        loops->counts[loops->count - 1] *= count;
        loops->strides[loops->count - 1] = stride;
        return;
    }
    loops->counts[loops->count] = count;
    loops->strides[loops->count++] = stride;
}

struct reduce_run {
    const struct reduce *reduce;
    reduce_loop *loop;
    enum tensor_type type;
    const char *in;
    void *out;
    size_t bytes;
    struct loops kept, reduced;
    bool is_inner_kept;
    size_t elements; /* that each output is made of */
    size_t blocks; /* of lanes along the innermost kept loop, where that is the innermost */
};

/* Takes all elements of one output (n = 0), or of n neighbouring outputs, from `in` on. */
static void accumulate(const struct reduce_run *run, reduce_loop *loop, const char *in, size_t n,
                       struct reduce_lanes *lanes)
{
    uint32_t inner = run->reduced.count - 1;
    size_t rows = run->elements / run->reduced.counts[inner];
    for (size_t row = 0; row < rows; row++) {
        size_t at = 0, rest = row, count = run->reduced.counts[inner];
        for (uint32_t d = inner; d-- > 0; rest /= run->reduced.counts[d])
            at += rest % run->reduced.counts[d] * run->reduced.strides[d];
        const char *from = in + at * run->bytes;
        if (n > 0) {
            loop(from, count, run->reduced.strides[inner], n, lanes);
            continue;
        }
        size_t whole = count / REDUCE_LANES;
        loop(from, whole, REDUCE_LANES, REDUCE_LANES, lanes);
        loop(from + whole * REDUCE_LANES * run->bytes, 1, 0, count % REDUCE_LANES, lanes);
    }
}

static double finish_real(const struct reduce_run *run, double x, double shift)
{
    switch (run->reduce->finish) {
    case FINISH_MEAN:
        return x / (double)run->elements;
    case FINISH_ROOT:
        return sqrt(x);
    case FINISH_LOG:
        return log(x);
    case FINISH_LOG_EXP:
        return log(x) + shift;
    case FINISH_NONE:
        break;
    }
    return x;
}

static int64_t finish_whole(const struct reduce_run *run, int64_t x)
{
    switch (run->reduce->finish) {
    case FINISH_MEAN:
        return run->elements ? x / (int64_t)run->elements : 0;
    case FINISH_ROOT:
        return x > 0 ? (int64_t)sqrt((double)x) : 0;
    case FINISH_LOG:
        return x > 0 ? (int64_t)log((double)x) : 0;
    default:
        return x;
    }
}

static void store(const struct reduce_run *run, size_t at, const struct reduce_lanes *lanes,
                  size_t lane)
{
    int64_t whole = run->type == TENSOR_F32 ? 0 : finish_whole(run, lanes->whole[lane]);
    switch (run->type) {
    case TENSOR_F32:
        ((float *)run->out)[at] = (float)finish_real(run, lanes->real[lane], lanes->shift[lane]);
        break;
    case TENSOR_I32:
        ((int32_t *)run->out)[at] = (int32_t)whole;
        break;
    case TENSOR_I64:
        ((int64_t *)run->out)[at] = whole;
        break;
    default:
        ((uint8_t *)run->out)[at] = (uint8_t)whole;
    }
}

/* Fills lanes for the outputs at `in`: n of them, or one where n is 0. */
static void reduce_outputs(const struct reduce_run *run, const char *in, size_t n,
                           struct reduce_lanes *lanes)
{
    enum reduce_kind kind = run->reduce->kind;
    size_t inner = run->reduced.counts[run->reduced.count - 1];
    size_t used = n ? n : inner < REDUCE_LANES ? inner : REDUCE_LANES;
    if (kind == REDUCE_EXP) { /* relative to the largest element, so that e^x cannot overflow */
        reduce_lanes_clear(lanes, REDUCE_MAX, run->type, used);
        accumulate(run, reduce_loop_find(REDUCE_MAX, run->type), in, n, lanes);
        if (n == 0)
            reduce_lanes_join(lanes, REDUCE_MAX, run->type, used);
        for (size_t j = 0; j < used; j++) {
            double largest = lanes->real[n ? j : 0];
            lanes->shift[j] = isfinite(largest) ? largest : 0;
        }
    }
    reduce_lanes_clear(lanes, kind, run->type, used);
    accumulate(run, run->loop, in, n, lanes);
    if (n == 0)
        reduce_lanes_join(lanes, kind, run->type, used);
}

static void reduce_range(void *arg, size_t first, size_t last)
{
    const struct reduce_run *run = arg;
    struct reduce_lanes lanes;
    memset(lanes.shift, 0, sizeof(lanes.shift));
    for (size_t unit = first; unit < last; unit++) {
        size_t rest = unit, at = 0, to = unit, n = 0;
        uint32_t outer = run->kept.count;
        if (run->is_inner_kept) {
            size_t width = run->kept.counts[--outer];
            size_t begin = unit % run->blocks * REDUCE_LANES;
            n = width - begin < REDUCE_LANES ? width - begin : REDUCE_LANES;
            rest = unit / run->blocks;
            to = rest * width + begin;
            at = begin;
        }
        for (uint32_t d = outer; d-- > 0; rest /= run->kept.counts[d])
            at += rest % run->kept.counts[d] * run->kept.strides[d];
        reduce_outputs(run, run->in + at * run->bytes, n, &lanes);
        for (size_t j = 0; j < (n ? n : 1); j++)
            store(run, to + j, &lanes, j);
    }
}

/* An empty set of elements: what clear leaves, finished. */
static void reduce_nothing(const struct reduce_run *run, size_t count)
{
    struct reduce_lanes lanes = {0};
    reduce_lanes_clear(&lanes, run->reduce->kind, run->type, 1);
    for (size_t i = 0; i < count; i++)
        store(run, i, &lanes, 0);
}

static void compute_reduce(const struct op_call *call)
{
    const struct reduce_params *params = call->params;
    const struct tensor *input = op_input(call, 0);
    struct tensor *output = op_output(call, 0);
    if (!output || tensor_count(output) == 0)
        return;
    struct reduce_run run = {.reduce = params->reduce,
                             .loop = reduce_loop_find(params->reduce->kind, input->type),
                             .type = input->type,
                             .in = input->data,
                             .out = output->data,
                             .bytes = tensor_type_bytes(input->type),
                             .elements = 1};
    if (tensor_count(input) == 0) {
        run.elements = 0;
        reduce_nothing(&run, tensor_count(output));
        return;
    }
    bool was_reduced = false, is_first = true;
    for (uint32_t d = 0; d < input->shape.rank; d++) {
        size_t dim = (size_t)input->shape.dims[d];
        if (dim == 1)
            continue;
        bool is_reduced = params->axes >> d & 1;
        size_t stride = shape_span(&input->shape, d + 1, input->shape.rank);
        add_loop(is_reduced ? &run.reduced : &run.kept, dim, stride,
                 !is_first && is_reduced == was_reduced);
        run.elements *= is_reduced ? dim : 1;
        was_reduced = is_reduced;
        is_first = false;
    }
    run.is_inner_kept = !is_first && !was_reduced;
    if (run.reduced.count == 0)
        add_loop(&run.reduced, 1, 1, false);
    size_t units = tensor_count(output);
    if (run.is_inner_kept) {
        size_t width = run.kept.counts[run.kept.count - 1];
        run.blocks = (width + REDUCE_LANES - 1) / REDUCE_LANES;
        units = units / width * run.blocks;
    }
    range_run(call->pool, units, 16384 / run.elements + 1, reduce_range, &run);
}

#define REDUCE(NAME)                                                                               \
    {                                                                                              \
        .type = NAME, .domain = "", .min_inputs = 1, .max_inputs = 2, .min_outputs = 1,            \
        .max_outputs = 1, .params_bytes = sizeof(struct reduce_params), .shape_inputs = 1u << 1,   \
        .infer = infer_reduce, .compute = compute_reduce                                           \
    }

extern const struct op op_reduce[];
const struct op op_reduce[] = {
    REDUCE("ReduceSum"),    REDUCE("ReduceMean"),
    REDUCE("ReduceMax"),    REDUCE("ReduceMin"),
    REDUCE("ReduceProd"),   REDUCE("ReduceL1"),
    REDUCE("ReduceL2"),     REDUCE("ReduceSumSquare"),
    REDUCE("ReduceLogSum"), REDUCE("ReduceLogSumExp"),
    {.type = NULL},
};
