/* Tests of compute/ops/conv.c and conv_transpose.c against sums written out, in double. */
#include "compute/ops/conv.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/op_case.h"
#include "tests/unit/random_shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct drawn {
    uint32_t rank;
    int64_t groups, images, in_maps, out_maps; /* maps of a group */
    int64_t size[3], kernel[3], stride[3], dilation[3], pads[6], extra[3], out[3];
    bool has_bias;
};

static bool draw(uint64_t *seed, bool is_transposed, struct drawn *d)
{
    *d = (struct drawn){.rank = (uint32_t)random_between(seed, 1, 3)};
    d->groups = random_between(seed, 0, 2) == 0 ? random_between(seed, 2, 3) : 1;
    d->images = random_between(seed, 1, 3);
    d->in_maps = random_between(seed, 1, 4);
    d->out_maps = random_between(seed, 1, 4);
    d->has_bias = random_between(seed, 0, 1) == 1;
    bool is_point = random_between(seed, 0, 7) == 0;
    for (uint32_t i = 0; i < d->rank; i++) {
        d->size[i] = random_between(seed, 1, d->rank == 3 ? 7 : 14);
        d->kernel[i] = is_point ? 1 : random_between(seed, 1, 4);
        d->stride[i] = is_point ? 1 : random_between(seed, 1, 3);
        d->dilation[i] = random_between(seed, 1, 3);
        d->pads[i] = is_point ? 0 : random_between(seed, 0, 3);
        d->pads[d->rank + i] = is_point ? 0 : random_between(seed, 0, 3);
        int64_t extent = (d->kernel[i] - 1) * d->dilation[i] + 1;
        int64_t pads = d->pads[i] + d->pads[d->rank + i];
        if (is_transposed) {
            d->extra[i] = random_between(seed, 0, d->stride[i] - 1);
            d->out[i] = (d->size[i] - 1) * d->stride[i] + extent + d->extra[i] - pads;
        } else {
            int64_t room = d->size[i] + pads - extent;
            d->out[i] = room < 0 ? 0 : room / d->stride[i] + 1;
        }
        if (d->out[i] < 1)
            return false;
    }
    return true;
}

/* Element (n, c, at...) of a tensor with these axes. */
static size_t offset_of(int64_t n, int64_t channels, int64_t c, const int64_t *at,
                        const int64_t *dims, uint32_t rank)
{
    size_t offset = (size_t)(n * channels + c);
    for (uint32_t i = 0; i < rank; i++)
        offset = offset * (size_t)dims[i] + (size_t)at[i];
    return offset;
}

/* Every product of the definition, added where it belongs; *largest gets the largest magnitude. */
static double *brute(const struct drawn *d, bool is_transposed, const float *x, const float *w,
                     const float *bias, double *largest)
{
    const int64_t *grid = is_transposed ? d->size : d->out;
    const int64_t *image = is_transposed ? d->out : d->size;
    int64_t in = d->groups * d->in_maps, out = d->groups * d->out_maps;
    size_t count = (size_t)(d->images * out);
    for (uint32_t i = 0; i < d->rank; i++)
        count *= (size_t)d->out[i];
    double *y = calloc(count, sizeof(double));
    for (size_t i = 0; bias && i < count; i++)
        y[i] = (double)bias[i / (count / (size_t)(d->images * out)) % (size_t)out];
    for (int64_t n = 0; n < d->images; n++)
        for (int64_t o = 0; o < out; o++)
            for (int64_t i = 0; i < d->in_maps; i++) {
                int64_t group = o / d->out_maps, c = group * d->in_maps + i;
                int64_t at[3] = {0};
                do {
                    int64_t tap[3] = {0};
                    do {
                        int64_t there[3];
                        bool is_inside = true;
                        for (uint32_t k = 0; k < d->rank; k++) {
                            there[k] = at[k] * d->stride[k] - d->pads[k] + tap[k] * d->dilation[k];
                            is_inside = is_inside && there[k] >= 0 && there[k] < image[k];
                        }
                        if (!is_inside)
                            continue;
                        const int64_t *from = is_transposed ? at : there;
                        const int64_t *to = is_transposed ? there : at;
                        size_t weight = is_transposed
                                            ? offset_of(c, d->out_maps, o % d->out_maps, tap,
                                                        d->kernel, d->rank)
                                            : offset_of(o, d->in_maps, i, tap, d->kernel, d->rank);
                        y[offset_of(n, out, o, to, d->out, d->rank)] +=
                            (double)x[offset_of(n, in, c, from, d->size, d->rank)] *
                            (double)w[weight];
                    } while (next_index(tap, d->kernel, d->rank));
                } while (next_index(at, grid, d->rank));
            }
    *largest = 0;
    for (size_t i = 0; i < count; i++)
        *largest = fmax(*largest, fabs(y[i]));
    return y;
}

