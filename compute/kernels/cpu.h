/* Which instruction sets this CPU has, and so which kernels run. */
#ifndef COMPUTE_KERNELS_CPU_H
#define COMPUTE_KERNELS_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum isa {
    ISA_PLAIN, /* C, no assumption */
    ISA_NEON, /* 4 floats a vector */
    ISA_AVX2, /* 8 floats a vector, with FMA */
    ISA_AVX512, /* 16 floats a vector */
};

/* The best that this CPU and this build have. */
enum isa isa_best(void);
/* Whether this CPU and this build can run isa. */
bool isa_available(enum isa isa);
const char *isa_name(enum isa isa); /* "avx512" */
/* The CPU's model name for people and for keeping measurements apart, cut off at size. */
const char *cpu_name(char *text, size_t size);
/* Bytes of the cache a core can count on at each level (2, 3); a guess of 512 KiB and 4 MiB where
 * the system does not tell. */
size_t cpu_cache_bytes(unsigned level);

#endif
