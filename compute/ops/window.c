/* Reads and resolves the window attributes of convolutions and pools; trusts none of them. */
#include "compute/ops/window.h"

#include <inttypes.h>
#include <string.h>

enum window_auto_pad { WINDOW_NOTSET, WINDOW_SAME_UPPER, WINDOW_SAME_LOWER, WINDOW_VALID };

/* Fills list from an optional attribute of exactly count numbers in [lowest, INT32_MAX]. */
static int window_list(const struct op_call *call, const char *name, size_t count, int64_t lowest,
                       int64_t fallback, int64_t *list)
{
    size_t found;
    const int64_t *ints = node_ints(call->node, name, &found);
    if (!ints || found == 0) {
        for (size_t i = 0; i < count; i++)
            list[i] = fallback;
        return 0;
    }
    if (found != count)
        return op_fail(call, "attribute %s has %zu numbers, %zu are needed", name, found, count);
    for (size_t i = 0; i < count; i++) {
        if (ints[i] < lowest || ints[i] > INT32_MAX)
            return op_fail(call, "attribute %s has the value %" PRId64 ", which is out of range",
                           name, ints[i]);
        list[i] = ints[i];
    }
    return 0;
}

static int window_auto_pad(const struct op_call *call, enum window_auto_pad *mode)
{
    static const char *const names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
    const char *text = node_string(call->node, "auto_pad", "NOTSET");
    if (text[0] == '\0')
        text = "NOTSET";
    for (unsigned i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            *mode = (enum window_auto_pad)i;
            return 0;
        }
    }
    return op_fail(call, "attribute auto_pad is '%.20s', which is not one of ONNX's", text);
}

/* All but the resolution of auto_pad. */
static int window_read(const struct op_call *call, const struct shape *input, const int64_t *kernel,
                       struct window *window, enum window_auto_pad *mode)
{
    if (input->rank < 3)
        return op_fail(call, "needs batch, channels and at least one spatial axis, not rank %u",
                       input->rank);
    uint32_t rank = input->rank - 2;
    *window = (struct window){.spatial_rank = rank};
    for (uint32_t i = 0; i < rank; i++)
        if (input->dims[2 + i] > INT32_MAX)
            return op_fail(call, "the input's axis %u is too long: %" PRId64, 2 + i,
                           input->dims[2 + i]);
    size_t found;
    bool has_kernel_shape = node_ints(call->node, "kernel_shape", &found) && found > 0;
    if (!kernel && !has_kernel_shape)
        return op_fail(call, "attribute kernel_shape is missing");
    int result = window_list(call, "kernel_shape", rank, 1, 1, window->kernel);
    for (uint32_t i = 0; kernel && i < rank && result == 0; i++) {
        if (has_kernel_shape && window->kernel[i] != kernel[i])
            return op_fail(call, "attribute kernel_shape differs from the weights' shape");
        if (kernel[i] < 1 || kernel[i] > INT32_MAX)
            return op_fail(call, "the weights' window of %" PRId64 " is out of range", kernel[i]);
        window->kernel[i] = kernel[i];
    }
    if (result == 0)
        result = window_list(call, "strides", rank, 1, 1, window->stride);
    if (result == 0)
        result = window_list(call, "dilations", rank, 1, 1, window->dilation);
    if (result == 0)
        result = window_auto_pad(call, mode);
    if (result != 0 || *mode != WINDOW_NOTSET)
        return result;
    int64_t pads[2 * WINDOW_MAX_RANK];
    result = window_list(call, "pads", 2 * rank, 0, 0, pads);
    for (uint32_t i = 0; result == 0 && i < rank; i++) {
        window->pad_begin[i] = pads[i];
        window->pad_end[i] = pads[rank + i];
    }
    return result;
}

int64_t window_extent(const struct window *window, uint32_t axis)
{
    return (window->kernel[axis] - 1) * window->dilation[axis] + 1;
}