static bool agrees(const struct drawn *d, bool is_transposed, struct thread_pool *pool)
{
    char attributes[512] = "", x[128], w[128], b[128];
    int64_t in = d->groups * d->in_maps, out = d->groups * d->out_maps;
    int64_t x_dims[5] = {d->images, in};
    int64_t w_dims[5] = {is_transposed ? in : out, is_transposed ? d->out_maps : d->in_maps};
    memcpy(x_dims + 2, d->size, d->rank * sizeof(int64_t));
    memcpy(w_dims + 2, d->kernel, d->rank * sizeof(int64_t));
    append_list(attributes, sizeof(attributes), "strides", d->stride, d->rank);
    append_list(attributes, sizeof(attributes), "dilations", d->dilation, d->rank);
    append_list(attributes, sizeof(attributes), "pads", d->pads, 2 * d->rank);
    if (is_transposed)
        append_list(attributes, sizeof(attributes), "output_padding", d->extra, d->rank);
    size_t used = strlen(attributes);
    snprintf(attributes + used, sizeof(attributes) - used, " group=%d", (int)d->groups);
    random_tensor_text(x, sizeof(x), "f32", x_dims, d->rank + 2, 1);
    random_tensor_text(w, sizeof(w), "f32", w_dims, d->rank + 2, 2);
    random_tensor_text(b, sizeof(b), "f32", &out, 1, 3);
    struct op_case test = {.type = is_transposed ? "ConvTranspose" : "Conv",
                           .opset = 11,
                           .attributes = attributes,
                           .inputs = {x, w, d->has_bias ? b : NULL},
                           .outputs = {"y"}};
    struct op_run run;
    op_run_init(&run, &test);
    bool ok = op_run_infer(&run, &test) == 0;
    if (ok) {
        op_run_compute(&run, pool);
        double largest;
        double *y = brute(d, is_transposed, run.inputs[0].data, run.inputs[1].data,
                          d->has_bias ? run.inputs[2].data : NULL, &largest);
        const struct shape *shape = &run.outputs[0].shape;
        ok = shape->rank == d->rank + 2 && shape->dims[0] == d->images && shape->dims[1] == out &&
             memcmp(shape->dims + 2, d->out, d->rank * sizeof(int64_t)) == 0;
        for (size_t i = 0; ok && i < tensor_count(&run.outputs[0]); i++)
            ok = fabs((double)((float *)run.outputs[0].data)[i] - y[i]) <= 1e-6 * largest;
        free(y);
    }
    if (!ok)
        fprintf(stderr, "\n%s%s x %s w %s: %s\n", test.type, attributes, x, w, run.error.text);
    op_run_fini(&run);
    return ok;
}

static void random_shapes(bool is_transposed)
{
    uint64_t seed = 20240607;
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    for (unsigned done = 0; done < 400;) {
        struct drawn d;
        if (!draw(&seed, is_transposed, &d))
            continue;
        CU_ASSERT_TRUE(agrees(&d, is_transposed, done % 2 ? pool : NULL));
        done++;
    }
    thread_pool_destroy(pool);
}

static void convolves(void)
{
    random_shapes(false);
}

static void convolves_transposed(void)
{
    random_shapes(true);
}

/* Enough positions and depth for several blocks. */
static void works_in_blocks(void)
{
    struct drawn wide = {.rank = 2,
                         .groups = 1,
                         .images = 1,
                         .in_maps = 40,
                         .out_maps = 3,
                         .size = {70, 71},
                         .kernel = {5, 5},
                         .stride = {1, 1},
                         .dilation = {1, 1},
                         .pads = {2, 2, 2, 2},
                         .out = {70, 71}};
    struct thread_pool *pool;
    CU_ASSERT_EQUAL_FATAL(thread_pool_create(3, &pool), 0);
    CU_ASSERT_TRUE(agrees(&wide, false, NULL));
    CU_ASSERT_TRUE(agrees(&wide, false, pool));
    CU_ASSERT_TRUE(agrees(&wide, true, NULL));
    CU_ASSERT_TRUE(agrees(&wide, true, pool));
    wide.out_maps = 70;
    wide.in_maps = 2;
    CU_ASSERT_TRUE(agrees(&wide, true, NULL));
    thread_pool_destroy(pool);
}

