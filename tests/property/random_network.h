/* Random networks for property tests: small, seeded, of most operators that have a fast path and
 * some that have none, with an open batch dimension. */
#ifndef TESTS_PROPERTY_RANDOM_NETWORK_H
#define TESTS_PROPERTY_RANDOM_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the network of this seed as an ONNX file, and its operators to text. False: it cannot. */
bool random_network_write(uint32_t seed, const char *path, char *text, size_t text_bytes);

#endif
