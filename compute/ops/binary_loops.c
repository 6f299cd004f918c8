/* The loops of the binary operators, made for each type from one expression each.
 *
 * Integers wrap around (they are computed unsigned), division truncates towards zero, and division
 * by zero, which no run may fail on, gives 0. A float minimum or maximum of a NaN is NaN. */
#include "compute/ops/binary.h"

#include <math.h>
#include <string.h>

#define LOOP(NAME, T, U, R, EXPRESSION)                                                            \
    static void NAME(const void *x, size_t x_step, const void *y, size_t y_step, void *z,          \
                     size_t n)                                                                     \
    {                                                                                              \
        const T *left = x;                                                                         \
        const U *right = y;                                                                        \
        R *out = z;                                                                                \
        if (x_step && y_step) {                                                                    \
            for (size_t i = 0; i < n; i++) {                                                       \
                T a = left[i];                                                                     \
                U b = right[i];                                                                    \
                out[i] = (R)(EXPRESSION);                                                          \
            }                                                                                      \
        } else if (x_step) {                                                                       \
            U b = right[0];                                                                        \
            for (size_t i = 0; i < n; i++) {                                                       \
                T a = left[i];                                                                     \
                out[i] = (R)(EXPRESSION);                                                          \
            }                                                                                      \
        } else if (y_step) {                                                                       \
            T a = left[0];                                                                         \
            for (size_t i = 0; i < n; i++) {                                                       \
                U b = right[i];                                                                    \
                out[i] = (R)(EXPRESSION);                                                          \
            }                                                                                      \
        } else {                                                                                   \
            T a = left[0];                                                                         \
            U b = right[0];                                                                        \
            for (size_t i = 0; i < n; i++)                                                         \
                out[i] = (R)(EXPRESSION);                                                          \
        }                                                                                          \
    }

static int32_t divide_i32(int32_t a, int32_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b;
}

static int64_t divide_i64(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? (int64_t)(0u - (uint64_t)a) : a / b;
}

/* A double as an integer in [low, high], truncated; NaN is 0. */
static int64_t saturate(double x, int64_t low, int64_t high)
{
    if (isnan(x))
        return 0;
    if (x <= (double)low)
        return low;
    return x >= (double)high ? high : (int64_t)x;
}

/* a to the power b, wrapping around like repeated multiplication. */
static int64_t power_i64(int64_t a, int64_t b)
{
    if (b < 0) {
        if (a == 1 || a == -1)
            return b % 2 ? a : 1;
        return a == 0 ? INT64_MAX : 0;
    }
    uint64_t result = 1, square = (uint64_t)a;
    for (uint64_t bits = (uint64_t)b; bits; bits >>= 1, square *= square)
        if (bits & 1)
            result *= square;
    return (int64_t)result;
}

static float power_f32(float a, double b)
{
    return b == 2 ? a * a : (float)pow((double)a, b);
}

LOOP(add_f32, float, float, float, a + b)
LOOP(add_i32, int32_t, int32_t, int32_t, (uint32_t)a + (uint32_t)b)
LOOP(add_i64, int64_t, int64_t, int64_t, (uint64_t)a + (uint64_t)b)
LOOP(add_u8, uint8_t, uint8_t, uint8_t, a + b)
LOOP(sub_f32, float, float, float, a - b)
LOOP(sub_i32, int32_t, int32_t, int32_t, (uint32_t)a - (uint32_t)b)
LOOP(sub_i64, int64_t, int64_t, int64_t, (uint64_t)a - (uint64_t)b)
LOOP(sub_u8, uint8_t, uint8_t, uint8_t, a - b)
LOOP(mul_f32, float, float, float, (a) * (b))
LOOP(mul_i32, int32_t, int32_t, int32_t, ((uint32_t)a) * (uint32_t)b)
LOOP(mul_i64, int64_t, int64_t, int64_t, ((uint64_t)a) * (uint64_t)b)
LOOP(mul_u8, uint8_t, uint8_t, uint8_t, (a) * (b))
LOOP(div_f32, float, float, float, a / b)
LOOP(div_i32, int32_t, int32_t, int32_t, divide_i32(a, b))
LOOP(div_i64, int64_t, int64_t, int64_t, divide_i64(a, b))
LOOP(div_u8, uint8_t, uint8_t, uint8_t, b ? a / b : 0)
LOOP(min_f32, float, float, float, a < b || a != a ? a : b)
LOOP(min_i32, int32_t, int32_t, int32_t, a < b ? a : b)
LOOP(min_i64, int64_t, int64_t, int64_t, a < b ? a : b)
LOOP(min_u8, uint8_t, uint8_t, uint8_t, a < b ? a : b)
LOOP(max_f32, float, float, float, a > b || a != a ? a : b)
LOOP(max_i32, int32_t, int32_t, int32_t, a > b ? a : b)
LOOP(max_i64, int64_t, int64_t, int64_t, a > b ? a : b)
LOOP(max_u8, uint8_t, uint8_t, uint8_t, a > b ? a : b)
LOOP(prelu_f32, float, float, float, a < 0 ? a * b : a)
LOOP(prelu_i32, int32_t, int32_t, int32_t, a < 0 ? (int32_t)((uint32_t)a * (uint32_t)b) : a)
LOOP(prelu_i64, int64_t, int64_t, int64_t, a < 0 ? (int64_t)((uint64_t)a * (uint64_t)b) : a)

