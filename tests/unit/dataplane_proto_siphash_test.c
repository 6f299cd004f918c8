/* Tests of dataplane/proto/siphash.c against the vectors of its authors. */
#include "dataplane/proto/siphash.h"
#include "tests/unit/cunit_main.h"

/* The key is 0, 1, .. 15; input i is the bytes 0, 1, .. i - 1. */
static const uint64_t vectors[] = {
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
    0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
    0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
    0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
    0x3f2acc7f57c29bdb,
};

static void gives_the_authors_vectors(void)
{
    struct jtp_key key;
    uint8_t bytes[16];
    for (uint8_t i = 0; i < 16; i++)
        key.bytes[i] = bytes[i] = i;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        CU_ASSERT_EQUAL(jtp_siphash(&key, bytes, i), vectors[i]);
}

const struct cunit_test tests[] = {
    {"the vectors of the authors", gives_the_authors_vectors},
    {NULL, NULL},
};
