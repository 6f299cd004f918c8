/* Tests of row_place: messages laid out by hand from PROTOCOL.md, byte by byte, and random ones
 * against a walk over all their elements in order, and against the other end of the network. */
#include "compute/worker/row_place.h"

#include "scheduler/client/message.h"
#include "shm/model_table.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <string.h>

#define MAX_TENSORS 4u
#define MAX_ROWS 5u
#define MAX_COUNT 40u /* elements of a row of a tensor */

static struct engine_tensor tensor_of(enum tensor_type type, size_t count)
{
    return (struct engine_tensor){.type = type, .bytes = count * tensor_type_bytes(type)};
}

static void sizes_are_the_specifications(void)
{
    const struct engine_tensor tensors[] = {tensor_of(TENSOR_F32, 3), tensor_of(TENSOR_F32, 5)};
    const struct engine_cut cut = {.tensor_count = 2, .tensors = tensors};
    CU_ASSERT_EQUAL(row_place_message_bytes(&cut, 1, 0), 32);
    CU_ASSERT_EQUAL(row_place_message_bytes(&cut, 7, 0), 7 * 32);
    CU_ASSERT_EQUAL(row_place_message_bytes(&cut, 7, 1), 7 * 16);
    CU_ASSERT_EQUAL(row_place_message_bytes(&cut, 7, 2), 7 * (8 + 16));
    CU_ASSERT_EQUAL(row_place_message_bytes(&cut, 0, 0), 0);
    CU_ASSERT_EQUAL(row_place_message_bytes(&cut, 1, 3), 0);
    CU_ASSERT_EQUAL(row_place_message_bytes(&cut, 65536, 0), 0);
    const struct engine_tensor mixed[] = {tensor_of(TENSOR_I64, 2), tensor_of(TENSOR_F32, 1)};
    const struct engine_cut other = {.tensor_count = 2, .tensors = mixed};
    CU_ASSERT_EQUAL(row_place_message_bytes(&other, 2, 0), 40);
    CU_ASSERT_EQUAL(row_place_message_bytes(&other, 2, 1), 0);
    CU_ASSERT_EQUAL(row_place_message_bytes(&other, 2, 2), 0);
    const struct engine_tensor large[] = {tensor_of(TENSOR_F32, 1u << 20),
                                          tensor_of(TENSOR_F32, UINT32_MAX)};
    const struct engine_cut one = {.tensor_count = 1, .tensors = large};
    const struct engine_cut two = {.tensor_count = 2, .tensors = large};
    CU_ASSERT_EQUAL(row_place_message_bytes(&one, 1023, 0), UINT64_C(1023) << 22);
    CU_ASSERT_EQUAL(row_place_message_bytes(&one, 1024, 0), 0); /* 4 GiB */
    CU_ASSERT_EQUAL(row_place_message_bytes(&two, 1, 0), 0);
}

static void a_u8_message_is_laid_out_as_written(void)
{
    const struct engine_tensor tensors[] = {tensor_of(TENSOR_F32, 2), tensor_of(TENSOR_F32, 1)};
    const struct engine_cut cut = {.tensor_count = 2, .tensors = tensors};
    /* Scales of 0.5, 1, 2, 4 and zero points of 0, 1, 2, -1: tensor 0 row 0, row 1, tensor 1. */
    const unsigned char message[38] = {
        0,    0, 0, 0x3f, 0, 0, 0, 0,    0,    0,    0x80, 0x3f, 1,    0,  0,  0,  0,  0,  0,
        0x40, 2, 0, 0,    0, 0, 0, 0x80, 0x40, 0xff, 0xff, 0xff, 0xff, 10, 20, 30, 40, 50, 60};
    CU_ASSERT_EQUAL_FATAL(row_place_message_bytes(&cut, 2, MESSAGE_U8), sizeof(message));
    const float expected[2][3] = {{5, 10, 96}, {29, 39, 244}};
    for (uint32_t r = 0; r < 2; r++) {
        _Alignas(64) unsigned char place[128];
        const struct row_place row = {.row = r, .rows = 2, .encoding = MESSAGE_U8};
        row_place_read(&cut, &row, message, place);
        CU_ASSERT_EQUAL(memcmp(place, expected[r], 8), 0);
        CU_ASSERT_EQUAL(memcmp(place + 64, &expected[r][2], 4), 0);
        CU_ASSERT_FALSE(row_place_is_direct(&cut, &row));
    }
}

struct random_cut {
    struct engine_cut cut;
    struct engine_tensor tensors[MAX_TENSORS];
};