LOOP(equal_f32, float, float, uint8_t, a == b)
LOOP(equal_i32, int32_t, int32_t, uint8_t, a == b)
LOOP(equal_i64, int64_t, int64_t, uint8_t, a == b)
LOOP(equal_u8, uint8_t, uint8_t, uint8_t, a == b)
LOOP(equal_bool, uint8_t, uint8_t, uint8_t, !a == !b)
LOOP(greater_f32, float, float, uint8_t, a > b)
LOOP(greater_i32, int32_t, int32_t, uint8_t, a > b)
LOOP(greater_i64, int64_t, int64_t, uint8_t, a > b)
LOOP(greater_u8, uint8_t, uint8_t, uint8_t, a > b)
LOOP(less_f32, float, float, uint8_t, a < b)
LOOP(less_i32, int32_t, int32_t, uint8_t, a < b)
LOOP(less_i64, int64_t, int64_t, uint8_t, a < b)
LOOP(less_u8, uint8_t, uint8_t, uint8_t, a < b)
LOOP(not_less_f32, float, float, uint8_t, a >= b)
LOOP(not_less_i32, int32_t, int32_t, uint8_t, a >= b)
LOOP(not_less_i64, int64_t, int64_t, uint8_t, a >= b)
LOOP(not_less_u8, uint8_t, uint8_t, uint8_t, a >= b)
LOOP(not_greater_f32, float, float, uint8_t, a <= b)
LOOP(not_greater_i32, int32_t, int32_t, uint8_t, a <= b)
LOOP(not_greater_i64, int64_t, int64_t, uint8_t, a <= b)
LOOP(not_greater_u8, uint8_t, uint8_t, uint8_t, a <= b)
LOOP(and_bool, uint8_t, uint8_t, uint8_t, a &&b)
LOOP(or_bool, uint8_t, uint8_t, uint8_t, a || b)
LOOP(xor_bool, uint8_t, uint8_t, uint8_t, !a != !b)

LOOP(pow_f32_f32, float, float, float, b == 2 ? a * a : powf(a, b))
LOOP(pow_f32_i32, float, int32_t, float, power_f32(a, b))
LOOP(pow_f32_i64, float, int64_t, float, power_f32(a, (double)b))
LOOP(pow_f32_u8, float, uint8_t, float, power_f32(a, b))
LOOP(pow_i32_f32, int32_t, float, int32_t, saturate(pow(a, (double)b), INT32_MIN, INT32_MAX))
LOOP(pow_i32_i32, int32_t, int32_t, int32_t, power_i64(a, b))
LOOP(pow_i32_i64, int32_t, int64_t, int32_t, power_i64(a, b))
LOOP(pow_i32_u8, int32_t, uint8_t, int32_t, power_i64(a, b))
LOOP(pow_i64_f32, int64_t, float, int64_t,
     saturate(pow((double)a, (double)b), INT64_MIN, INT64_MAX))
LOOP(pow_i64_i32, int64_t, int32_t, int64_t, power_i64(a, b))
LOOP(pow_i64_i64, int64_t, int64_t, int64_t, power_i64(a, b))
LOOP(pow_i64_u8, int64_t, uint8_t, int64_t, power_i64(a, b))

struct binary_loops {
    const char *op_type;
    binary_loop *f32, *i32, *i64, *u8, *boolean;
};

static const struct binary_loops table[] = {
    {"Add", add_f32, add_i32, add_i64, add_u8, NULL},
    {"Sum", add_f32, add_i32, add_i64, add_u8, NULL},
    {"Mean", add_f32, NULL, NULL, NULL, NULL},
    {"Sub", sub_f32, sub_i32, sub_i64, sub_u8, NULL},
    {"Mul", mul_f32, mul_i32, mul_i64, mul_u8, NULL},
    {"Div", div_f32, div_i32, div_i64, div_u8, NULL},
    {"Min", min_f32, min_i32, min_i64, min_u8, NULL},
    {"Max", max_f32, max_i32, max_i64, max_u8, NULL},
    {"PRelu", prelu_f32, prelu_i32, prelu_i64, NULL, NULL},
    {"Equal", equal_f32, equal_i32, equal_i64, equal_u8, equal_bool},
    {"Greater", greater_f32, greater_i32, greater_i64, greater_u8, greater_u8},
    {"Less", less_f32, less_i32, less_i64, less_u8, less_u8},
    {"GreaterOrEqual", not_less_f32, not_less_i32, not_less_i64, not_less_u8, not_less_u8},
    {"LessOrEqual", not_greater_f32, not_greater_i32, not_greater_i64, not_greater_u8,
     not_greater_u8},
    {"And", NULL, NULL, NULL, NULL, and_bool},
    {"Or", NULL, NULL, NULL, NULL, or_bool},
    {"Xor", NULL, NULL, NULL, NULL, xor_bool},
    /* By the exponent's type. */
    {"Pow float", pow_f32_f32, pow_f32_i32, pow_f32_i64, pow_f32_u8, NULL},
    {"Pow int32", pow_i32_f32, pow_i32_i32, pow_i32_i64, pow_i32_u8, NULL},
    {"Pow int64", pow_i64_f32, pow_i64_i32, pow_i64_i64, pow_i64_u8, NULL},
};

binary_loop *binary_loop_find(const char *op_type, enum tensor_type type)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].op_type, op_type) != 0)
            continue;
        switch (type) {
        case TENSOR_F32:
            return table[i].f32;
        case TENSOR_I32:
            return table[i].i32;
        case TENSOR_I64:
            return table[i].i64;
        case TENSOR_U8:
            return table[i].u8;
        case TENSOR_BOOL:
            return table[i].boolean;
        case TENSOR_NONE:
            break;
        }
    }
    return NULL;
}

binary_loop *binary_loop_pow(enum tensor_type base, enum tensor_type exponent)
{
    switch (base) {
    case TENSOR_F32:
        return binary_loop_find("Pow float", exponent);
    case TENSOR_I32:
        return binary_loop_find("Pow int32", exponent);
    case TENSOR_I64:
        return binary_loop_find("Pow int64", exponent);
    default:
        return NULL;
    }
}
