/* Loading and analysing small networks for the tests of compute/plan. */
#include "tests/unit/plan_case.h"
#include "compute/onnx/onnx_load.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plan_case_init(struct plan_case *c)
{
    *c = (struct plan_case){.model = onnx_model_create(13)};
}

void plan_case_floats(struct plan_case *c, const char *name, size_t rank, const int64_t *dims)
{
    size_t count = 1;
    for (size_t d = 0; d < rank; d++)
        count *= (size_t)dims[d];
    float *floats = malloc((count + 1) * sizeof(*floats));
    for (size_t i = 0; i < count; i++)
        floats[i] = 0.5f;
    onnx_model_constant(c->model, name, PLAN_CASE_F32, rank, dims, floats, count * sizeof(*floats));
    free(floats);
}

void plan_case_ints(struct plan_case *c, const char *name, size_t count, const int64_t *ints)
{
    onnx_model_constant(c->model, name, PLAN_CASE_I64, 1, (int64_t[]){(int64_t)count}, ints,
                        count * sizeof(*ints));
}

void plan_case_load(struct plan_case *c)
{
    struct graph_error error = {{0}};
    size_t size = 0;
    const uint8_t *bytes = onnx_model_pack(c->model, &size);
    c->is_loaded = onnx_load_memory(bytes, size, NULL, &c->graph, &error) == 0;
    if (!c->is_loaded)
        printf("%s\n", error.text);
    CU_ASSERT_TRUE_FATAL(c->is_loaded);
}

void plan_case_analyse(struct plan_case *c, uint32_t max_cut_tensors)
{
    struct graph_error error = {{0}};
    c->is_static = calloc((size_t)c->graph.node_count + 1, sizeof(*c->is_static));
    instance_mark_static(&c->graph, c->is_static);
    struct instance_symbols symbols = {.batch_symbol = graph_batch_symbol(&c->graph), .batch = 1};
    int rc = instance_init(&c->one, &c->graph, c->is_static, &symbols, &error);
    if (rc)
        printf("%s\n", error.text);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    symbols.batch = 2;
    c->has_batch = symbols.batch_symbol &&
                   instance_init(&c->two, &c->graph, c->is_static, &symbols, NULL) == 0;
    CU_ASSERT_EQUAL_FATAL(layers_init(&c->layers, &c->graph, c->is_static), 0);
    CU_ASSERT_EQUAL_FATAL(cuts_init(&c->cuts, &c->graph, &c->layers, &c->one,
                                    c->has_batch ? &c->two : NULL, max_cut_tensors),
                          0);
}

void plan_case_fini(struct plan_case *c)
{
    cuts_fini(&c->cuts);
    layers_fini(&c->layers);
    instance_fini(&c->one);
    instance_fini(&c->two);
    free(c->is_static);
    if (c->is_loaded)
        graph_fini(&c->graph);
    onnx_model_destroy(c->model);
}

uint32_t plan_case_value(const struct plan_case *c, const char *name)
{
    for (uint32_t v = 0; v < c->graph.value_count; v++)
        if (strcmp(c->graph.values[v].name, name) == 0)
            return v;
    CU_FAIL_FATAL("no value of this name");
    return GRAPH_NONE;
}

const char *plan_case_layers(const struct plan_case *c, char text[512])
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t l = 0; l < c->layers.count && used < 511; l++) {
        int length =
            snprintf(text + used, 512 - used, "%s%s", l ? " " : "", c->layers.items[l].type);
        used += length > 0 ? (size_t)length : 0;
    }
    return text;
}
