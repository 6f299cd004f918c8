/* Memory, names and errors of one load; protobuf-c under a budget. */
#include "compute/onnx/onnx_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int onnx_fail(const struct onnx_reader *reader, int code, const char *format, ...)
{
    char text[sizeof(reader->error->text) - 1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return graph_fail(reader->error, code, "%.1000s: %s", reader->name, text);
}

int onnx_no_memory(const struct onnx_reader *reader)
{
    return onnx_fail(reader, -ENOMEM, "out of memory while the model was read");
}

#define CHUNK_BYTES ((size_t)16384)

void *onnx_take(struct onnx_reader *reader, size_t count, size_t element_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, element_bytes, &bytes) || bytes > PTRDIFF_MAX - 8)
        return NULL;
    bytes = bytes ? (bytes + 7) / 8 * 8 : 8;
    if (bytes > CHUNK_BYTES / 8)
        return graph_alloc(reader->graph, bytes);
    if (bytes > reader->chunk_left) {
        char *chunk = graph_alloc(reader->graph, CHUNK_BYTES);
        if (!chunk)
            return NULL;
        reader->chunk = chunk;
        reader->chunk_left = CHUNK_BYTES;
    }
    void *memory = reader->chunk;
    reader->chunk += bytes;
    reader->chunk_left -= bytes;
    return memory;
}

char *onnx_copy_text(struct onnx_reader *reader, const void *text, size_t length)
{
    char *copy = length < SIZE_MAX ? onnx_take(reader, length + 1, 1) : NULL;
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *onnx_copy_string(struct onnx_reader *reader, const char *text)
{
    return onnx_copy_text(reader, text, strlen(text));
}

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

void *onnx_take_elements(struct onnx_reader *reader, size_t bytes)
{
    if (bytes <= CHUNK_BYTES / 8)
        return graph_alloc(reader->graph, bytes);
    if (bytes < 2 * HUGE_PAGE_BYTES) {
        void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
        return memory && graph_own(reader->graph, memory) == 0 ? memory : NULL;
    }
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    madvise(memory, bytes, MADV_HUGEPAGE); /* only faster: the result does not matter */
    return graph_own_mapping(reader->graph, memory, bytes, false) == 0 ? memory : NULL;
}

int onnx_fail_wire(const struct onnx_reader *reader, const struct onnx_walk *walk, const char *what)
{
    return onnx_fail(reader, -EBADMSG,
                     "%s is malformed at byte %zu: %s; the file is damaged, or is not ONNX", what,
                     (size_t)(walk->at - reader->file.data), walk->problem);
}

int onnx_check_wire(const struct onnx_reader *reader, struct onnx_slice message, const char *what)
{
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field))
        continue;
    return walk.problem ? onnx_fail_wire(reader, &walk, what) : 0;
}

/* An allocator that remembers each block's size in front of it and refuses to go over its limit. */
struct budget {
    size_t left;
};

union block {
    size_t bytes;
    max_align_t alignment;
};

static void *budget_alloc(void *data, size_t bytes)
{
    struct budget *budget = data;
    if (bytes > PTRDIFF_MAX - sizeof(union block) || bytes + sizeof(union block) > budget->left)
        return NULL;
    union block *block = malloc(sizeof(*block) + bytes);
    if (!block)
        return NULL;
    block->bytes = bytes + sizeof(*block);
    budget->left -= block->bytes;
    return block + 1;
}

static void budget_free(void *data, void *memory)
{
    struct budget *budget = data;
    if (!memory)
        return;
    union block *block = (union block *)memory - 1;
    budget->left += block->bytes;
    free(block);
}

/* What unpacking may cost: the widest honest case is a list of small numbers (a byte each in the
 * file, eight in memory); small messages with many fields cost more, up to 64 MiB. */
static size_t budget_for(size_t size)
{
    const size_t small = (size_t)64 << 20;
    size_t extra = size > small / 52 ? small : size * 52;
    return size > SIZE_MAX / 16 ? SIZE_MAX / 2 : ((size_t)1 << 20) + extra + size * 12;
}

void *onnx_unpack(const struct onnx_reader *reader, const ProtobufCMessageDescriptor *type,
                  struct onnx_slice message, uint64_t mask, const char *what)
{
    struct onnx_slice rest;
    void *memory;
    if (onnx_check_wire(reader, message, what))
        return NULL;
    if (onnx_wire_without(message, mask, &rest, &memory)) {
        onnx_no_memory(reader);
        return NULL;
    }
    struct budget budget = {.left = budget_for(rest.size)};
    ProtobufCAllocator allocator = {
        .alloc = budget_alloc, .free = budget_free, .allocator_data = &budget};
    ProtobufCMessage *unpacked = protobuf_c_message_unpack(type, &allocator, rest.size, rest.data);
    free(memory);
    if (!unpacked)
        onnx_fail(reader, -EBADMSG,
                  "%s is malformed (not a valid %s); the file is damaged, or is not ONNX", what,
                  type->short_name);
    return unpacked;
}

void onnx_free(void *message)
{
    if (!message)
        return;
    struct budget budget = {0};
    ProtobufCAllocator allocator = {
        .alloc = budget_alloc, .free = budget_free, .allocator_data = &budget};
    protobuf_c_message_free_unpacked(message, &allocator);
}

int onnx_value_number(struct onnx_reader *reader, const char *name, uint32_t *number)
{
    if (name_map_find(&reader->values, name, number))
        return 0;
    if (reader->graph->value_count == ONNX_MAX_VALUES)
        return onnx_fail(reader, -EFBIG, "the graph has more than %u values", ONNX_MAX_VALUES);
    if (graph_add_value(reader->graph, name, number) ||
        name_map_add(&reader->values, reader->graph->values[*number].name, *number))
        return onnx_no_memory(reader);
    return 0;
}
