/* Four lanes of multiply and rotate over 32 bytes a round: about memory speed. Numbers are read as
 * little-endian, so every machine this builds for agrees. */
#include "compute/plan/fingerprint.h"

#include <string.h>

#define PRIME_A UINT64_C(0x9E3779B97F4A7C15)
#define PRIME_B UINT64_C(0xC2B2AE3D27D4EB4F)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "fingerprints are little-endian");

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
    return rotate(lane + word * PRIME_B, 31) * PRIME_A;
}

void fingerprint_init(struct fingerprint *fingerprint)
{
    *fingerprint = (struct fingerprint){.lanes = {PRIME_A, PRIME_B, ~PRIME_A, ~PRIME_B}};
}

void fingerprint_add(struct fingerprint *fingerprint, const void *data, size_t bytes)
{
    const unsigned char *at = data;
    uint64_t words[4];
    size_t left = bytes;
    for (; left >= sizeof(words); left -= sizeof(words), at += sizeof(words)) {
        memcpy(words, at, sizeof(words));
        for (int i = 0; i < 4; i++)
            fingerprint->lanes[i] = mix(fingerprint->lanes[i], words[i]);
    }
    memset(words, 0, sizeof(words));
    if (left > 0)
        memcpy(words, at, left);
    for (int i = 0; i < 4; i++)
        fingerprint->lanes[i] = mix(fingerprint->lanes[i], words[i]);
    fingerprint->lanes[0] = mix(fingerprint->lanes[0], bytes);
    fingerprint->bytes += bytes;
}

static void add_number(struct fingerprint *fingerprint, uint64_t number)
{
    fingerprint_add(fingerprint, &number, sizeof(number));
}

static void add_text(struct fingerprint *fingerprint, const char *text)
{
    fingerprint_add(fingerprint, text ? text : "", text ? strlen(text) : 0);
}

static void add_tensor(struct fingerprint *fingerprint, const struct tensor *tensor,
                       bool with_elements)
{
    size_t bytes = 0;
    add_number(fingerprint, (uint64_t)tensor->type);
    fingerprint_add(fingerprint, tensor->shape.dims, tensor->shape.rank * sizeof(int64_t));
    if (with_elements && tensor->data && tensor_bytes(tensor, &bytes) == 0)
        fingerprint_add(fingerprint, tensor->data, bytes);
}

static void add_attribute(struct fingerprint *fingerprint, const struct attribute *attribute)
{
    add_text(fingerprint, attribute->name);
    add_number(fingerprint, (uint64_t)attribute->kind);
    add_number(fingerprint, (uint64_t)attribute->i);
    fingerprint_add(fingerprint, &attribute->f, sizeof(attribute->f));
    add_text(fingerprint, attribute->s);
    add_tensor(fingerprint, &attribute->tensor, true);
    if (attribute->ints)
        fingerprint_add(fingerprint, attribute->ints, attribute->count * sizeof(int64_t));
    if (attribute->floats)
        fingerprint_add(fingerprint, attribute->floats, attribute->count * sizeof(float));
    for (size_t i = 0; attribute->strings && i < attribute->count; i++)
        add_text(fingerprint, attribute->strings[i]);
}

void fingerprint_graph(struct fingerprint *fingerprint, const struct graph *graph,
                       bool with_weights)
{
    add_number(fingerprint, (uint64_t)graph->opset);
    for (uint32_t v = 0; v < graph->value_count; v++) {
        const struct value *value = &graph->values[v];
        add_text(fingerprint, value->name);
        add_number(fingerprint, (uint64_t)value->type);
        add_number(fingerprint, value->has_dimensions ? value->dimension_count : UINT64_MAX);
        for (uint32_t d = 0; d < value->dimension_count; d++) {
            add_number(fingerprint, (uint64_t)value->dimensions[d].value);
            add_text(fingerprint, value->dimensions[d].symbol); /* which ones are equal */
        }
        if (value->is_constant)
            add_tensor(fingerprint, &value->constant, with_weights);
    }
    for (uint32_t n = 0; n < graph->node_count; n++) {
        const struct node *node = &graph->nodes[n];
        add_text(fingerprint, node->op_type);
        add_text(fingerprint, node->domain);
        fingerprint_add(fingerprint, node->inputs, node->input_count * sizeof(uint32_t));
        fingerprint_add(fingerprint, node->outputs, node->output_count * sizeof(uint32_t));
        for (uint32_t a = 0; a < node->attribute_count; a++)
            add_attribute(fingerprint, &node->attributes[a]);
    }
    fingerprint_add(fingerprint, graph->inputs, graph->input_count * sizeof(uint32_t));
    fingerprint_add(fingerprint, graph->outputs, graph->output_count * sizeof(uint32_t));
}

static uint64_t avalanche(uint64_t x)
{
    x ^= x >> 33;
    x *= UINT64_C(0xFF51AFD7ED558CCD);
    x ^= x >> 33;
    x *= UINT64_C(0xC4CEB9FE1A85EC53);
    return x ^ x >> 33;
}

void fingerprint_finish(const struct fingerprint *fingerprint, uint8_t result[16])
{
    const uint64_t *lanes = fingerprint->lanes;
    uint64_t low = avalanche(lanes[0] + rotate(lanes[1], 7) + fingerprint->bytes);
    uint64_t high = avalanche(lanes[2] + rotate(lanes[3], 23) + low);
    low = avalanche(low + rotate(lanes[2], 11) + rotate(lanes[3], 41));
    for (int i = 0; i < 8; i++) {
        result[i] = (uint8_t)(low >> (8 * i));
        result[8 + i] = (uint8_t)(high >> (8 * i));
    }
}
