/* The many ways in which a TensorProto may hold its elements, all ending as dense C order. */
#include "compute/onnx/onnx_tensor.h"

#include "compute/onnx/onnx_external.h"
#include "onnx.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RAW_DATA 9 /* TensorProto.raw_data */

static const char *const type_names[] = {
    "undefined", "float",  "uint8",     "int8",       "uint16",   "int16",
    "int32",     "int64",  "string",    "bool",       "float16",  "double",
    "uint32",    "uint64", "complex64", "complex128", "bfloat16",
};

const char *onnx_type_name(int32_t type)
{
    if (type < 0 || (size_t)type >= sizeof(type_names) / sizeof(type_names[0]))
        return "unknown";
    return type_names[type];
}

bool onnx_type_is_known(int32_t type)
{
    return type == TENSOR_F32 || type == TENSOR_U8 || type == TENSOR_I32 || type == TENSOR_I64 ||
           type == TENSOR_BOOL;
}

/* One tensor on its way from the file to the graph. */
#define LARGE_BYTES ((size_t)64 << 10)

struct source {
    struct onnx_reader *reader;
    const Onnx__TensorProto *proto;
    const char *what;
    struct onnx_slice raw;
    bool has_raw;
    bool is_initializer; /* not an attribute */
    size_t count, bytes; /* that type and shape ask for */
};

static int read_shape(struct source *source, struct tensor *tensor)
{
    const Onnx__TensorProto *proto = source->proto;
    if (proto->n_dims > TENSOR_MAX_RANK)
        return onnx_fail(source->reader, -EINVAL, "%s has %zu dimensions; at most %d are supported",
                         source->what, proto->n_dims, TENSOR_MAX_RANK);
    tensor->shape.rank = (uint32_t)proto->n_dims;
    for (size_t i = 0; i < proto->n_dims; i++) {
        if (proto->dims[i] < 0)
            return onnx_fail(source->reader, -EINVAL, "%s has a negative dimension (%lld)",
                             source->what, (long long)proto->dims[i]);
        tensor->shape.dims[i] = proto->dims[i];
    }
    if (tensor_bytes(tensor, &source->bytes)) {
        char text[200];
        return onnx_fail(source->reader, -EOVERFLOW,
                         "%s has the shape %s, which is larger than memory can be", source->what,
                         shape_print(&tensor->shape, text, sizeof(text)));
    }
    source->count = tensor_count(tensor);
    return 0;
}

static int fail_length(const struct source *source, const struct tensor *tensor, size_t have,
                       size_t need, const char *unit)
{
    char text[200];
    return onnx_fail(source->reader, -EINVAL,
                     "%s holds %zu %s but its shape %s of %s needs %zu; the file is damaged",
                     source->what, have, unit, shape_print(&tensor->shape, text, sizeof(text)),
                     tensor_type_name(tensor->type), need);
}

/* Copies bytes of the file. Big ones are read instead: a mapping's pages would have to be faulted
 * in, and would count as memory beside the copy. */
