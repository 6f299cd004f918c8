/* Parsing and printing the Python dictionary that describes a .npy file's elements.
 *
 * The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include "compute/tensor/npy_header.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";
#define MAGIC_BYTES (sizeof(magic) - 1)

/* A position in the header's text; all reads stop at end. */
struct cursor {
    const char *at, *end;
    struct npy_error *error;
};

int npy_fail(struct npy_error *error, int code, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
    }
    return code;
}

int npy_header_span(const uint8_t *bytes, size_t size, size_t *offset, size_t *length,
                    struct npy_error *error)
{
    if (size < MAGIC_BYTES + 4 || memcmp(bytes, magic, MAGIC_BYTES) != 0)
        return npy_fail(error, -EINVAL, "is not a .npy file; write it with numpy.save");
    uint8_t major = bytes[MAGIC_BYTES], minor = bytes[MAGIC_BYTES + 1];
    const uint8_t *field = bytes + MAGIC_BYTES + 2;
    if (major < 1 || major > 3 || minor != 0)
        return npy_fail(error, -EINVAL, "is a .npy file of version %u.%u; 1.0 to 3.0 are read",
                        major, minor);
    *length = field[0] | (size_t)field[1] << 8;
    *offset = MAGIC_BYTES + 4;
    if (major > 1) {
        if (size < MAGIC_BYTES + 6)
            return npy_fail(error, -EINVAL, "ends inside its header");
        *length |= (size_t)field[2] << 16 | (size_t)field[3] << 24;
        *offset += 2;
    }
    if (*length > NPY_HEADER_MAX_BYTES)
        return npy_fail(error, -EINVAL, "has a header of %zu bytes; at most %d are read", *length,
                        NPY_HEADER_MAX_BYTES);
    return 0;
}

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at) && *cursor->at)
        cursor->at++;
}

/* Consumes text, after white space, if it stands here. */
static bool accept(struct cursor *cursor, const char *text)
{
    skip_space(cursor);
    size_t length = strlen(text);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, text, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* A quoted string without escapes, cut off at size. */
static bool accept_string(struct cursor *cursor, char *text, size_t size)
{
    skip_space(cursor);
    if (cursor->at == cursor->end || (*cursor->at != '\'' && *cursor->at != '"'))
        return false;
    char quote = *cursor->at++;
    const char *close = memchr(cursor->at, quote, (size_t)(cursor->end - cursor->at));
    if (!close)
        return false;
    snprintf(text, size, "%.*s", (int)(close - cursor->at), cursor->at);
    cursor->at = close + 1;
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return true;
}

static int parse_type(struct cursor *cursor, enum tensor_type *type)
{
    static const struct {
        const char *descr;
        enum tensor_type type;
    } known[] = {
        {"f4", TENSOR_F32}, {"u1", TENSOR_U8},   {"i4", TENSOR_I32},
        {"i8", TENSOR_I64}, {"b1", TENSOR_BOOL},
    };
    char descr[64];
    skip_space(cursor);
    if (cursor->at < cursor->end && (*cursor->at == '[' || *cursor->at == '('))
        return npy_fail(cursor->error, -EINVAL,
                        "has a structured dtype; save one plain array of float32, int32, int64, "
                        "uint8 or bool");
    if (!accept_string(cursor, descr, sizeof(descr)))
        return npy_fail(cursor->error, -EINVAL, "has no readable 'descr' in its header");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        bool has_one_byte = known[i].descr[1] == '1';
        bool has_order = descr[0] == '<' || descr[0] == '=' || descr[0] == '|' || descr[0] == '>';
        if (strcmp(descr + has_order, known[i].descr) != 0)
            continue;
        if (descr[0] == '>' && !has_one_byte)
            return npy_fail(cursor->error, -EINVAL,
                            "has big-endian elements (dtype '%s'); save it as '<%s'", descr,
                            known[i].descr);
        *type = known[i].type;
        return 0;
    }
    return npy_fail(cursor->error, -EINVAL,
                    "has elements of dtype '%s'; save it as float32, int32, int64, uint8 or bool",
                    descr);
}

