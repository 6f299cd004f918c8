/* Random networks: grows a graph node by node from one or two inputs. */
#include "tests/property/random_network.h"
#include "tests/property/random_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t next_random(struct random_builder *b)
{
    b->state = b->state * 1664525u + 1013904223u;
    uint32_t x = b->state;
    x ^= x >> 16;
    x *= 0x7feb352du;
    return x ^ x >> 15;
}

int64_t random_number(struct random_builder *b, int64_t low, int64_t high)
{
    return low + (int64_t)(next_random(b) % (uint64_t)(high - low + 1));
}

bool random_chance(struct random_builder *b, int percent)
{
    return random_number(b, 0, 99) < percent;
}

const char *random_text(struct random_builder *b, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return onnx_model_text(b->model, text);
}

const char *random_name(struct random_builder *b, const char *prefix)
{
    return random_text(b, "%s%u", prefix, b->name_count++);
}

const char *random_floats(struct random_builder *b, size_t rank, const int64_t *dims, float center,
                          float spread)
{
    size_t count = 1;
    for (size_t d = 0; d < rank; d++)
        count *= (size_t)dims[d];
    float *floats = malloc((count + 1) * sizeof(*floats));
    if (!floats)
        abort();
    for (size_t i = 0; i < count; i++)
        floats[i] = center + spread * ((float)(next_random(b) >> 8) / (float)(1 << 23) - 1);
    const char *name = random_name(b, "c");
    onnx_model_constant(b->model, name, 1, rank, dims, floats, count * sizeof(*floats));
    free(floats);
    return name;
}

const char *random_ints(struct random_builder *b, size_t count, const int64_t *ints)
{
    const char *name = random_name(b, "i");
    onnx_model_constant(b->model, name, 7, 1, (int64_t[]){(int64_t)count}, ints,
                        count * sizeof(*ints));
    return name;
}

const char *random_node(struct random_builder *b, const char *op_type, const char *inputs,
                        Onnx__NodeProto **node)
{
    const char *name = random_name(b, "v");
    Onnx__NodeProto *made = onnx_model_node(b->model, op_type, inputs, name);
    if (node)
        *node = made;
    return name;
}

void random_add_value(struct random_builder *b, const char *name, uint32_t rank,
                      const int64_t *dims)
{
    if (b->value_count == RANDOM_MAX_VALUES)
        abort();
    struct random_value *value = &b->values[b->value_count++];
    *value = (struct random_value){.rank = rank};
    snprintf(value->name, sizeof(value->name), "%s", name);
    memcpy(value->dims, dims, rank * sizeof(*dims));
}

int64_t random_row_elements(const struct random_value *value)
{
    int64_t count = 1;
    for (uint32_t d = 1; d < value->rank; d++)
        count *= value->dims[d];
    return count;
}

int64_t random_pixels(const struct random_value *value)
{
    return random_row_elements(value) / value->dims[1];
}

struct random_value *random_twin(struct random_builder *b, const struct random_value *value)
{
    uint32_t start = (uint32_t)random_number(b, 0, b->value_count - 1);
    for (uint32_t i = 0; i < b->value_count; i++) {
        struct random_value *other = &b->values[(start + i) % b->value_count];
        if (other != value && other->rank == value->rank &&
            memcmp(other->dims, value->dims, value->rank * sizeof(*value->dims)) == 0)
            return other;
    }
    return NULL;
}

static void add_inputs(struct random_builder *b)
{
    uint32_t rank = random_chance(b, 70) ? 4 : random_chance(b, 70) ? 3 : 2;
    int64_t dims[4] = {-1, random_number(b, 1, 9)};
    if (random_chance(b, 25))
        dims[1] = random_number(b, 16, 40);
    for (uint32_t d = 2; d < rank; d++)
        dims[d] = random_number(b, 1, 14);
    int count = random_chance(b, 15) ? 2 : 1;
    for (int i = 0; i < count; i++) {
        const char *name = random_name(b, "x");
        onnx_model_input(b->model, name, 1, rank, dims);
        random_add_value(b, name, rank, dims);
    }
}

/* Mostly the newest value, so that chains form; sometimes an older one. */
static struct random_value *pick(struct random_builder *b)
{
    if (random_chance(b, 70))
        return &b->values[b->value_count - 1];
    return &b->values[random_number(b, 0, b->value_count - 1)];
}

static void grow(struct random_builder *b)
{
    size_t kernels = 0, shapes = 0;
    while (random_kernel_growers[kernels])
        kernels++;
    while (random_shape_growers[shapes])
        shapes++;
    for (int tries = 0; tries < 20; tries++) {
        bool is_kernel = random_chance(b, 65);
        random_grow *grower = is_kernel
                                  ? random_kernel_growers[random_number(b, 0, (int64_t)kernels - 1)]
                                  : random_shape_growers[random_number(b, 0, (int64_t)shapes - 1)];
        /* The list does not move, so the pointer holds while values are added. */
        if (grower(b, pick(b)))
            return;
    }
}

static void describe(const struct onnx_model *model, char *text, size_t text_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t n = 0; n < model->graph.n_node && used + 1 < text_bytes; n++) {
        const Onnx__NodeProto *node = model->graph.node[n];
        int length = snprintf(text + used, text_bytes - used, "%s(", node->op_type);
        used += length > 0 ? (size_t)length : 0;
        for (size_t i = 0; i < node->n_input && used + 1 < text_bytes; i++) {
            length = snprintf(text + used, text_bytes - used, "%s%s", i ? "," : "", node->input[i]);
            used += length > 0 ? (size_t)length : 0;
        }
        if (used + 1 >= text_bytes)
            break;
        length = snprintf(text + used, text_bytes - used, ")=%s ", node->output[0]);
        used += length > 0 ? (size_t)length : 0;
    }
}

bool random_network_write(uint32_t seed, const char *path, char *text, size_t text_bytes)
{
    struct random_builder *b = calloc(1, sizeof(*b));
    if (!b)
        abort();
    b->state = seed * 2654435761u + 12345;
    b->model = onnx_model_create(13);
    add_inputs(b);
    int64_t target = random_chance(b, 80) ? random_number(b, 2, 14) : random_number(b, 14, 40);
    for (int64_t i = 0; i < target && b->value_count + 8 < RANDOM_MAX_VALUES; i++)
        grow(b);
    uint32_t outputs = 0;
    for (uint32_t v = b->value_count; v-- > 0;) {
        bool is_unread = b->values[v].readers == 0;
        if (v + 1 == b->value_count || is_unread || random_chance(b, 3)) {
            onnx_model_output(b->model, b->values[v].name);
            outputs++;
        }
    }
    describe(b->model, text, text_bytes);
    size_t size = 0;
    const uint8_t *bytes = onnx_model_pack(b->model, &size);
    FILE *file = fopen(path, "wb");
    bool is_written = file && fwrite(bytes, 1, size, file) == size;
    if (file && fclose(file))
        is_written = false;
    onnx_model_destroy(b->model);
    free(b);
    return is_written && outputs > 0;
}
