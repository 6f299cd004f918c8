/* Protobuf's wire format into a growing buffer: the few field kinds that an ONNX file is made of.
 *
 * Written by hand rather than with protobuf-c because a graph's length stands before its weights,
 * which are streamed: the writer must count and place bytes itself. Out of memory is remembered in
 * failed, and every later call does nothing. */
#ifndef COMPUTE_ZOO_WIRE_H
#define COMPUTE_ZOO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
    uint8_t *data;
    size_t bytes, capacity;
    bool failed;
};

void wire_fini(struct wire *wire); /* accepts a zeroed one */

void wire_int(struct wire *wire, uint32_t field, int64_t value);
void wire_float(struct wire *wire, uint32_t field, float value);
void wire_string(struct wire *wire, uint32_t field, const char *text);
void wire_bytes(struct wire *wire, uint32_t field, const void *data, size_t bytes);

/* The other's bytes as they are. */
void wire_append(struct wire *wire, const struct wire *other);

/* The tag and length of a field whose bytes follow by other means. */
void wire_length(struct wire *wire, uint32_t field, uint64_t bytes);

/* A message inside: what is written between begin and end; begin's result goes to end. */
size_t wire_begin(struct wire *wire, uint32_t field);
void wire_end(struct wire *wire, size_t begin);

#endif
