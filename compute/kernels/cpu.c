/* Asks the CPU and the system which instruction sets and caches there are. */
#include "compute/kernels/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/kernels/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define GUESS_LEVEL2_BYTES ((size_t)512 << 10)
#define GUESS_LEVEL3_BYTES ((size_t)4 << 20)

static bool cpu_has(enum isa isa)
{
    switch (isa) {
    case ISA_PLAIN:
        return true;
    case ISA_NEON:
#if defined(__aarch64__)
        return true;
#else
        return false;
#endif
#if defined(__x86_64__)
    case ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("fma");
#else
    case ISA_AVX2:
    case ISA_AVX512:
        return false;
#endif
    }
    return false;
}

bool isa_available(enum isa isa)
{
    return kernels_of(isa) && cpu_has(isa);
}

enum isa isa_best(void)
{
    static const enum isa order[] = {ISA_AVX512, ISA_AVX2, ISA_NEON};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (isa_available(order[i]))
            return order[i];
    return ISA_PLAIN;
}

const char *isa_name(enum isa isa)
{
    switch (isa) {
    case ISA_PLAIN:
        return "plain";
    case ISA_NEON:
        return "neon";
    case ISA_AVX2:
        return "avx2";
    case ISA_AVX512:
        return "avx512";
    }
    return "unknown";
}

#if defined(__x86_64__)
/* Hypervisors hide the number behind names such as "AMD EPYC", so family and model go with it. */
const char *cpu_name(char *text, size_t size)
{
    unsigned brand[13] = {0};
    for (unsigned leaf = 0; leaf < 3; leaf++)
        if (!__get_cpuid(0x80000002 + leaf, &brand[4 * leaf], &brand[4 * leaf + 1],
                         &brand[4 * leaf + 2], &brand[4 * leaf + 3]))
            break;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    unsigned family = eax >> 8 & 15, model = eax >> 4 & 15;
    if (family == 15 || family == 6)
        model |= (eax >> 16 & 15) << 4;
    if (family == 15)
        family += eax >> 20 & 255;
    char name[sizeof(brand)];
    memcpy(name, brand, sizeof(brand));
    char *start = name + strspn(name, " ");
    size_t length = strlen(start);
    while (length > 0 && start[length - 1] == ' ')
        length--;
    snprintf(text, size, "%.*s (family %u model %u)", (int)length, start, family, model);
    return text;
}
#else
const char *cpu_name(char *text, size_t size)
{
    static const char *const keys[] = {"model name", "CPU part", "Hardware"};
    snprintf(text, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file)
        return text;
    char line[256];
    bool is_found = false;
    while (!is_found && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        const char *colon = strchr(line, ':');
        for (size_t i = 0; colon && i < sizeof(keys) / sizeof(keys[0]); i++)
            if (strncmp(line, keys[i], strlen(keys[i])) == 0) {
                snprintf(text, size, "%s", colon + 1 + strspn(colon + 1, " "));
                is_found = true;
            }
    }
    fclose(file);
    return text;
}
#endif

/* The first line of a file of cpu0's cache description, or an empty string. */
static void read_cache_file(unsigned index, const char *name, char *text, size_t size)
{
    char path[96];
    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu0/cache/index%u/%s", index, name);
    text[0] = '\0';
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    if (!fgets(text, (int)size, file))
        text[0] = '\0';
    fclose(file);
}

/* Bits set in a mask such as "00ff,ffffffff"; at least 1. */
static unsigned count_mask(const char *mask)
{
    unsigned count = 0;
    for (const char *c = mask; *c; c++) {
        char digit[2] = {*c, '\0'};
        count += (unsigned)__builtin_popcountl(strtoul(digit, NULL, 16));
    }
    return count ? count : 1;
}

size_t cpu_cache_bytes(unsigned level)
{
    char text[128];
    for (unsigned index = 0; index < 8; index++) {
        read_cache_file(index, "level", text, sizeof(text));
        if (text[0] == '\0')
            break;
        unsigned long found = strtoul(text, NULL, 10);
        read_cache_file(index, "type", text, sizeof(text));
        if (found != level || strncmp(text, "Instruction", 11) == 0)
            continue;
        read_cache_file(index, "size", text, sizeof(text));
        char *unit;
        size_t bytes = strtoul(text, &unit, 10);
        bytes <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : 0;
        read_cache_file(index, "shared_cpu_map", text, sizeof(text));
        if (bytes > 0)
            return bytes / count_mask(text);
    }
    return level <= 2 ? GUESS_LEVEL2_BYTES : GUESS_LEVEL3_BYTES;
}
