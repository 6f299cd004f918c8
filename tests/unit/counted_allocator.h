/* How often memory was taken from the C library: what "allocates nothing" is tested with. A test
 * that links counted_allocator_dep has every call of its own and of the project's libraries led
 * through here by the linker; calls inside shared libraries are not seen. */
#ifndef TESTS_UNIT_COUNTED_ALLOCATOR_H
#define TESTS_UNIT_COUNTED_ALLOCATOR_H

/* Calls of malloc, calloc, realloc, reallocarray, aligned_alloc and posix_memalign so far, by all
 * threads. */
unsigned long counted_allocator_calls(void);

#endif
