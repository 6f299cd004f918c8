/* Tests of compute/kernels/cpu.c. */
#include "compute/kernels/cpu.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
/* Whether /proc/cpuinfo lists the flag; the kernel is another source than the compiler's cpuid. */
static bool system_lists(const char *flag)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file)
        return false;
    char line[8192], word[32];
    bool is_found = false;
    snprintf(word, sizeof(word), " %s", flag);
    while (!is_found && fgets(line, sizeof(line), file)) {
        const char *at = strstr(line, word);
        is_found = at && (at[strlen(word)] == ' ' || at[strlen(word)] == '\n');
    }
    fclose(file);
    return is_found;
}
#endif

static void matches_the_system(void)
{
#if defined(__x86_64__)
    CU_ASSERT_EQUAL(isa_available(ISA_AVX2), system_lists("avx2") && system_lists("fma"));
    CU_ASSERT_EQUAL(isa_available(ISA_AVX512),
                    system_lists("avx512f") && system_lists("avx512vl") &&
                        system_lists("avx512dq") && system_lists("avx512bw"));
    CU_ASSERT_FALSE(isa_available(ISA_NEON));
#elif defined(__aarch64__)
    /* Every 64-bit ARM has it; the system's list may be that of an emulator's host. */
    CU_ASSERT_TRUE(isa_available(ISA_NEON));
    CU_ASSERT_FALSE(isa_available(ISA_AVX2));
#endif
    CU_ASSERT_TRUE(isa_available(ISA_PLAIN));
    CU_ASSERT_TRUE(isa_available(isa_best()));
}

static void names_what_it_found(void)
{
    char name[80], shorter[8];
    CU_ASSERT_STRING_EQUAL(isa_name(ISA_AVX512), "avx512");
    CU_ASSERT_TRUE(strlen(cpu_name(name, sizeof(name))) > 0);
    cpu_name(shorter, sizeof(shorter));
    CU_ASSERT_EQUAL(strlen(shorter), strlen(name) < 7 ? strlen(name) : 7);
    CU_ASSERT_EQUAL(strncmp(shorter, name, strlen(shorter)), 0);
    printf("%s, %s, level 2 %zu KiB, level 3 %zu KiB ", name, isa_name(isa_best()),
           cpu_cache_bytes(2) >> 10, cpu_cache_bytes(3) >> 10);
}

static void reports_caches(void)
{
    CU_ASSERT_TRUE(cpu_cache_bytes(2) >= 64 << 10 && cpu_cache_bytes(2) <= 256 << 20);
    CU_ASSERT_TRUE(cpu_cache_bytes(3) >= 64 << 10 && cpu_cache_bytes(3) <= 2047u << 20);
}

const struct cunit_test tests[] = {
    {"the instruction sets are those that the system lists", matches_the_system},
    {"the CPU has a name, cut off at the size given", names_what_it_found},
    {"cache sizes are plausible", reports_caches},
    {NULL, NULL},
};