static void resolves_auto_pad(void)
{
    static const struct {
        const char *type, *attributes, *x, *w;
        int64_t out, begin, end;
    } cases[] = {
        /* As ONNX Runtime 1.30 shapes and places them. */
        {"Conv", "auto_pad='SAME_UPPER' strides=[2]", "f32[1,1,7]: 1", "f32[1,1,4]: 1", 4, 1, 2},
        {"Conv", "auto_pad='SAME_LOWER' strides=[2]", "f32[1,1,7]: 1", "f32[1,1,4]: 1", 4, 2, 1},
        {"Conv", "auto_pad='SAME_UPPER' strides=[3]", "f32[1,1,7]: 1", "f32[1,1,1]: 1", 3, 0, 0},
        {"Conv", "auto_pad='VALID' pads=[5,5]", "f32[1,1,7]: 1", "f32[1,1,4]: 1", 4, 0, 0},
        {"ConvTranspose", "auto_pad='SAME_UPPER' strides=[2]", "f32[1,1,3]: 1", "f32[1,1,5]: 1", 6,
         1, 2},
        {"ConvTranspose", "auto_pad='SAME_LOWER' strides=[2]", "f32[1,1,3]: 1", "f32[1,1,5]: 1", 6,
         2, 1},
        {"ConvTranspose", "output_shape=[7] strides=[2]", "f32[1,1,3]: 1", "f32[1,1,5]: 1", 7, 1,
         1},
        {"ConvTranspose", "output_shape=[1,1,6] strides=[2]", "f32[1,1,3]: 1", "f32[1,1,5]: 1", 6,
         2, 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct op_case test = {.type = cases[i].type,
                               .opset = 11,
                               .attributes = cases[i].attributes,
                               .inputs = {cases[i].x, cases[i].w},
                               .outputs = {"y"}};
        struct op_run run;
        op_run_init(&run, &test);
        CU_ASSERT_EQUAL(op_run_infer(&run, &test), 0);
        const struct conv_params *params = run.call.params;
        CU_ASSERT_EQUAL(run.outputs[0].shape.dims[2], cases[i].out);
        CU_ASSERT_EQUAL(params->window.pad_begin[0], cases[i].begin);
        CU_ASSERT_EQUAL(params->window.pad_end[0], cases[i].end);
        op_run_fini(&run);
    }
}

static void refuses(void)
{
    static const struct {
        const char *type, *attributes, *x, *w, *b, *words;
    } cases[] = {
        {"Conv", "strides=[0,1]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "strides"},
        {"Conv", "strides=[-2,1]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "strides"},
        {"Conv", "strides=[1]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "strides"},
        {"Conv", "dilations=[0,1]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "dilations"},
        {"Conv", "dilations=[9223372036854775807,1]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL,
         "dilations"},
        {"Conv", "pads=[0,0,-1,0]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "pads"},
        {"Conv", "pads=[0,0]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "pads"},
        {"Conv", "pads=[9223372036854775807,0,1,0]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL,
         "pads"},
        {"Conv", "pads=[2000000000,2000000000,2000000000,2000000000]", "f32[1,1,5,5]: 1",
         "f32[1,1,3,3]: 1", NULL, "too large"},
        {"Conv", "kernel_shape=[3,2]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "kernel_shape"},
        {"Conv", "auto_pad='SAME'", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "auto_pad"},
        {"Conv", "", "f32[1,1,5,2]: 1", "f32[1,1,3,3]: 1", NULL, "does not fit"},
        {"Conv", "group=0", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "group"},
        {"Conv", "group=2", "f32[1,3,5,5]: 1", "f32[2,1,3,3]: 1", NULL, "groups"},
        {"Conv", "", "f32[1,3,5,5]: 1", "f32[2,2,3,3]: 1", NULL, "channels"},
        {"Conv", "", "f32[1,3,5,5]: 1", "f32[2,3,3]: 1", NULL, "rank"},
        {"Conv", "", "f32[1,3]: 1", "f32[2,3]: 1", NULL, "rank"},
        {"Conv", "", "f32[1,3,5,5]: 1", "f32[2,3,3,3]: 1", "f32[3]: 1", "bias"},
        {"Conv", "", "i32[1,3,5,5]: 1", "f32[2,3,3,3]: 1", NULL, "type"},
        {"ConvTranspose", "output_padding=[-1,0]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL,
         "output_padding"},
        {"ConvTranspose", "output_shape=[0,4]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL,
         "output_shape"},
        {"ConvTranspose", "output_shape=[1,2,3]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL,
         "output_shape"},
        {"ConvTranspose", "pads=[4,4,4,4]", "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "would be"},
        {"ConvTranspose", "strides=[2147483647,2147483647] dilations=[2147483647,2147483647]",
         "f32[1,1,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "would be"},
        {"ConvTranspose", "", "f32[1,2,5,5]: 1", "f32[1,1,3,3]: 1", NULL, "channels"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct op_case test = {.type = cases[i].type,
                               .opset = 11,
                               .attributes = cases[i].attributes,
                               .inputs = {cases[i].x, cases[i].w, cases[i].b},
                               .outputs = {"y"}};
        CU_ASSERT_TRUE(op_case_refused(&test, cases[i].words));
    }
}

const struct cunit_test tests[] = {
    {"400 random convolutions of 1 to 3 axes equal the definition's sums", convolves},
    {"400 random transposed convolutions equal the definition's sums", convolves_transposed},
    {"convolutions over several blocks equal the definition's sums", works_in_blocks},
    {"auto_pad and output_shape resolve to pads", resolves_auto_pad},
    {"hostile attributes and shapes are refused", refuses},
    {NULL, NULL},
};