static void make_cut(struct shm_random *random, struct random_cut *made, bool is_f32)
{
    static const enum tensor_type types[] = {TENSOR_F32, TENSOR_U8, TENSOR_I32, TENSOR_I64,
                                             TENSOR_BOOL};
    *made = (struct random_cut){.cut = {.tensor_count = 1 + shm_random_below(random, MAX_TENSORS),
                                        .tensors = made->tensors}};
    for (uint32_t t = 0; t < made->cut.tensor_count; t++)
        made->tensors[t] = tensor_of(types[is_f32 ? 0 : shm_random_below(random, 5)],
                                     1 + shm_random_below(random, MAX_COUNT));
}

/* Own types: the message is the tensors' bytes in order; each row's go where its part is. */
static void own_types_lie_in_order(void)
{
    struct shm_random random = shm_random_start();
    uint32_t direct = 0, copied = 0;
    for (int round = 0; round < 3000; round++) {
        struct random_cut made;
        make_cut(&random, &made, false);
        const struct engine_cut *cut = &made.cut;
        const uint32_t rows = 1 + shm_random_below(&random, MAX_ROWS);
        _Alignas(64) unsigned char message[MAX_TENSORS * MAX_ROWS * MAX_COUNT * 8];
        _Alignas(64) unsigned char back[sizeof(message)];
        _Alignas(64) unsigned char place[MAX_TENSORS * (MAX_COUNT * 8 + 64)];
        const uint64_t bytes = row_place_message_bytes(cut, rows, MESSAGE_OWN_TYPE);
        for (uint64_t i = 0; i < bytes; i++)
            message[i] = (unsigned char)shm_random_next(&random);
        memset(back, 0, sizeof(back));
        bool is_aligned = true;
        const unsigned char *at = message; /* walks over the whole message */
        for (uint32_t t = 0; t < cut->tensor_count; t++)
            for (uint32_t r = 0; r < rows; r++) {
                const struct row_place row = {.row = r, .rows = rows};
                CU_ASSERT_PTR_EQUAL_FATAL(message + row_place_offset(cut, &row, t), at);
                row_place_read(cut, &row, message, place);
                CU_ASSERT_TRUE(row_place_private_offset(cut, t) % 64 == 0);
                CU_ASSERT_EQUAL(
                    memcmp(place + row_place_private_offset(cut, t), at, cut->tensors[t].bytes), 0);
                row_place_write(cut, &row, place, back);
                const size_t size = tensor_type_bytes(cut->tensors[t].type);
                is_aligned = is_aligned && (at - message) % (long)size == 0;
                at += cut->tensors[t].bytes;
            }
        CU_ASSERT_PTR_EQUAL(at, message + bytes);
        CU_ASSERT_EQUAL(memcmp(back, message, bytes), 0);
        for (uint32_t r = 0; is_aligned && r < rows; r++)
            CU_ASSERT_TRUE(row_place_is_direct(cut, &(struct row_place){.row = r, .rows = rows}));
        *(is_aligned ? &direct : &copied) += 1;
    }
    printf(" (%u aligned, %u not) ", direct, copied);
    CU_ASSERT_TRUE(direct > 100 && copied > 100);
}

/* A row goes out by one encoding and comes back as itself, touching nothing of the others. */
static void encoded_rows_stay_apart(void)
{
    struct shm_random random = shm_random_start();
    for (int round = 0; round < 3000; round++) {
        struct random_cut made;
        make_cut(&random, &made, true);
        const struct engine_cut *cut = &made.cut;
        const uint32_t encoding = round % 2 ? MESSAGE_F16 : MESSAGE_U8;
        const uint32_t rows = 1 + shm_random_below(&random, MAX_ROWS);
        _Alignas(64) unsigned char message[MAX_TENSORS * MAX_ROWS * (MAX_COUNT * 2 + 8)];
        _Alignas(64) float place[MAX_ROWS][MAX_TENSORS * (MAX_COUNT + 16)];
        _Alignas(64) float back[MAX_TENSORS * (MAX_COUNT + 16)];
        const uint64_t bytes = row_place_message_bytes(cut, rows, encoding);
        CU_ASSERT_TRUE_FATAL(bytes > 0 && bytes <= sizeof(message));
        memset(message, 0xee, sizeof(message));
        for (uint32_t r = 0; r < rows; r++) { /* quarters: exact in both encodings, as 0 and */
            for (size_t i = 0; i < sizeof(place[r]) / sizeof(float); i++) /* 63.75 are in each */
                place[r][i] = (float)shm_random_below(&random, 256) / 4;
            for (uint32_t t = 0; t < cut->tensor_count; t++) {
                float *first = place[r] + row_place_private_offset(cut, t) / sizeof(float);
                first[0] = 0;
                first[cut->tensors[t].bytes / sizeof(float) - 1] = 63.75f;
            }
            row_place_write(cut, &(struct row_place){r, rows, encoding},
                            (const unsigned char *)place[r], message);
        }
        for (uint32_t r = 0; r < rows; r++) {
            row_place_read(cut, &(struct row_place){r, rows, encoding}, message,
                           (unsigned char *)back);
            for (uint32_t t = 0; t < cut->tensor_count; t++) {
                const uint64_t at = row_place_private_offset(cut, t) / sizeof(float);
                CU_ASSERT_EQUAL(memcmp(back + at, place[r] + at, cut->tensors[t].bytes), 0);
            }
        }
        for (uint64_t i = bytes; i < sizeof(message); i++)
            CU_ASSERT_EQUAL_FATAL(message[i], 0xee);
    }
}

