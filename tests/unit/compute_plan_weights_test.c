/* Tests of compute/plan/weights.c: pieces lie apart, packing stays inside them, and a block of
 * another model is refused. */
#include "compute/plan/weights.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

static float *floats(size_t count, float value)
{
    float *list = malloc(count * sizeof(*list));
    for (size_t i = 0; i < count; i++)
        list[i] = value;
    return list;
}

static const struct graph no_graph;
static float source[64 * 64 * 9];

/* A convolution for two algorithms, a linear layer, an affine one. */
static void fill(struct weights *weights, enum isa isa)
{
    *weights = (struct weights){.graph = &no_graph, .isa = isa};
    for (size_t i = 0; i < sizeof(source) / sizeof(source[0]); i++)
        source[i] = (float)(i % 97) / 97;
    struct piece conv = {.kind = PIECE_CONV,
                         .node = 3,
                         .conv = {.in_height = 9,
                                  .in_width = 9,
                                  .in_channels = 24,
                                  .out_height = 9,
                                  .out_width = 9,
                                  .out_channels = 17,
                                  .kernel_height = 3,
                                  .kernel_width = 3,
                                  .stride_height = 1,
                                  .stride_width = 1,
                                  .dilation_height = 1,
                                  .dilation_width = 1,
                                  .pad_top = 1,
                                  .pad_left = 1,
                                  .groups = 1},
                         .weights = source,
                         .weights_bytes = 17 * 24 * 9 * sizeof(float),
                         .channels = 17,
                         .scale = floats(17, 2),
                         .shift = floats(17, 3)};
    for (unsigned a = 0; a < CONV_ALGORITHM_COUNT; a++)
        if (conv_supports((enum conv_algorithm)a, isa, &conv.conv))
            conv.algorithms |= 1u << a;
    CU_ASSERT_EQUAL(weights_add(weights, &conv), 0);
    struct piece linear = {.kind = PIECE_LINEAR,
                           .node = 5,
                           .linear = {.depth = 33, .columns = 19},
                           .depth_stride = 19,
                           .column_stride = 1,
                           .alpha = 1,
                           .weights = source,
                           .weights_bytes = 33 * 19 * sizeof(float),
                           .channels = 19,
                           .shift = floats(19, 5)};
    CU_ASSERT_EQUAL(weights_add(weights, &linear), 1);
    struct piece affine = {.kind = PIECE_AFFINE,
                           .node = 7,
                           .channels = 21,
                           .scale = floats(21, 7),
                           .shift = floats(21, 9)};
    CU_ASSERT_EQUAL(weights_add(weights, &affine), 2);
    weights_lay_out(weights);
}

/* The parts of all pieces, as [start, end). */
static size_t list_parts(const struct weights *weights, size_t parts[][2])
{
    size_t count = 0;
    for (uint32_t i = 0; i < weights->count; i++) {
        const struct piece *piece = &weights->pieces[i];
        size_t vector = piece->channels * sizeof(float);
        for (unsigned a = 0; a < CONV_ALGORITHM_COUNT; a++)
            if (piece->algorithms & (1u << a)) {
                parts[count][0] = piece->packed_offset[a];
                parts[count++][1] =
                    piece->packed_offset[a] +
                    conv_packed_bytes((enum conv_algorithm)a, weights->isa, &piece->conv);
            }
        if (piece->kind == PIECE_LINEAR) {
            parts[count][0] = piece->packed_offset[0];
            parts[count++][1] =
                piece->packed_offset[0] + linear_packed_bytes(weights->isa, &piece->linear);
        }
        parts[count][0] = piece->shift_offset;
        parts[count++][1] = piece->shift_offset + vector;
        if (piece->kind == PIECE_AFFINE) {
            parts[count][0] = piece->scale_offset;
            parts[count++][1] = piece->scale_offset + vector;
        }
    }
    return count;
}

static void parts_lie_apart(void)
{
    struct weights weights;
    fill(&weights, isa_best());
    size_t parts[32][2], count = list_parts(&weights, parts);
    for (size_t a = 0; a < count; a++) {
        CU_ASSERT_EQUAL(parts[a][0] % 64, 0);
        CU_ASSERT_TRUE(parts[a][0] >= 64); /* behind the header */
        CU_ASSERT_TRUE(parts[a][1] <= weights.bytes);
        for (size_t b = 0; b < a; b++)
            CU_ASSERT_TRUE(parts[a][1] <= parts[b][0] || parts[b][1] <= parts[a][0]);
    }
    CU_ASSERT_EQUAL(weights_find(&weights, 5), 1);
    CU_ASSERT_EQUAL(weights_find(&weights, 4), UINT32_MAX);
    weights_fini(&weights);
    weights_fini(NULL);
}

