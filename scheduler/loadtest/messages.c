/* Random messages. f16 and u8 are drawn as such, not converted: so they mean one f32 exactly. */
#include "scheduler/loadtest/messages.h"

#include "dataplane/proto/wire.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define U8_SCALE 0x1p-6f
#define U8_ZERO 128

static void put_f32(uint8_t *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    jtp_put_u32(at, bits);
}

static float get_f32(const uint8_t *at)
{
    const uint32_t bits = jtp_get_u32(at);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* A sign, an exponent from -3 to 1 and any fraction. */
static uint16_t draw_f16(struct loadtest_random *random)
{
    const uint64_t bits = loadtest_random_next(random);
    const uint32_t exponent = 15 - 3 + (uint32_t)(bits >> 32) % 5;
    return (uint16_t)((bits & 0x8000) | exponent << 10 | (bits >> 16 & 0x3ff));
}

/* Normal numbers only, as drawn. */
static float f16_value(uint16_t bits)
{
    const float magnitude = ldexpf(1 + (float)(bits & 0x3ff) / 1024, (bits >> 10 & 31) - 15);
    return bits & 0x8000 ? -magnitude : magnitude;
}

/* Fills in one tensor's elements; returns their bytes. */
static size_t draw_tensor(uint8_t *at, const struct engine_tensor *tensor, uint8_t encoding,
                          struct loadtest_random *random)
{
    const size_t elements = loadtest_model_elements(tensor);
    if (tensor->type != TENSOR_F32)
        return tensor->bytes;
    if (encoding == JTP_F32) {
        for (size_t i = 0; i < elements; i++)
            put_f32(at + 4 * i, f16_value(draw_f16(random)));
        return 4 * elements;
    }
    if (encoding == JTP_F16) {
        for (size_t i = 0; i < elements; i++)
            jtp_put_u16(at + 2 * i, draw_f16(random));
        return 2 * elements;
    }
    for (size_t i = 0; i < elements; i++)
        at[i] = (uint8_t)loadtest_random_next(random);
    return elements;
}

/* One message: with u8 the scales and zero points of all tensors come first. Returns its bytes. */
static size_t draw_message(uint8_t *at, const struct engine_cut *cut, uint8_t encoding,
                           struct loadtest_random *random)
{
    uint8_t *next = at;
    for (uint32_t t = 0; t < cut->tensor_count && encoding == JTP_U8; t++, next += 8) {
        put_f32(next, U8_SCALE);
        jtp_put_u32(next + 4, U8_ZERO);
    }
    for (uint32_t t = 0; t < cut->tensor_count; t++)
        next += draw_tensor(next, &cut->tensors[t], encoding, random);
    return (size_t)(next - at);
}

static int fill_pool(struct loadtest_message_pool *pool, const struct loadtest_model *model,
                     uint32_t cut, const struct loadtest_messages *messages, uint64_t seed)
{
    const struct engine_cut *at = engine_model_cut(model->engine, cut);
    pool->bytes = loadtest_model_message_bytes(model, cut, messages->encoding);
    if (pool->bytes == 0)
        return -ENOTSUP;
    pool->memory = calloc(messages->tensor_count, pool->bytes);
    if (!pool->memory)
        return -ENOMEM;
    /* Seeded by the cut: what a mix holds besides changes nothing here. */
    struct loadtest_random random = loadtest_random_stream(seed, 1000 + cut);
    uint8_t *next = pool->memory;
    for (uint32_t i = 0; i < messages->tensor_count; i++)
        next += draw_message(next, at, messages->encoding, &random);
    return 0;
}

int loadtest_messages_init(struct loadtest_messages *messages, const struct loadtest_model *model,
                           const struct loadtest_mix *mix, uint8_t encoding, uint32_t tensor_count,
                           uint64_t seed)
{
    *messages = (struct loadtest_messages){
        .encoding = encoding, .tensor_count = tensor_count, .count = mix->count};
    messages->pools = calloc(mix->count, sizeof(*messages->pools));
    int err = messages->pools ? 0 : -ENOMEM;
    for (uint32_t i = 0; i < mix->count && !err; i++)
        err = fill_pool(&messages->pools[i], model, mix->cuts[i], messages, seed);
    if (err)
        loadtest_messages_fini(messages);
    return err;
}

void loadtest_messages_fini(struct loadtest_messages *messages)
{
    if (!messages)
        return;
    for (uint32_t i = 0; i < messages->count && messages->pools; i++)
        free(messages->pools[i].memory);
    free(messages->pools);
    *messages = (struct loadtest_messages){0};
}

/* head: scale and zero point of u8. Returns the bytes of this tensor's elements. */
static size_t decode_tensor(const struct engine_tensor *tensor, uint8_t encoding,
                            const uint8_t *head, const uint8_t *bytes, void *to)
{
    const size_t elements = loadtest_model_elements(tensor);
    float *values = to;
    if (encoding == JTP_F32) {
        memcpy(to, bytes, tensor->bytes);
        return tensor->bytes;
    }
    if (encoding == JTP_F16) {
        for (size_t i = 0; i < elements; i++)
            values[i] = f16_value(jtp_get_u16(bytes + 2 * i));
        return 2 * elements;
    }
    const float scale = get_f32(head);
    const int32_t zero = (int32_t)jtp_get_u32(head + 4);
    for (size_t i = 0; i < elements; i++)
        values[i] = scale * (float)((int32_t)bytes[i] - zero);
    return elements;
}

void loadtest_message_decode(const struct engine_cut *cut, uint8_t encoding, const uint8_t *bytes,
                             void *const *tensors)
{
    const uint8_t *next = bytes + (encoding == JTP_U8 ? (size_t)8 * cut->tensor_count : 0);
    for (uint32_t i = 0; i < cut->tensor_count; i++)
        next += decode_tensor(&cut->tensors[i], encoding, bytes + (size_t)8 * i, next, tensors[i]);
}