/* The client's own code (scheduler/client/message.h) and the table that jointd and the dataplane
 * measure by are other implementations of the same layout. */
static void both_ends_agree(void)
{
    struct shm_random random = shm_random_start();
    for (int round = 0; round < 3000; round++) {
        struct random_cut made;
        make_cut(&random, &made, round % 4 != 0);
        const struct engine_cut *cut = &made.cut;
        const enum jtp_encoding encoding = message_encoding(cut, (enum jtp_encoding)(round % 3));
        const uint32_t rows = 1 + shm_random_below(&random, MAX_ROWS);
        _Alignas(64) unsigned char state[MAX_TENSORS * (MAX_ROWS * MAX_COUNT * 8 + 64)];
        _Alignas(64) unsigned char decoded[sizeof(state)];
        _Alignas(64) unsigned char message[MAX_TENSORS * MAX_ROWS * (MAX_COUNT * 8 + 8)];
        _Alignas(64) unsigned char again[sizeof(message)];
        _Alignas(64) unsigned char place[MAX_TENSORS * (MAX_COUNT * 8 + 64)];
        const uint64_t bytes = row_place_message_bytes(cut, rows, encoding);
        struct model_cut facts = {.tensor_count = cut->tensor_count, .is_f32 = 1};
        for (uint32_t t = 0; t < cut->tensor_count; t++) {
            facts.row_bytes += cut->tensors[t].bytes;
            facts.row_elements += cut->tensors[t].bytes / tensor_type_bytes(cut->tensors[t].type);
            facts.is_f32 = facts.is_f32 && cut->tensors[t].type == TENSOR_F32;
        }
        const struct model_table table = {.cuts = &facts, .cut_count = 1};
        CU_ASSERT_EQUAL_FATAL(message_bytes(cut, rows, encoding), bytes);
        CU_ASSERT_EQUAL_FATAL(model_table_message_bytes(&table, 0, rows, encoding), bytes);
        for (size_t i = 0; i < sizeof(state) / sizeof(float); i++)
            ((float *)state)[i] = (float)shm_random_below(&random, 20001) / 1000 - 10;
        message_encode(cut, rows, encoding, state, message);
        message_decode(cut, rows, encoding, message, decoded);
        for (uint32_t r = 0; r < rows; r++) {
            const struct row_place row = {r, rows, encoding};
            row_place_read(cut, &row, message, place);
            for (uint32_t t = 0; t < cut->tensor_count; t++) {
                const uint64_t size = cut->tensors[t].bytes;
                const unsigned char *there = decoded + message_state_at(cut, rows, t) + r * size;
                CU_ASSERT_EQUAL(memcmp(place + row_place_private_offset(cut, t), there, size), 0);
                memcpy(place + row_place_private_offset(cut, t),
                       state + message_state_at(cut, rows, t) + r * size, size);
            }
            row_place_write(cut, &row, place, again);
        }
        CU_ASSERT_EQUAL(memcmp(message, again, bytes), 0);
    }
}

const struct cunit_test tests[] = {
    {"a message has the bytes that the specification says, or there is none",
     sizes_are_the_specifications},
    {"a message of u8, written by hand, is read", a_u8_message_is_laid_out_as_written},
    {"tensors of any types: each row of each lies where a walk in order finds it",
     own_types_lie_in_order},
    {"what libjoint writes the worker reads, and the other way round, to the bit", both_ends_agree},
    {"rows written as f16 and u8 are read back and leave each other alone",
     encoded_rows_stay_apart},
    {NULL, NULL},
};
