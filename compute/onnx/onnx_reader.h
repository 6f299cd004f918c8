/* What the parts of the ONNX loader share while one model is read. */
#ifndef COMPUTE_ONNX_ONNX_READER_H
#define COMPUTE_ONNX_ONNX_READER_H

#include "compute/graph/graph.h"
#include "compute/onnx/name_map.h"
#include "compute/onnx/onnx_wire.h"

#include <protobuf-c/protobuf-c.h>

/* No network comes near these; they bound what a hostile file can cost. */
#define ONNX_MAX_NODES (1u << 20)
#define ONNX_MAX_VALUES (1u << 20)
#define ONNX_MAX_ATTRIBUTES 64 /* of one node */

struct onnx_reader {
    const char *name; /* of the file, for errors */
    struct onnx_slice file;
    int file_fd; /* what file is mapped from, or -1: big copies are read, not faulted in */
    struct graph *graph;
    struct graph_error *error;
    struct name_map values; /* by name */
    /* opset_import, "" for ONNX's own domain. */
    struct name_map domains; /* to the index in opsets */
    int64_t *opsets;
    /* Where external data may lie, -1: nowhere; and the files of it that are mapped. */
    int folder_fd;
    struct name_map externals; /* to the index in external_files */
    struct onnx_slice *external_files;
    size_t external_count, external_capacity;
    /* Small things of the graph (names, lists) are cut from chunks. */
    char *chunk;
    size_t chunk_left;
};

/* "FILE: " and the message (printf) into the error; returns code. */
int onnx_fail(const struct onnx_reader *reader, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int onnx_no_memory(const struct onnx_reader *reader);

/* Zeroed memory for count elements, or a copy of text, that dies with the graph; NULL when out of
 * memory. */
void *onnx_take(struct onnx_reader *reader, size_t count, size_t element_bytes);
char *onnx_copy_string(struct onnx_reader *reader, const char *text);
char *onnx_copy_text(struct onnx_reader *reader, const void *text, size_t length);

/* Memory for the elements of a tensor, aligned to 64 bytes, contents undefined, that dies with the
 * graph; NULL when out of memory. */
void *onnx_take_elements(struct onnx_reader *reader, size_t bytes);

/* Walks message once. 0, or -EBADMSG with an error that says at which byte of what it breaks. */
int onnx_check_wire(const struct onnx_reader *reader, struct onnx_slice message, const char *what);
/* The error for a walk that ended with a problem. */
int onnx_fail_wire(const struct onnx_reader *reader, const struct onnx_walk *walk,
                   const char *what);

/* Unpacks what is left of message without the fields in mask, within a budget of memory that
 * follows from its size. Free the result with onnx_free. NULL with an error; what names the
 * message in it. */
void *onnx_unpack(const struct onnx_reader *reader, const ProtobufCMessageDescriptor *type,
                  struct onnx_slice message, uint64_t mask, const char *what);
void onnx_free(void *message); /* accepts NULL */

/* The number of the value with this name, added if it is new. 0 or negative errno with an error. */
int onnx_value_number(struct onnx_reader *reader, const char *name, uint32_t *number);

#endif
