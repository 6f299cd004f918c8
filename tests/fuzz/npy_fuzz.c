/* Fuzz target: .npy files in memory; what was read must survive being written again. */
#include "compute/tensor/npy_header.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void require(int is_true)
{
    if (!is_true)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct npy npy, again;
    struct npy_error error = {{0}};
    if (npy_parse("x", bytes, size, &npy, &error)) {
        require(error.text[0] != '\0' && !strchr(error.text, '\n'));
        return 0;
    }
    size_t data_bytes;
    char header[256];
    require(tensor_bytes(&npy.tensor, &data_bytes) == 0 && data_bytes <= size);
    size_t header_bytes = npy_header_print(&npy.tensor, header);
    require(header_bytes % 64 == 0 && header_bytes <= sizeof(header));
    uint8_t *file = malloc(header_bytes + data_bytes);
    require(file != NULL);
    memcpy(file, header, header_bytes);
    memcpy(file + header_bytes, npy.tensor.data, data_bytes);
    require(npy_parse("x", file, header_bytes + data_bytes, &again, NULL) == 0);
    require(again.tensor.type == npy.tensor.type);
    require(shape_equal(&again.tensor.shape, &npy.tensor.shape));
    require(memcmp(again.tensor.data, npy.tensor.data, data_bytes) == 0);
    npy_fini(&again);
    npy_fini(&npy);
    free(file);
    return 0;
}