static void packing_writes_what_was_planned(void)
{
    const uint8_t key[16] = {1, 2, 3};
    struct weights weights;
    fill(&weights, isa_best());
    unsigned char *memory = aligned_alloc(64, weights.bytes / 64 * 64 + 128);
    memset(memory, 0xa5, weights.bytes + 64);
    weights_pack(&weights, key, memory, NULL, NULL, NULL);
    for (int i = 0; i < 64; i++)
        CU_ASSERT_EQUAL(memory[weights.bytes + (size_t)i], 0xa5);
    const struct piece *affine = &weights.pieces[2];
    for (int i = 0; i < 21; i++) {
        CU_ASSERT_EQUAL(((const float *)(memory + affine->scale_offset))[i], 7);
        CU_ASSERT_EQUAL(((const float *)(memory + affine->shift_offset))[i], 9);
    }
    /* A convolution's scale is in its weights: packing twice the weights without one is the same.
     */
    struct piece *conv = &weights.pieces[0];
    for (unsigned a = 0; a < CONV_ALGORITHM_COUNT; a++) {
        if (!(conv->algorithms & (1u << a)))
            continue;
        size_t bytes = conv_packed_bytes((enum conv_algorithm)a, weights.isa, &conv->conv);
        unsigned char *expected = aligned_alloc(64, (bytes / 64 + 1) * 64);
        memset(expected, 0xa5, bytes); /* what rounds the size up is not written */
        float *doubled = floats(17 * 24 * 9, 0);
        for (size_t i = 0; i < 17 * 24 * 9; i++)
            doubled[i] = 2 * source[i];
        conv_pack((enum conv_algorithm)a, weights.isa, &conv->conv, doubled, NULL, expected, NULL);
        CU_ASSERT_EQUAL(memcmp(expected, memory + conv->packed_offset[a], bytes), 0);
        free(doubled);
        free(expected);
    }
    free(memory);
    weights_fini(&weights);
}

static void another_block_is_refused(void)
{
    const uint8_t key[16] = {1, 2, 3}, other_key[16] = {1, 2, 4};
    struct weights weights, other;
    fill(&weights, isa_best());
    size_t bytes = weights.bytes;
    unsigned char *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(memory, 0, bytes);
    CU_ASSERT_FALSE(weights_check(&weights, key, memory, bytes)); /* not packed yet */
    weights_pack(&weights, key, memory, NULL, NULL, NULL);
    CU_ASSERT_TRUE(weights_check(&weights, key, memory, bytes));
    CU_ASSERT_TRUE(weights_check(&weights, key, memory, bytes + 4096));
    CU_ASSERT_FALSE(weights_check(&weights, key, memory, bytes - 1));
    CU_ASSERT_FALSE(weights_check(&weights, key, memory, 0));
    CU_ASSERT_FALSE(weights_check(&weights, other_key, memory, bytes));
    for (size_t i = 0; i < 40; i++) { /* magic, size, count, instruction set, key */
        memory[i] ^= 1;
        CU_ASSERT_FALSE(weights_check(&weights, key, memory, bytes));
        memory[i] ^= 1;
    }
    fill(&other, ISA_PLAIN);
    if (isa_best() != ISA_PLAIN)
        CU_ASSERT_FALSE(weights_check(&other, key, memory, bytes + 4096));
    weights_fini(&other);
    fill(&other, isa_best());
    other.count--; /* a piece less */
    CU_ASSERT_FALSE(weights_check(&other, key, memory, bytes));
    other.count++;
    weights_fini(&other);
    weights_fini(&weights);
    free(memory);
}

static void nothing_needs_nothing(void)
{
    struct weights weights = {.graph = &no_graph, .isa = isa_best()};
    weights_lay_out(&weights);
    CU_ASSERT_EQUAL(weights.bytes, 0);
    weights_pack(&weights, (const uint8_t[16]){0}, NULL, NULL, NULL, NULL);
    CU_ASSERT_TRUE(weights_check(&weights, (const uint8_t[16]){0}, NULL, 0));
    weights_fini(&weights);
}

const struct cunit_test tests[] = {
    {"parts are aligned and lie apart", parts_lie_apart},
    {"packing fills the parts and nothing else", packing_writes_what_was_planned},
    {"a block of another model, size or version is refused", another_block_is_refused},
    {"no pieces, no bytes", nothing_needs_nothing},
    {NULL, NULL},
};
