/* Tests of compute/ops/pool*.c against windows walked element by element. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/op_case.h"
#include "tests/unit/random_shape.h"

#include <math.h>
#include <string.h>

enum kind { MAX, AVERAGE, LP };

struct drawn {
    enum kind kind;
    uint32_t rank;
    int64_t planes[2], size[3], kernel[3], stride[3], dilation[3], pads[6], out[3];
    bool ceil_mode, include_pad, column_major, is_u8;
    int64_t p;
};

static bool draw(uint64_t *seed, struct drawn *d)
{
    *d = (struct drawn){.kind = (enum kind)random_between(seed, 0, 2),
                        .rank = (uint32_t)random_between(seed, 1, 3)};
    d->planes[0] = random_between(seed, 1, 2);
    d->planes[1] = random_between(seed, 1, 3);
    d->ceil_mode = random_between(seed, 0, 1);
    d->include_pad = d->kind == AVERAGE && random_between(seed, 0, 1);
    d->column_major = random_between(seed, 0, 1);
    d->is_u8 = d->kind == MAX && random_between(seed, 0, 2) == 0;
    d->p = random_between(seed, 1, 3);
    for (uint32_t i = 0; i < d->rank; i++) {
        d->size[i] = random_between(seed, 1, 9);
        d->kernel[i] = random_between(seed, 1, 4);
        d->stride[i] = random_between(seed, 1, 4);
        d->dilation[i] = random_between(seed, 1, 2);
        d->pads[i] = random_between(seed, 0, d->kernel[i] - 1);
        d->pads[d->rank + i] = random_between(seed, 0, d->kernel[i] - 1);
        /* Count positions one by one: a window must fit; with ceil_mode it may run over the end by
         * less than a stride if it starts before it. */
        int64_t extent = (d->kernel[i] - 1) * d->dilation[i] + 1;
        int64_t end = d->size[i] + d->pads[d->rank + i];
        int64_t at = -d->pads[i];
        for (; at + extent <= end; at += d->stride[i])
            d->out[i]++;
        if (d->out[i] == 0)
            return false;
        if (d->ceil_mode && at - d->stride[i] + extent < end && at < d->size[i])
            d->out[i]++;
    }
    return true;
}

static double get(const struct tensor *tensor, size_t i)
{
    return tensor->type == TENSOR_U8 ? (double)((const uint8_t *)tensor->data)[i]
                                     : (double)((const float *)tensor->data)[i];
}

/* One output element by the definition; the winner's number in *index. */
static double window_value(const struct drawn *d, const struct tensor *x, size_t plane,
                           const int64_t *at, int64_t *index)
{
    double best = -INFINITY, sum = 0;
    size_t plane_size = 1, count = 0;
    for (uint32_t i = 0; i < d->rank; i++)
        plane_size *= (size_t)d->size[i];
    *index = -1;
    int64_t tap[3] = {0};
    do {
        bool is_inside = true, is_padded = true;
        size_t row = 0, column = 0;
        int64_t there[3];
        for (uint32_t i = 0; i < d->rank; i++) {
            there[i] = at[i] * d->stride[i] - d->pads[i] + tap[i] * d->dilation[i];
            is_inside = is_inside && there[i] >= 0 && there[i] < d->size[i];
            is_padded = is_padded && there[i] < d->size[i] + d->pads[d->rank + i];
            row = row * (size_t)d->size[i] + (size_t)there[i];
        }
        for (uint32_t i = d->rank; i-- > 0;)
            column = column * (size_t)d->size[i] + (size_t)there[i];
        count += d->include_pad ? is_padded : is_inside;
        if (!is_inside)
            continue;
        double value = get(x, plane * plane_size + row);
        sum += d->kind == LP ? pow(fabs(value), (double)d->p) : value;
        if (value > best) {
            best = value;
            *index = (int64_t)(plane * plane_size + (d->column_major ? column : row));
        }
    } while (next_index(tap, d->kernel, d->rank));
    if (d->kind == MAX)
        return best;
    return d->kind == LP ? pow(sum, 1 / (double)d->p) : count ? sum / (double)count : 0;
}

static bool agrees(const struct drawn *d, struct thread_pool *pool)
{
    static const char *const names[] = {"MaxPool", "AveragePool", "LpPool"};
    char attributes[512] = "", x[128];
    int64_t dims[5] = {d->planes[0], d->planes[1]};
    memcpy(dims + 2, d->size, d->rank * sizeof(int64_t));
    append_list(attributes, sizeof(attributes), "kernel_shape", d->kernel, d->rank);
    append_list(attributes, sizeof(attributes), "strides", d->stride, d->rank);
    append_list(attributes, sizeof(attributes), "dilations", d->dilation, d->rank);
    append_list(attributes, sizeof(attributes), "pads", d->pads, 2 * d->rank);
    size_t used = strlen(attributes);
    snprintf(attributes + used, sizeof(attributes) - used,
             " ceil_mode=%d count_include_pad=%d storage_order=%d p=%d", d->ceil_mode,
             d->include_pad, d->column_major, (int)d->p);
    random_tensor_text(x, sizeof(x), d->is_u8 ? "u8" : "f32", dims, d->rank + 2, 5);
    struct op_case test = {.type = names[d->kind],
                           .opset = 18,
                           .attributes = attributes,
                           .inputs = {x},
                           .outputs = {"y", d->kind == MAX ? "indices" : NULL}};
    struct op_run run;
    op_run_init(&run, &test);
    bool ok = op_run_infer(&run, &test) == 0;
    const struct shape *shape = &run.outputs[0].shape;
    ok = ok && shape->rank == d->rank + 2 && memcmp(shape->dims, d->planes, 16) == 0 &&
         memcmp(shape->dims + 2, d->out, d->rank * sizeof(int64_t)) == 0;
    if (ok) {
        op_run_compute(&run, pool);
        size_t number = 0;
        for (size_t plane = 0; plane < (size_t)(d->planes[0] * d->planes[1]); plane++) {
            int64_t at[3] = {0};
            do {
                int64_t index;
                double expected = window_value(d, &run.inputs[0], plane, at, &index);
                if (d->is_u8 && index < 0)
                    expected = 0;
                double got = get(&run.outputs[0], number);
                ok = ok && (got == expected || fabs(got - expected) < 2e-6 * fmax(1, expected));
                if (d->kind == MAX)
                    ok = ok && ((int64_t *)run.outputs[1].data)[number] == index;
                number++;
            } while (next_index(at, d->out, d->rank));
        }
    }
    if (!ok)
        fprintf(stderr, "\n%s%s x %s: %s\n", test.type, attributes, x, run.error.text);
    op_run_fini(&run);
    return ok;
}

