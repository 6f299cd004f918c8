/* The made-up models: their tables, and what they compute. */
#include "tests/property/ingress_host.h"

#include <string.h>

const struct host_model host_large = {.name = "large",
                                      .number = 1,
                                      .version = 1,
                                      .row_elements = {150528, 43264, 9216, 1000},
                                      .mark = 0xa1};
const struct host_model host_small = {
    .name = "small", .number = 2, .version = 1, .row_elements = {250, 100, 64, 10}, .mark = 0xb2};
const struct host_model host_small_2 = {
    .name = "small", .number = 3, .version = 2, .row_elements = {250, 90, 64, 12}, .mark = 0xc3};

/* At the second cut 8 integers of 64 bits stand beside the floats. */
#define INTEGER_CUT 1u
#define INTEGERS 8u

bool host_model_is_f32(uint32_t cut)
{
    return cut != INTEGER_CUT;
}

uint64_t host_model_row_bytes(const struct host_model *model, uint32_t cut)
{
    return 4 * (uint64_t)model->row_elements[cut] + (host_model_is_f32(cut) ? 0 : 8 * INTEGERS);
}

uint32_t host_model_message_bytes(const struct host_model *model, uint32_t cut, uint32_t rows,
                                  uint32_t encoding)
{
    if (encoding == 1)
        return 2 * rows * model->row_elements[cut];
    if (encoding == 2)
        return rows * model->row_elements[cut] + 8;
    return (uint32_t)(rows * host_model_row_bytes(model, cut));
}

void host_model_compute(const struct host_model *model, uint32_t to, const uint8_t *in,
                        uint32_t in_bytes, uint8_t *out, uint32_t out_bytes)
{
    uint32_t at = model->mark % in_bytes;
    for (uint32_t i = 0; i < out_bytes; i++) {
        out[i] = (uint8_t)(in[at] + 3 * i + 37 * to + model->mark);
        at += 1009; /* a prime, so that all of it counts in the end */
        at %= in_bytes;
    }
}

static void fill_table(const struct host_model *model, struct region *region)
{
    struct model_table_shared *shared = region_at(region, 0, sizeof(*shared));
    struct model_cut *cuts = (void *)(shared + 1);
    struct model_tensor *tensors = (void *)(cuts + HOST_CUTS);
    uint64_t *times = (void *)(tensors + HOST_CUTS + 1);
    uint32_t tensor = 0;
    *shared = (struct model_table_shared){.cut_count = HOST_CUTS,
                                          .tensor_count = HOST_CUTS + 1,
                                          .max_batch = 8,
                                          .layer_count = HOST_CUTS - 1,
                                          .size_count = 2,
                                          .size = {1, 8}};
    memset(shared->fingerprint, model->mark, sizeof(shared->fingerprint));
    for (uint32_t k = 0; k < HOST_CUTS; k++) {
        times[k] = 0;
        times[HOST_CUTS + k] = 8 * times[k];
        const uint32_t elements = model->row_elements[k];
        const uint32_t integers = host_model_is_f32(k) ? 0 : INTEGERS;
        cuts[k] = (struct model_cut){.name = "cut",
                                     .row_bytes = host_model_row_bytes(model, k),
                                     .row_elements = elements + integers,
                                     .first_tensor = tensor,
                                     .tensor_count = integers ? 2 : 1,
                                     .layer_count = k,
                                     .has_rows = k != 2,
                                     .is_f32 = host_model_is_f32(k)};
        tensors[tensor++] = (struct model_tensor){.name = "floats",
                                                  .bytes = 4 * (uint64_t)elements,
                                                  .elements = elements,
                                                  .dims = {1, elements},
                                                  .rank = 2,
                                                  .is_f32 = 1};
        if (integers)
            tensors[tensor++] = (struct model_tensor){.name = "integers",
                                                      .bytes = 8 * INTEGERS,
                                                      .elements = INTEGERS,
                                                      .dims = {1, INTEGERS},
                                                      .rank = 2};
    }
}

bool host_model_table(const struct host_model *model, struct region *region)
{
    const struct region_config config = {.name = "joint-model",
                                         .kind = REGION_MODEL,
                                         .payload_bytes =
                                             model_table_bytes(HOST_CUTS, HOST_CUTS + 1, 2)};
    if (region_init(region, &config))
        return false;
    fill_table(model, region);
    return region_seal(region, REGION_SEAL_CONTENT) == 0;
}
