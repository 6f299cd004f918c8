/* What everybody who is not computing needs to know of a model: its cuts, their tensors, what each
 * costs. A sealed region (REGION_MODEL), made once when the model is loaded, read-only for all.
 *
 *   payload: │ model_table_shared │ cut 0 │ cut 1 │ ... │ tensor 0 │ tensor 1 │ ... │ times │
 *
 * Times are u64 nanoseconds from a cut to the network's end, measured when the model was loaded:
 * for each of the measured batch sizes one for each cut. They fall from cut to cut, to 0 at the
 * last; and a range of cuts takes more rows no less time than fewer.
 *
 * Readers map it by region_attach with is_content_sealed, and then by model_table_attach, which
 * checks every number, so that what follows can rely on them. */
#ifndef SHM_MODEL_TABLE_H
#define SHM_MODEL_TABLE_H

#include "shm/region.h"

#define MODEL_TABLE_NAME_BYTES 64u
#define MODEL_TABLE_MAX_RANK 8u
#define MODEL_TABLE_MAX_SIZES 8u
#define MODEL_TABLE_MAX_NS (UINT64_C(1) << 42) /* over an hour */

struct model_tensor {
    char name[MODEL_TABLE_NAME_BYTES]; /* cut off at its room; ends with 0, as all here */
    uint64_t bytes; /* of one row */
    uint64_t elements; /* of one row */
    int64_t dims[MODEL_TABLE_MAX_RANK]; /* the batch at 1 */
    uint32_t rank;
    uint32_t is_f32; /* only these can be sent as f16 or u8 */
};

struct model_cut {
    char name[MODEL_TABLE_NAME_BYTES];
    uint64_t row_bytes; /* of all its tensors in their own type, without gaps */
    uint64_t row_elements;
    uint32_t first_tensor, tensor_count;
    uint32_t layer_count; /* layers before this cut */
    uint32_t has_rows; /* rows of a batch can be told apart here */
    uint32_t is_f32; /* all its tensors are */
    uint32_t reserved;
};

struct model_table_shared {
    uint8_t fingerprint[16];
    uint32_t numbering_version; /* of layers and cuts */
    uint32_t cut_count; /* 2 and up */
    uint32_t tensor_count;
    uint32_t max_batch;
    uint32_t layer_count;
    uint32_t size_count; /* of batches that were measured */
    uint32_t size[MODEL_TABLE_MAX_SIZES]; /* rows, ascending: 1, 2, 4, ..., max_batch; then 0 */
};

static_assert(sizeof(struct model_tensor) == 152, "model_tensor");
static_assert(sizeof(struct model_cut) == 104, "model_cut");
static_assert(sizeof(struct model_table_shared) == 72, "model_table_shared");

/* A reader's view; it points into the region, which must stay. */
struct model_table {
    const struct model_table_shared *shared;
    const struct model_cut *cuts;
    const struct model_tensor *tensors;
    const uint64_t *remaining_ns; /* [size_count][cut_count] */
    uint32_t cut_count, tensor_count, size_count;
};

/* Bytes of the payload; 0 if that is over 1 GiB. */
uint64_t model_table_bytes(uint32_t cut_count, uint32_t tensor_count, uint32_t size_count);

/* The sizes that are measured for a largest one: powers of two, and it; how many. */
uint32_t model_table_sizes(uint32_t max_batch, uint32_t size[MODEL_TABLE_MAX_SIZES]);

/* -EBADMSG where its numbers contradict each other or the payload's size. */
int model_table_attach(struct model_table *table, const struct region *region);

/* From the cut to the end, so many rows together as size[index] says. Both are in bounds. */
static inline uint64_t model_table_remaining_ns(const struct model_table *table, uint32_t index,
                                                uint32_t cut)
{
    return table->remaining_ns[(size_t)index * table->cut_count + cut];
}

/* Bytes of a message of so many rows at a cut, in an encoding (0 as it is, 1 f16, 2 u8). 0 if there
 * is none: no such cut, encoding or rows, or over UINT32_MAX. */
uint64_t model_table_message_bytes(const struct model_table *table, uint32_t cut, uint32_t rows,
                                   uint32_t encoding);

#endif
