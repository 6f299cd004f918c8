/* Convolution of channels-last images with packed weights: one interface, several algorithms.
 *
 * Layout: an image is [height][width][channels], "channels last"; a pixel's channels are contiguous
 * and `stride` floats lie between the starts of neighbouring pixels (stride >= channels, so a
 * tensor may be a slice of a wider one, which makes a concatenation free). Images of a batch lie
 * height * width * stride floats apart. 1-D convolutions have height 1.
 *
 * Use: choose an algorithm that conv_supports; ask its sizes; pack the weights once; run often from
 * any number of threads over the same packed weights, each run with its own scratch. */
#ifndef COMPUTE_KERNELS_CONV_H
#define COMPUTE_KERNELS_CONV_H

#include "compute/kernels/cpu.h"
#include "compute/kernels/epilogue.h"
#include "compute/run/thread_pool.h"

struct conv_shape {
    uint32_t in_height, in_width, in_channels;
    uint32_t out_height, out_width, out_channels;
    uint32_t kernel_height, kernel_width;
    uint32_t stride_height, stride_width;
    uint32_t dilation_height, dilation_width;
    uint32_t pad_top, pad_left; /* what is missing at the bottom and right counts as zero too */
    uint32_t groups; /* divides in_channels and out_channels */
};

/* In file formats by name, not by number. */
enum conv_algorithm {
    CONV_DIRECT, /* implicit GEMM by row pointers, no copy of the input; 1x1 is a plain GEMM */
    CONV_GEMM, /* OpenBLAS; 1x1 straight from the input, otherwise over an im2col copy */
    CONV_DEPTHWISE, /* in_channels == groups, a multiplier of 1 */
    CONV_WINOGRAD_2, /* F(2x2, 3x3) */
    CONV_WINOGRAD_4, /* F(4x4, 3x3) */
    CONV_WINOGRAD_25, /* F(2x2, 5x5) */
    CONV_ALGORITHM_COUNT,
};

const char *conv_algorithm_name(enum conv_algorithm algorithm); /* "winograd-4" */
/* Keeps the summation order of a plain dot product: its error grows like direct convolution's. */
bool conv_algorithm_is_direct(enum conv_algorithm algorithm);
/* Whether the algorithm can do this shape on this instruction set at all. */
bool conv_supports(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape);

/* Bytes of the packed weights; a multiple of 64. */
size_t conv_packed_bytes(enum conv_algorithm algorithm, enum isa isa,
                         const struct conv_shape *shape);

/* Packs weights[out_channels][in_channels / groups][kernel_height][kernel_width], each output
 * channel o times scale[o] (NULL: 1), into packed (64-byte aligned, conv_packed_bytes). */
void conv_pack(enum conv_algorithm algorithm, enum isa isa, const struct conv_shape *shape,
               const packable_float *weights, const float *scale, void *packed,
               struct thread_pool *pool);

/* Bytes of scratch that a run over this many images with this many threads takes. */
size_t conv_scratch_bytes(enum conv_algorithm algorithm, enum isa isa,
                          const struct conv_shape *shape, uint32_t images, uint32_t threads);

struct conv_call {
    enum conv_algorithm algorithm;
    enum isa isa;
    struct conv_shape shape;
    uint32_t images;
    const float *input;
    size_t input_stride; /* floats between pixels */
    float *output;
    size_t output_stride;
    const void *packed;
    struct epilogue epilogue;
    void *scratch; /* conv_scratch_bytes, 64-byte aligned */
};

void conv_run(const struct conv_call *call, struct thread_pool *pool);

/* Multiply-adds times two that the definition (not the algorithm) takes for one image. */
double conv_flops(const struct conv_shape *shape);

#endif
