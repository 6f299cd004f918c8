/* Lanes beside each other do not wait for each other, which is what makes a sum fast. */
#include "compute/ops/reduce_loops.h"

#include <math.h>

#define LOOP(NAME, T, A, MEMBER, STEP)                                                             \
    static void NAME(const void *data, size_t rows, size_t stride, size_t n,                       \
                     struct reduce_lanes *lanes)                                                   \
    {                                                                                              \
        const T *in = data;                                                                        \
        const double *shift = lanes->shift;                                                        \
        (void)shift;                                                                               \
        for (size_t r = 0; r < rows; r++, in += stride) {                                          \
            for (size_t j = 0; j < n; j++) {                                                       \
                const A x = in[j], s = lanes->MEMBER[j];                                           \
                lanes->MEMBER[j] = (A)(STEP);                                                      \
            }                                                                                      \
        }                                                                                          \
    }

LOOP(sum_f32, float, double, real, s + x)
LOOP(abs_f32, float, double, real, s + fabs(x))
LOOP(square_f32, float, double, real, s + x * x)
LOOP(product_f32, float, double, real, s *x)
LOOP(max_f32, float, double, real, x > s || x != x ? x : s)
LOOP(min_f32, float, double, real, x < s || x != x ? x : s)
LOOP(exp_f32, float, double, real, s + exp(x - shift[j]))

#define WHOLE_LOOPS(SUFFIX, T)                                                                     \
    LOOP(sum_##SUFFIX, T, int64_t, whole, (uint64_t)s + (uint64_t)x)                               \
    LOOP(abs_##SUFFIX, T, int64_t, whole, (uint64_t)s + (x < 0 ? 0 - (uint64_t)x : (uint64_t)x))   \
    LOOP(square_##SUFFIX, T, int64_t, whole, (uint64_t)s + (uint64_t)x * (uint64_t)x)              \
    LOOP(product_##SUFFIX, T, int64_t, whole, (uint64_t)s *(uint64_t)x)                            \
    LOOP(max_##SUFFIX, T, int64_t, whole, x > s ? x : s)                                           \
    LOOP(min_##SUFFIX, T, int64_t, whole, x < s ? x : s)

WHOLE_LOOPS(i32, int32_t)
WHOLE_LOOPS(i64, int64_t)
WHOLE_LOOPS(u8, uint8_t)

static reduce_loop *const table[REDUCE_KINDS][4] = {
    [REDUCE_SUM] = {sum_f32, sum_i32, sum_i64, sum_u8},
    [REDUCE_ABS] = {abs_f32, abs_i32, abs_i64, abs_u8},
    [REDUCE_SQUARE] = {square_f32, square_i32, square_i64, square_u8},
    [REDUCE_PRODUCT] = {product_f32, product_i32, product_i64, product_u8},
    [REDUCE_MAX] = {max_f32, max_i32, max_i64, max_u8},
    [REDUCE_MIN] = {min_f32, min_i32, min_i64, min_u8},
    [REDUCE_EXP] = {exp_f32, NULL, NULL, NULL},
};

reduce_loop *reduce_loop_find(enum reduce_kind kind, enum tensor_type type)
{
    switch (type) {
    case TENSOR_F32:
        return table[kind][0];
    case TENSOR_I32:
        return table[kind][1];
    case TENSOR_I64:
        return table[kind][2];
    case TENSOR_U8:
        return table[kind][3];
    default:
        return NULL;
    }
}

/* The least and the greatest number of an integer type, for the extremes of nothing. */
static int64_t least(enum tensor_type type)
{
    return type == TENSOR_U8 ? 0 : type == TENSOR_I32 ? INT32_MIN : INT64_MIN;
}

static int64_t greatest(enum tensor_type type)
{
    return type == TENSOR_U8 ? UINT8_MAX : type == TENSOR_I32 ? INT32_MAX : INT64_MAX;
}

void reduce_lanes_clear(struct reduce_lanes *lanes, enum reduce_kind kind, enum tensor_type type,
                        size_t n)
{
    double real = 0;
    int64_t whole = 0;
    if (kind == REDUCE_PRODUCT) {
        real = 1;
        whole = 1;
    } else if (kind == REDUCE_MAX) {
        real = -INFINITY;
        whole = least(type);
    } else if (kind == REDUCE_MIN) {
        real = INFINITY;
        whole = greatest(type);
    }
    for (size_t j = 0; j < n; j++) {
        if (type == TENSOR_F32)
            lanes->real[j] = real;
        else
            lanes->whole[j] = whole;
    }
}

static double join_real(enum reduce_kind kind, double a, double b)
{
    switch (kind) {
    case REDUCE_PRODUCT:
        return a * b;
    case REDUCE_MAX:
        return a > b || a != a ? a : b;
    case REDUCE_MIN:
        return a < b || a != a ? a : b;
    default:
        return a + b;
    }
}

static int64_t join_whole(enum reduce_kind kind, int64_t a, int64_t b)
{
    switch (kind) {
    case REDUCE_PRODUCT:
        return (int64_t)((uint64_t)a * (uint64_t)b);
    case REDUCE_MAX:
        return a > b ? a : b;
    case REDUCE_MIN:
        return a < b ? a : b;
    default:
        return (int64_t)((uint64_t)a + (uint64_t)b);
    }
}

void reduce_lanes_join(struct reduce_lanes *lanes, enum reduce_kind kind, enum tensor_type type,
                       size_t n)
{
    for (size_t j = 1; j < n; j++) {
        if (type == TENSOR_F32)
            lanes->real[0] = join_real(kind, lanes->real[0], lanes->real[j]);
        else
            lanes->whole[0] = join_whole(kind, lanes->whole[0], lanes->whole[j]);
    }
}
