/* Inside of the random networks: the values so far, and what its parts need to add nodes. */
#ifndef TESTS_PROPERTY_RANDOM_BUILDER_H
#define TESTS_PROPERTY_RANDOM_BUILDER_H

#include "tests/unit/onnx_model.h"

#define RANDOM_MAX_VALUES 96
#define RANDOM_MAX_ELEMENTS                                                                        \
    20000 /* per row of a value: the whole test stays a matter of seconds                          \
           */

/* A value of the network: float, batch first. */
struct random_value {
    char name[16];
    uint32_t rank; /* 2 to 4 */
    int64_t dims[4]; /* dims[0] is the batch, -1 */
    uint32_t readers;
};

struct random_builder {
    struct onnx_model *model;
    uint32_t state;
    uint32_t name_count;
    uint32_t value_count;
    struct random_value values[RANDOM_MAX_VALUES];
};

/* A number in [low, high]. */
int64_t random_number(struct random_builder *b, int64_t low, int64_t high);
bool random_chance(struct random_builder *b, int percent);
/* A new name, kept with the model. */
const char *random_name(struct random_builder *b, const char *prefix);

/* Constants; their names. Elements are in [center - spread, center + spread]. */
const char *random_floats(struct random_builder *b, size_t rank, const int64_t *dims, float center,
                          float spread);
const char *random_ints(struct random_builder *b, size_t count, const int64_t *ints);

/* printf into text that lives as long as the model. */
const char *random_text(struct random_builder *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a node with one output; its name. */
const char *random_node(struct random_builder *b, const char *op_type, const char *inputs,
                        Onnx__NodeProto **node);
/* Adds a value that may be read from now on. */
void random_add_value(struct random_builder *b, const char *name, uint32_t rank,
                      const int64_t *dims);
/* Elements of one row; the spatial ones. */
int64_t random_row_elements(const struct random_value *value);
int64_t random_pixels(const struct random_value *value);
/* A value other than `value` of the same shape, or NULL. */
struct random_value *random_twin(struct random_builder *b, const struct random_value *value);

/* Tries to add nodes that read the value; false: they do not fit it. */
typedef bool random_grow(struct random_builder *b, struct random_value *value);

/* Lists that end with NULL. */
extern random_grow *const random_kernel_growers[];
extern random_grow *const random_shape_growers[];

#endif