static int parse_shape(struct cursor *cursor, struct shape *shape)
{
    *shape = (struct shape){0};
    if (!accept(cursor, "("))
        return npy_fail(cursor->error, -EINVAL, "has no readable 'shape' in its header");
    while (!accept(cursor, ")")) {
        int64_t dim = 0;
        const char *first = cursor->at;
        for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
            if (__builtin_mul_overflow(dim, 10, &dim) ||
                __builtin_add_overflow(dim, *cursor->at - '0', &dim))
                return npy_fail(cursor->error, -EINVAL, "has a dimension beyond 64 bits");
        if (cursor->at == first)
            return npy_fail(cursor->error, -EINVAL,
                            "has a 'shape' that is not a tuple of numbers >= 0");
        accept(cursor, "L"); /* Python 2 wrote 3L */
        if (shape->rank == TENSOR_MAX_RANK)
            return npy_fail(cursor->error, -EINVAL, "has more than %d dimensions", TENSOR_MAX_RANK);
        shape->dims[shape->rank++] = dim;
        if (!accept(cursor, ",")) {
            if (!accept(cursor, ")"))
                return npy_fail(cursor->error, -EINVAL, "has a 'shape' that does not end");
            break;
        }
    }
    return 0;
}

int npy_header_parse(const char *text, size_t length, struct npy_header *header,
                     struct npy_error *error)
{
    struct cursor cursor = {.at = text, .end = text + length, .error = error};
    bool has_type = false, has_order = false, has_shape = false;
    if (!accept(&cursor, "{"))
        return npy_fail(error, -EINVAL, "has a header that is not a dictionary");
    while (!accept(&cursor, "}")) {
        char key[32];
        if (!accept_string(&cursor, key, sizeof(key)) || !accept(&cursor, ":"))
            return npy_fail(error, -EINVAL, "has a header that is not a dictionary of strings");
        int rc = 0;
        if (strcmp(key, "descr") == 0 && !has_type) {
            has_type = true;
            rc = parse_type(&cursor, &header->type);
        } else if (strcmp(key, "shape") == 0 && !has_shape) {
            has_shape = true;
            rc = parse_shape(&cursor, &header->shape);
        } else if (strcmp(key, "fortran_order") == 0 && !has_order) {
            has_order = true;
            header->is_fortran_order = accept(&cursor, "True");
            if (!header->is_fortran_order && !accept(&cursor, "False"))
                rc = npy_fail(error, -EINVAL, "has a 'fortran_order' that is not True or False");
        } else {
            rc = npy_fail(error, -EINVAL, "has an unexpected or repeated '%s' in its header", key);
        }
        if (rc)
            return rc;
        if (!accept(&cursor, ",")) {
            if (!accept(&cursor, "}"))
                return npy_fail(error, -EINVAL, "has a header that does not end");
            break;
        }
    }
    skip_space(&cursor);
    if (cursor.at != cursor.end)
        return npy_fail(error, -EINVAL, "has text after the dictionary in its header");
    if (!has_type || !has_shape || !has_order)
        return npy_fail(error, -EINVAL, "has no '%s' in its header",
                        !has_type    ? "descr"
                        : !has_shape ? "shape"
                                     : "fortran_order");
    return 0;
}

static const char *descr_of(enum tensor_type type)
{
    switch (type) {
    case TENSOR_F32:
        return "<f4";
    case TENSOR_U8:
        return "|u1";
    case TENSOR_I32:
        return "<i4";
    case TENSOR_I64:
        return "<i8";
    case TENSOR_BOOL:
        return "|b1";
    case TENSOR_NONE:
        break;
    }
    return "";
}

size_t npy_header_print(const struct tensor *tensor, char text[256])
{
    size_t prefix = MAGIC_BYTES + 4, used = prefix;
    /* At most 61 + 8 * 21 + 2 characters: always fits. */
    used += (size_t)snprintf(text + used, 256 - used,
                             "{'descr': '%s', 'fortran_order': False, 'shape': (",
                             descr_of(tensor->type));
    for (uint32_t i = 0; i < tensor->shape.rank; i++)
        used += (size_t)snprintf(text + used, 256 - used, i ? ", %" PRId64 : "%" PRId64,
                                 tensor->shape.dims[i]);
    used += (size_t)snprintf(text + used, 256 - used, tensor->shape.rank == 1 ? ",), }" : "), }");
    size_t total = (used + 1 + 63) / 64 * 64;
    memset(text + used, ' ', total - used);
    text[total - 1] = '\n';
    memcpy(text, magic, MAGIC_BYTES);
    text[MAGIC_BYTES] = 1;
    text[MAGIC_BYTES + 1] = 0;
    text[MAGIC_BYTES + 2] = (char)((total - prefix) & 0xff);
    text[MAGIC_BYTES + 3] = (char)((total - prefix) >> 8);
    return total;
}
