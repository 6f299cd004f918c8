/* Activations by polynomials: exp, expm1, log1p and erfc over the ranges that they need.
 *
 * Each formula is chosen so that its rounding errors stay relative to the result: tanh and elu rest
 * on e^x - 1 computed without cancellation, gelu on erfc of the tail it is small in. Arguments of
 * exponentials are clamped so that no intermediate overflows or becomes denormal; bounds come first
 * in vector_max and vector_min, so that not-a-number passes through. */
#include "compute/kernels/spatial_kernels_vector.h"

/* Coefficients from the highest power down to the constant. */
VECTOR_INLINE vector polynomial(vector x, const float *coefficients, size_t count)
{
    vector sum = vector_set(coefficients[0]);
    VECTOR_UNROLL
    for (size_t i = 1; i < count; i++)
        sum = vector_fma(sum, x, vector_set(coefficients[i]));
    return sum;
}

VECTOR_INLINE vector magnitude(vector x)
{
    return (vector)((vector_int)x & 0x7fffffff);
}

struct exponential {
    vector scale; /* 2^n */
    vector fraction; /* e^r - 1 */
};

/* e^x = 2^n e^r with |r| <= ln(2)/2, for x in [-87, 88]; the polynomial is Cephes' expf. */
VECTOR_INLINE struct exponential exponential(vector x)
{
    static const float taylor[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                   4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
    const vector magic = vector_set(0x1.8p23f); /* rounds, and leaves n in the low bits */
    vector shifted = vector_fma(x, vector_set(0x1.715476p0f), magic);
    vector n = shifted - magic;
    vector r = vector_fma(n, vector_set(-0x1.62e4p-1f), x);
    r = vector_fma(n, vector_set(-0x1.7f7d1cp-20f), r);
    vector_int bits = ((vector_int)shifted - 0x4b400000 + 127) << 23;
    vector tail = polynomial(r, taylor, sizeof(taylor) / sizeof(taylor[0]));
    return (struct exponential){(vector)bits, vector_fma(tail * r, r, r)};
}

VECTOR_INLINE vector exp_of(vector x)
{
    struct exponential e = exponential(x);
    return vector_fma(e.scale, e.fraction, e.scale);
}

VECTOR_INLINE vector expm1_of(vector x)
{
    struct exponential e = exponential(x);
    return vector_fma(e.scale, e.fraction, e.scale - vector_set(1));
}

/* log(1 + u) = 2 artanh(u / (2 + u)) for u in [0, 1]. */
VECTOR_INLINE vector log1p_of(vector u)
{
    static const float series[] = {0.12150498f, 0.10713821f, 0.14308443f, 0.19999439f, 0.33333337f};
    vector s = u / (u + vector_set(2));
    vector square = s * s;
    vector tail = polynomial(square, series, sizeof(series) / sizeof(series[0]));
    vector doubled = s + s;
    return vector_fma(doubled * square, tail, doubled);
}

/* erfc(|x| / sqrt 2), relative error 2e-7 plus that of e^(-x^2/2): a polynomial in 1/(1 + z/2)
 * times the exponential, fitted by weighted least squares. */
VECTOR_INLINE vector erfc_of_scaled(vector x)
{
    static const float fit[] = {-0x1.e21386p-5f, 0x1.224abep-2f, -0x1.f093b6p-2f,
                                0x1.1a1384p-2f,  -0x1.96ab7p-6f, 0x1.9d86e0p-3f,
                                0x1.f24746p-3f,  0x1.211fd8p-2f, 0x1.20dbacp-2f};
    const vector one = vector_set(1);
    vector z = magnitude(x);
    vector t = one / vector_fma(z, vector_set(0.5f * 0.70710678118654752f), one);
    vector power = vector_max(vector_set(-87), x * x * vector_set(-0.5f));
    return polynomial(t, fit, sizeof(fit) / sizeof(fit[0])) * t * exp_of(power);
}

VECTOR_INLINE vector gelu(vector x)
{
    vector half = vector_max(vector_set(-20), x) * vector_set(0.5f);
    vector tail = erfc_of_scaled(x);
    return half * vector_where_negative(x, tail, vector_set(2) - tail);
}

VECTOR_INLINE vector tanh_of(vector x)
{
    vector size = vector_min(vector_set(20), magnitude(x));
    vector e = expm1_of(size + size);
    vector y = e / (e + vector_set(2));
    return (vector)((vector_int)y | ((vector_int)x & INT32_MIN));
}

VECTOR_INLINE vector negated(vector x)
{
    return (vector)((vector_int)x ^ INT32_MIN);
}

/* 1 + e^-x, finite. */
VECTOR_INLINE vector sigmoid_divisor(vector x)
{
    vector power = vector_min(vector_set(86), vector_max(vector_set(-87), negated(x)));
    return exp_of(power) + vector_set(1);
}

VECTOR_INLINE vector unit_clamp(vector x)
{
    return vector_min(vector_set(1), vector_max(vector_set(0), x));
}

VECTOR_INLINE vector activate(enum activation_kind kind, vector x, vector alpha, vector beta)
{
    switch (kind) {
    case ACTIVATION_NONE:
        return x;
    case ACTIVATION_RELU:
        return vector_max(vector_set(0), x);
    case ACTIVATION_CLIP:
        return vector_min(beta, vector_max(alpha, x));
    case ACTIVATION_LEAKY_RELU:
        return vector_where_negative(x, x * alpha, x);
    case ACTIVATION_ELU:
        return vector_where_negative(
            x, alpha * expm1_of(vector_max(vector_set(-80), vector_min(vector_set(0), x))), x);
    case ACTIVATION_SELU: {
        vector low = vector_max(vector_set(-80), vector_min(vector_set(0), x));
        return beta * vector_where_negative(x, alpha * expm1_of(low), x);
    }
    case ACTIVATION_SIGMOID:
        return vector_set(1) / sigmoid_divisor(x);
    case ACTIVATION_HARD_SIGMOID:
        return unit_clamp(vector_fma(alpha, x, beta));
    case ACTIVATION_HARD_SWISH: {
        vector gate = unit_clamp(vector_fma(x, vector_set(1.0f / 6), vector_set(0.5f)));
        return vector_max(vector_set(-4), x) * gate;
    }
    case ACTIVATION_TANH:
        return tanh_of(x);
    case ACTIVATION_SOFTPLUS: {
        vector power = vector_max(vector_set(-87), negated(magnitude(x)));
        return vector_max(vector_set(0), x) + log1p_of(exp_of(power));
    }
    case ACTIVATION_GELU:
        return gelu(x);
    case ACTIVATION_SILU:
        return vector_max(vector_set(-200), x) / sigmoid_divisor(x);
    }
    return x;
}

VECTOR_INLINE void activate_span(enum activation_kind kind, struct activation activation,
                                 const float *input, float *output, size_t count)
{
    vector alpha = vector_set(activation.alpha), beta = vector_set(activation.beta);
    size_t i = 0;
    for (; i + VECTOR_FLOATS <= count; i += VECTOR_FLOATS)
        vector_store(output + i, activate(kind, vector_load(input + i), alpha, beta));
    if (i < count) {
        struct vector_lanes lanes = vector_lanes_left(i, count);
        vector x = vector_load_lanes(input + i, lanes);
        vector_store_lanes(output + i, activate(kind, x, alpha, beta), lanes);
    }
}

#define SPAN(kind)                                                                                 \
    case kind:                                                                                     \
        activate_span(kind, activation, input, output, count);                                     \
        break

void VECTOR_NAME(activation)(struct activation activation, const float *input, float *output,
                             size_t count)
{
    switch (activation.kind) {
        SPAN(ACTIVATION_NONE);
        SPAN(ACTIVATION_RELU);
        SPAN(ACTIVATION_CLIP);
        SPAN(ACTIVATION_LEAKY_RELU);
        SPAN(ACTIVATION_ELU);
        SPAN(ACTIVATION_SELU);
        SPAN(ACTIVATION_SIGMOID);
        SPAN(ACTIVATION_HARD_SIGMOID);
        SPAN(ACTIVATION_HARD_SWISH);
        SPAN(ACTIVATION_TANH);
        SPAN(ACTIVATION_SOFTPLUS);
        SPAN(ACTIVATION_GELU);
        SPAN(ACTIVATION_SILU);
    }
}
