/* What libFuzzer and its targets ask of each other. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Each target defines this: runs the code under test on the bytes; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A target may define this: changes the bytes in place, up to capacity; returns the new size. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t capacity, unsigned seed);

/* libFuzzer's own mutations, for use by a custom mutator. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t capacity);

#endif