static int copy_bytes(const struct source *source, struct onnx_slice bytes, uint8_t *to)
{
    const struct onnx_reader *reader = source->reader;
    if (bytes.size < (size_t)1 << 20 || reader->file_fd < 0 || bytes.data < reader->file.data ||
        bytes.data >= reader->file.data + reader->file.size) {
        if (bytes.size)
            memcpy(to, bytes.data, bytes.size);
        return 0;
    }
    size_t offset = (size_t)(bytes.data - reader->file.data);
    for (size_t done = 0; done < bytes.size;) {
        ssize_t got = pread(reader->file_fd, to + done, bytes.size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return onnx_fail(reader, got ? -errno : -EIO, "%s cannot be read: %s", source->what,
                             got ? strerror(errno) : "the file was shortened meanwhile");
        done += (size_t)got;
    }
    return 0;
}

/* Whether elements can be used where they lie. Large float weights can, at any address (see
 * graph_align): copying them would cost their size again in time and memory. */
static bool can_stay(const struct source *source, struct onnx_slice bytes,
                     const struct tensor *tensor)
{
    if ((uintptr_t)bytes.data % tensor_type_bytes(tensor->type) == 0)
        return true;
    return source->is_initializer && tensor->type == TENSOR_F32 && bytes.size >= LARGE_BYTES;
}

/* Little-endian elements as they lie in a file. */
static int take_bytes(struct source *source, struct onnx_slice bytes, struct tensor *tensor)
{
    if (bytes.size != source->bytes)
        return fail_length(source, tensor, bytes.size, source->bytes, "bytes of data");
    if (tensor->type == TENSOR_BOOL)
        for (size_t i = 0; i < bytes.size; i++)
            if (bytes.data[i] > 1)
                return onnx_fail(source->reader, -EINVAL, "%s has a bool that is neither 0 nor 1",
                                 source->what);
    if (bytes.size > 0 && can_stay(source, bytes, tensor)) {
        tensor->data = (void *)(uintptr_t)bytes.data; /* mapped read-only, and only read */
        return 0;
    }
    tensor->data = onnx_take_elements(source->reader, bytes.size);
    if (!tensor->data)
        return onnx_no_memory(source->reader);
    return copy_bytes(source, bytes, tensor->data);
}

/* int32_data holds int32, and uint8 and bool one to a number. */
static int take_int32_data(struct source *source, struct tensor *tensor)
{
    const Onnx__TensorProto *proto = source->proto;
    int32_t limit = tensor->type == TENSOR_BOOL ? 1 : UINT8_MAX;
    for (size_t i = 0; i < source->count; i++) {
        int32_t number = proto->int32_data[i];
        if (tensor->type == TENSOR_I32)
            ((int32_t *)tensor->data)[i] = number;
        else if (number < 0 || number > limit)
            return onnx_fail(source->reader, -EINVAL, "%s has the element %d, which is no %s",
                             source->what, number, tensor_type_name(tensor->type));
        else
            ((uint8_t *)tensor->data)[i] = (uint8_t)number;
    }
    return 0;
}

/* Elements in the list of numbers that belongs to their type. */
static int take_numbers(struct source *source, struct tensor *tensor)
{
    const Onnx__TensorProto *proto = source->proto;
    size_t have = tensor->type == TENSOR_F32   ? proto->n_float_data
                  : tensor->type == TENSOR_I64 ? proto->n_int64_data
                                               : proto->n_int32_data;
    if (have != source->count)
        return fail_length(source, tensor, have, source->count, "elements");
    tensor->data = onnx_take_elements(source->reader, source->bytes);
    if (!tensor->data)
        return onnx_no_memory(source->reader);
    if (have == 0)
        return 0;
    if (tensor->type == TENSOR_F32)
        memcpy(tensor->data, proto->float_data, source->bytes);
    else if (tensor->type == TENSOR_I64)
        memcpy(tensor->data, proto->int64_data, source->bytes);
    else
        return take_int32_data(source, tensor);
    return 0;
}

static int take_external(struct source *source, struct tensor *tensor)
{
    const Onnx__TensorProto *proto = source->proto;
    struct onnx_external external = {0};
    for (size_t i = 0; i < proto->n_external_data; i++) {
        const char *key = proto->external_data[i]->key, *value = proto->external_data[i]->value;
        if (key && strcmp(key, "location") == 0)
            external.location = value;
        else if (key && strcmp(key, "offset") == 0)
            external.offset = value;
        else if (key && strcmp(key, "length") == 0)
            external.length = value;
    }
    struct onnx_slice bytes;
    int rc = onnx_external_find(source->reader, &external, source->bytes, source->what, &bytes);
    return rc ? rc : take_bytes(source, bytes, tensor);
}

/* A double scalar is only ever a number written in an attribute: the nearest float will do. */
static bool take_double_scalar(struct source *source, struct tensor *tensor)
{
    const Onnx__TensorProto *proto = source->proto;
    double number;
    size_t count;
    if (proto->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE ||
        shape_count(&tensor->shape, &count) || count != 1)
        return false;
    if (source->has_raw && source->raw.size == sizeof(number))
        memcpy(&number, source->raw.data, sizeof(number));
    else if (!source->has_raw && proto->n_double_data == 1)
        number = proto->double_data[0];
    else
        return false;
    /* Beyond float's range the conversion is infinity (Annex F), not undefined. */
    float *element = onnx_take(source->reader, 1, sizeof(*element));
    if (!element)
        return false;
    *element = (float)number;
    tensor->type = TENSOR_F32;
    tensor->data = element;
    return true;
}

static int read_elements(struct source *source, bool is_attribute, struct tensor *tensor)
{
    const Onnx__TensorProto *proto = source->proto;
    if (!onnx_type_is_known(proto->data_type)) {
        tensor->shape.rank = proto->n_dims <= TENSOR_MAX_RANK ? (uint32_t)proto->n_dims : 0;
        for (uint32_t i = 0; i < tensor->shape.rank; i++)
            tensor->shape.dims[i] = proto->dims[i];
        if (is_attribute && take_double_scalar(source, tensor))
            return 0;
        return onnx_fail(source->reader, -ENOTSUP,
                         "%s has elements of type %s (%d); convert it to float, int64, int32, "
                         "uint8 or bool",
                         source->what, onnx_type_name(proto->data_type), proto->data_type);
    }
    tensor->type = (enum tensor_type)proto->data_type;
    if (proto->segment)
        return onnx_fail(source->reader, -ENOTSUP, "%s is a segment of a tensor; store it whole",
                         source->what);
    int rc = read_shape(source, tensor);
    if (rc)
        return rc;
    bool has_numbers = proto->n_float_data || proto->n_int32_data || proto->n_int64_data;
    bool is_external = proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    if (source->has_raw + has_numbers + is_external > 1)
        return onnx_fail(source->reader, -EINVAL, "%s has its elements in more than one place",
                         source->what);
    if (is_external)
        return take_external(source, tensor);
    return source->has_raw ? take_bytes(source, source->raw, tensor) : take_numbers(source, tensor);
}

static int find_raw(struct source *source, struct onnx_slice message)
{
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(message);
    while (onnx_walk_next(&walk, &field)) {
        if (field.number != RAW_DATA)
            continue;
        if (field.type != ONNX_WIRE_BYTES || source->has_raw)
            return onnx_fail(source->reader, -EBADMSG,
                             "%s has its raw data twice or not as bytes; the file is damaged",
                             source->what);
        source->raw = field.bytes;
        source->has_raw = true;
    }
    return 0;
}

int onnx_tensor_read(struct onnx_reader *reader, struct onnx_slice message, const char *what,
                     struct tensor *tensor, char **name)
{
    char named[300];
    Onnx__TensorProto *proto = onnx_unpack(reader, &onnx__tensor_proto__descriptor, message,
                                           1ull << RAW_DATA, what ? what : "an initializer");
    if (!proto)
        return -EBADMSG;
    snprintf(named, sizeof(named), "initializer '%.250s'", proto->name ? proto->name : "");
    *tensor = (struct tensor){0};
    *name = onnx_copy_string(reader, proto->name ? proto->name : "");
    struct source source = {
        .reader = reader, .proto = proto, .what = what ? what : named, .is_initializer = !what};
    int rc = *name ? find_raw(&source, message) : onnx_no_memory(reader);
    if (!rc)
        rc = read_elements(&source, what != NULL, tensor);
    onnx_free(proto);
    return rc;
}
