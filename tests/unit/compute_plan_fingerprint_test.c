/* Tests of compute/plan/fingerprint.c: what is different has a different fingerprint. */
#include "compute/plan/fingerprint.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/plan_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct print {
    uint8_t bytes[16];
};

static struct print of_fields(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    struct fingerprint fingerprint;
    struct print print;
    fingerprint_init(&fingerprint);
    fingerprint_add(&fingerprint, a, a_bytes);
    fingerprint_add(&fingerprint, b, b_bytes);
    fingerprint_finish(&fingerprint, print.bytes);
    return print;
}

static bool is_same(struct print a, struct print b)
{
    return memcmp(&a, &b, sizeof(a)) == 0;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct print));
}

static void fields_cannot_trade_bytes(void)
{
    char text[80];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 3);
    struct print prints[sizeof(text) + 1];
    for (size_t cut = 0; cut <= sizeof(text); cut++)
        prints[cut] = of_fields(text, cut, text + cut, sizeof(text) - cut);
    qsort(prints, sizeof(text) + 1, sizeof(prints[0]), compare);
    for (size_t i = 0; i < sizeof(text); i++)
        CU_ASSERT_FALSE(is_same(prints[i], prints[i + 1]));
    CU_ASSERT_FALSE(is_same(of_fields("a", 1, "", 0), of_fields("a\0", 2, "", 0)));
    CU_ASSERT_FALSE(is_same(of_fields("", 0, "", 0), of_fields("\0", 1, "", 0)));
}

/* Each single bit of a longer field, and each swap of words: none may be lost in the lanes. */
static void every_bit_counts(void)
{
    enum { BYTES = 100 };
    char data[BYTES];
    for (size_t i = 0; i < BYTES; i++)
        data[i] = (char)(i * 37);
    struct print *prints = calloc(BYTES * 8 + 1, sizeof(*prints));
    prints[BYTES * 8] = of_fields(data, BYTES, "", 0);
    for (size_t bit = 0; bit < (size_t)BYTES * 8; bit++) {
        data[bit / 8] ^= (char)(1 << bit % 8);
        prints[bit] = of_fields(data, BYTES, "", 0);
        data[bit / 8] ^= (char)(1 << bit % 8);
    }
    qsort(prints, BYTES * 8 + 1, sizeof(*prints), compare);
    for (size_t i = 0; i < (size_t)BYTES * 8; i++)
        CU_ASSERT_FALSE(is_same(prints[i], prints[i + 1]));
    free(prints);
}

static void bits_are_spread(void)
{
    unsigned flipped = 0, words = 0;
    char data[64] = {0};
    for (size_t bit = 0; bit < 512; bit++) {
        struct print before = of_fields(data, 64, "", 0);
        data[bit / 8] ^= (char)(1 << bit % 8);
        struct print after = of_fields(data, 64, "", 0);
        for (int i = 0; i < 16; i++)
            flipped += (unsigned)__builtin_popcount(before.bytes[i] ^ after.bytes[i]);
        words++;
    }
    CU_ASSERT_TRUE(flipped > words * 56 && flipped < words * 72); /* about half of 128 */
}

enum change {
    SAME,
    NAME,
    TYPE,
    DIMENSION,
    SYMBOL,
    RANK,
    WEIGHT,
    WEIGHT_SHAPE,
    ATTRIBUTE_NAME,
    ATTRIBUTE_NUMBER,
    OPERANDS,
    OUTPUT,
    OPERATOR,
    CHANGES
};

static struct print of_network(enum change change, bool with_weights)
{
    struct plan_case c;
    plan_case_init(&c);
    int64_t dims[] = {-1, change == DIMENSION ? 5 : 4, 3};
    Onnx__ValueInfoProto *input =
        onnx_model_input(c.model, change == NAME ? "z" : "x", PLAN_CASE_F32, 3, dims);
    if (change == SYMBOL)
        input->type->tensor_type->shape->dim[0]->dim_param = onnx_model_text(c.model, "M");
    if (change == RANK)
        input->type->tensor_type->shape->n_dim = 2;
    onnx_model_input(c.model, "y", change == TYPE ? 6 : PLAN_CASE_F32, 2, (int64_t[]){2, 2});
    float weights[6] = {1, 2, 3, 4, 5, change == WEIGHT ? 6.0000005f : 6};
    int64_t shape[] = {change == WEIGHT_SHAPE ? 1 : 2, change == WEIGHT_SHAPE ? 6 : 3};
    onnx_model_constant(c.model, "w", PLAN_CASE_F32, 2, shape, weights, sizeof(weights));
    const char *x = change == NAME ? "z" : "x";
    Onnx__NodeProto *node = onnx_model_node(c.model, "LeakyRelu", x, "a");
    onnx_model_float(c.model, node, change == ATTRIBUTE_NAME ? "alfa" : "alpha",
                     change == ATTRIBUTE_NUMBER ? 0.3f : 0.2f);
    onnx_model_node(c.model, change == OPERATOR ? "Sub" : "Add", change == OPERANDS ? "a w" : "w a",
                    "b");
    onnx_model_output(c.model, change == OUTPUT ? "a" : "b");
    plan_case_load(&c);
    struct fingerprint fingerprint;
    struct print print;
    fingerprint_init(&fingerprint);
    fingerprint_graph(&fingerprint, &c.graph, with_weights);
    fingerprint_finish(&fingerprint, print.bytes);
    plan_case_fini(&c);
    return print;
}

static void networks_differ_in_everything(void)
{
    struct print same = of_network(SAME, true);
    CU_ASSERT_TRUE(is_same(same, of_network(SAME, true)));
    for (int change = SAME + 1; change < CHANGES; change++) {
        if (is_same(same, of_network((enum change)change, true)))
            printf("change %d is not seen\n", change);
        CU_ASSERT_FALSE(is_same(same, of_network((enum change)change, true)));
    }
}

static void weights_can_be_left_out(void)
{
    CU_ASSERT_TRUE(is_same(of_network(SAME, false), of_network(WEIGHT, false)));
    CU_ASSERT_FALSE(is_same(of_network(SAME, false), of_network(WEIGHT_SHAPE, false)));
    CU_ASSERT_FALSE(is_same(of_network(SAME, false), of_network(SAME, true)));
}

const struct cunit_test tests[] = {
    {"neighbouring fields cannot trade bytes", fields_cannot_trade_bytes},
    {"every bit of a field counts", every_bit_counts},
    {"a flipped bit changes about half of the fingerprint", bits_are_spread},
    {"networks that differ anywhere have different fingerprints", networks_differ_in_everything},
    {"with_weights false leaves out the elements only", weights_can_be_left_out},
    {NULL, NULL},
};
