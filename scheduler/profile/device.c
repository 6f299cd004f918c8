/* Types of layers, by the operator that a layer starts with. */
#include "scheduler/profile/device.h"

#include <string.h>

const char *device_type_name(enum device_type type)
{
    static const char *const names[DEVICE_TYPE_COUNT] = {"conv", "depthwise", "linear",
                                                         "pool", "norm",      "other"};
    return names[type];
}

static bool has_suffix(const char *word, size_t length, const char *suffix)
{
    size_t tail = strlen(suffix);
    return length >= tail && memcmp(word + length - tail, suffix, tail) == 0;
}

static bool is_word(const char *word, size_t length, const char *other)
{
    return strlen(other) == length && memcmp(word, other, length) == 0;
}

enum device_type device_type_of(const char *layer_type, bool is_depthwise)
{
    static const char *const linear[] = {"Gemm", "MatMul", "LSTM", "GRU", "RNN"};
    static const char *const norm[] = {"LRN", "Softmax", "LogSoftmax", "LpNormalization"};
    size_t length = strcspn(layer_type, "+");
    if (is_depthwise)
        return DEVICE_DEPTHWISE;
    if (is_word(layer_type, length, "Conv") || is_word(layer_type, length, "ConvTranspose"))
        return DEVICE_CONV;
    for (size_t i = 0; i < sizeof(linear) / sizeof(linear[0]); i++)
        if (is_word(layer_type, length, linear[i]))
            return DEVICE_LINEAR;
    if (has_suffix(layer_type, length, "Pool"))
        return DEVICE_POOL;
    for (size_t i = 0; i < sizeof(norm) / sizeof(norm[0]); i++)
        if (is_word(layer_type, length, norm[i]))
            return DEVICE_NORM;
    if (has_suffix(layer_type, length, "Normalization") || strncmp(layer_type, "Reduce", 6) == 0)
        return DEVICE_NORM;
    return DEVICE_OTHER;
}
