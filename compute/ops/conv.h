/* What infer leaves for the plan about a convolution or a transposed one. */
#ifndef COMPUTE_OPS_CONV_H
#define COMPUTE_OPS_CONV_H

#include "compute/ops/window.h"

/* Most scratch slots, and the bytes of one that blocks are cut to where they can be. */
#define CONV_SLOTS 8
#define CONV_SLOT_BYTES ((size_t)4 << 20)

/* call->params of Conv and ConvTranspose. */
struct conv_params {
    struct window window;
    int64_t groups;
    size_t block; /* positions in one slot of scratch */
    size_t slot_floats; /* of one slot; 0 where the input is used in place */
    uint32_t slots;
};

/* Reads group and checks input 0 (batch, channels, axes...), weights (input 1, whose axis 0 divides
 * by group, as channels do) and the optional bias of bias_count numbers. */
int conv_check(const struct op_call *call, struct conv_params *params);
int conv_check_bias(const struct op_call *call, int64_t channels);

extern const struct op op_conv[];
extern const struct op op_conv_transpose[];

#endif