static void pools(void)
{
    uint64_t seed = 77;
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (unsigned done = 0; done < 600;) {
        struct drawn d;
        if (!draw(&seed, &d))
            continue;
        CU_ASSERT_TRUE(agrees(&d, done % 2 ? pool : NULL));
        done++;
    }
    thread_pool_destroy(pool);
}

static void corner_cases(void)
{
    /* The numbers are ONNX Runtime 1.30's. */
    static const struct op_case cases[] = {
        {.name = "ceil_mode makes room for a window larger than the input",
         .type = "MaxPool",
         .opset = 12,
         .attributes = "kernel_shape=[4] strides=[4] ceil_mode=1",
         .inputs = {"f32[1,1,3]: 1 3 2"},
         .outputs = {"f32[1,1,1]: 3"}},
        {.name = "a last window that would start in the padding after the input is dropped",
         .type = "MaxPool",
         .opset = 12,
         .attributes = "kernel_shape=[2] strides=[3] pads=[1,1] ceil_mode=1",
         .inputs = {"f32[1,1,5]: 1 2 3 4 5"},
         .outputs = {"f32[1,1,2]: 1 4"}},
        {.name = "what ceil_mode adds after the padding does not count",
         .type = "AveragePool",
         .opset = 11,
         .attributes = "kernel_shape=[3] strides=[2] pads=[1,1] ceil_mode=1 count_include_pad=1",
         .inputs = {"f32[1,1,4]: 3 6 9 12"},
         .outputs = {"f32[1,1,3]: 3 9 6"}},
    };
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

static void refuses(void)
{
    static const struct {
        const char *type, *attributes, *x, *words;
    } cases[] = {
        {"MaxPool", "strides=[1]", "f32[1,1,5]: 1", "kernel_shape is missing"},
        {"MaxPool", "kernel_shape=[0]", "f32[1,1,5]: 1", "kernel_shape"},
        {"MaxPool", "kernel_shape=[2,2]", "f32[1,1,5]: 1", "kernel_shape"},
        {"MaxPool", "kernel_shape=[6]", "f32[1,1,5]: 1", "does not fit"},
        {"MaxPool", "kernel_shape=[2] pads=[2,0]", "f32[1,1,5]: 1", "padding"},
        {"MaxPool", "kernel_shape=[2] strides=[0]", "f32[1,1,5]: 1", "strides"},
        {"MaxPool", "kernel_shape=[2] storage_order=2", "f32[1,1,5]: 1", "storage_order"},
        {"MaxPool", "kernel_shape=[2]", "i64[1,1,5]: 1", "type"},
        {"MaxPool", "kernel_shape=[2]", "f32[1,5]: 1", "rank"},
        {"AveragePool", "kernel_shape=[2]", "u8[1,1,5]: 1", "type"},
        {"LpPool", "kernel_shape=[2] p=0", "f32[1,1,5]: 1", "attribute p"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct op_case test = {.type = cases[i].type,
                               .opset = 12,
                               .attributes = cases[i].attributes,
                               .inputs = {cases[i].x},
                               .outputs = {"y"}};
        CU_ASSERT_TRUE(op_case_refused(&test, cases[i].words));
    }
}

static void needs_its_first_output(void)
{
    static const struct op_case test = {.type = "MaxPool",
                                        .opset = 12,
                                        .attributes = "kernel_shape=[2]",
                                        .inputs = {"f32[1,1,5]: 1"},
                                        .outputs = {"", "indices"}};
    CU_ASSERT_TRUE(op_case_refused(&test, "output 0 is missing"));
}

static void pools_empty_planes(void)
{
    static const struct op_case cases[] = {
        {.type = "GlobalMaxPool",
         .opset = 12,
         .inputs = {"f32[0,2,3,3]:"},
         .outputs = {"f32[0,2,1,1]:"}},
        {.type = "GlobalAveragePool",
         .opset = 12,
         .inputs = {"f32[0,2,4294967296,4294967296]:"},
         .outputs = {"f32[0,2,1,1]:"}},
    };
    op_case_check_all(cases, sizeof(cases) / sizeof(cases[0]));
}

const struct cunit_test tests[] = {
    {"600 random pools of 1 to 3 axes equal windows walked one by one", pools},
    {"ceil_mode's corner cases are ONNX Runtime's", corner_cases},
    {"hostile attributes and shapes are refused", refuses},
    {"an empty batch of planes of any size is pooled to nothing", pools_empty_planes},
    {"a pool without its first output is refused", needs_its_first_output},
    {NULL, NULL},
};