int window_parse(const struct op_call *call, const struct shape *input, const int64_t *kernel,
                 struct window *window)
{
    enum window_auto_pad mode;
    int result = window_read(call, input, kernel, window, &mode);
    if (result != 0)
        return result;
    for (uint32_t i = 0; i < window->spatial_rank; i++) {
        int64_t size = input->dims[2 + i];
        if (mode == WINDOW_SAME_UPPER || mode == WINDOW_SAME_LOWER) {
            /* As many positions as strides begin inside the input. */
            int64_t stride = window->stride[i];
            int64_t positions = (size + stride - 1) / stride;
            int64_t total = (positions - 1) * stride + window_extent(window, i) - size;
            if (total < 0 || positions == 0)
                total = 0;
            if (total > INT32_MAX)
                return op_fail(call, "auto_pad needs a padding of %" PRId64, total);
            window->pad_begin[i] = mode == WINDOW_SAME_UPPER ? total / 2 : (total + 1) / 2;
            window->pad_end[i] = total - window->pad_begin[i];
        }
    }
    return 0;
}

int window_parse_transposed(const struct op_call *call, const struct shape *input,
                            const int64_t *kernel, struct window *window, int64_t *output)
{
    enum window_auto_pad mode;
    int64_t extra[WINDOW_MAX_RANK], wanted[2 + WINDOW_MAX_RANK];
    int result = window_read(call, input, kernel, window, &mode);
    uint32_t rank = window->spatial_rank;
    if (result == 0)
        result = window_list(call, "output_padding", rank, 0, 0, extra);
    if (result != 0)
        return result;
    /* output_shape may be written with batch and channels before it; those are ignored. */
    size_t found;
    bool has_wanted = node_ints(call->node, "output_shape", &found) && found > 0;
    uint32_t skip = has_wanted && found == rank + 2 ? 2 : 0;
    result = window_list(call, "output_shape", rank + skip, skip ? 0 : 1, 1, wanted);
    for (uint32_t i = 0; i < rank && result == 0; i++) {
        int64_t size = input->dims[2 + i], stride = window->stride[i];
        if (size < 1)
            return op_fail(call, "the input's axis %u is empty", 2 + i);
        int64_t full = (size - 1) * stride + window_extent(window, i) + extra[i];
        bool is_same = mode == WINDOW_SAME_UPPER || mode == WINDOW_SAME_LOWER;
        if (has_wanted || is_same) {
            output[i] = has_wanted ? wanted[skip + i] : size * stride;
            int64_t total = full > output[i] ? full - output[i] : 0;
            if (total > INT32_MAX)
                return op_fail(call, "the output's shape needs a padding of %" PRId64, total);
            if (!has_wanted)
                output[i] = full - total;
            window->pad_begin[i] = mode == WINDOW_SAME_UPPER ? total / 2 : total - total / 2;
            window->pad_end[i] = total - window->pad_begin[i];
        } else {
            output[i] = full - window->pad_begin[i] - window->pad_end[i];
        }
        if (output[i] < 1 || output[i] > INT32_MAX)
            return op_fail(call, "the output's axis %u would be %" PRId64, 2 + i, output[i]);
    }
    return result;
}

int64_t window_positions(const struct window *window, uint32_t axis, int64_t input, bool ceil_mode)
{
    int64_t stride = window->stride[axis], begin = window->pad_begin[axis];
    int64_t slack = input + begin + window->pad_end[axis] - window_extent(window, axis);
    if (slack <
        0) /* floor(slack / stride) + 1 is at most 0 then, but ceil_mode may round it to 1 */
        return ceil_mode && slack > -stride && input > 0 ? 1 : 0;
    int64_t positions = slack / stride + 1;
    if (ceil_mode && slack % stride != 0 && positions * stride < input + begin)
        positions++;
    return positions;
}

size_t window_taps(const struct window *window)
{
    size_t taps = 1;
    for (uint32_t i = 0; i < window->spatial_rank; i++)
        taps *= (size_t)window->kernel[i];
    return taps;
}
