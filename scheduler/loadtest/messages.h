/* The tensors that phones hand over: a few random ones for each cut of the mix, made beforehand,
 * since what matters to a server is their size, not where they came from. */
#ifndef SCHEDULER_LOADTEST_MESSAGES_H
#define SCHEDULER_LOADTEST_MESSAGES_H

#include "scheduler/loadtest/mix.h"
#include "scheduler/loadtest/model.h"

struct loadtest_message_pool {
    uint32_t bytes; /* of each message */
    uint8_t *memory;
};

struct loadtest_messages {
    uint8_t encoding; /* enum jtp_encoding */
    uint32_t tensor_count; /* of each cut */
    uint32_t count; /* of the mix's entries */
    struct loadtest_message_pool *pools; /* by entry */
};

/* Elements: f32 and f16 in (-4, 4), u8 any byte by scale 1/64 around 128; tensors of other types
 * are zeros. 0; -ENOMEM; -ENOTSUP: a cut of the mix cannot be sent in this encoding. */
int loadtest_messages_init(struct loadtest_messages *messages, const struct loadtest_model *model,
                           const struct loadtest_mix *mix, uint8_t encoding, uint32_t tensor_count,
                           uint64_t seed);
void loadtest_messages_fini(struct loadtest_messages *messages); /* accepts NULL, zeroed */

static inline const uint8_t *loadtest_messages_bytes(const struct loadtest_messages *messages,
                                                     uint32_t entry, uint32_t tensor)
{
    const struct loadtest_message_pool *pool = &messages->pools[entry];
    return pool->memory + (size_t)pool->bytes * tensor;
}

/* One row of a cut as the engine takes it; tensors[i] has room for its bytes. */
void loadtest_message_decode(const struct engine_cut *cut, uint8_t encoding, const uint8_t *bytes,
                             void *const *tensors);

#endif
