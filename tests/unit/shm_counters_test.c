/* Tests of shm/counters.c: another process's numbers by name, and a page of anything. */
#include "shm/counters.h"
#include "shm/region.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void *make_payload(uint64_t bytes)
{
    void *payload = aligned_alloc(SHM_APART_BYTES, (bytes + 127) / 128 * 128);
    memset(payload, 0, bytes);
    return payload;
}

static void a_reader_sees_names_and_values(void)
{
    const uint64_t bytes = counters_bytes(3);
    CU_ASSERT_EQUAL(bytes, 128 + 3 * 128 + 3 * 64);
    void *payload = make_payload(bytes);
    struct counters counters;
    struct counters_reader reader;
    struct counter_view view;
    CU_ASSERT_EQUAL_FATAL(counters_init(&counters, payload, bytes, 3), 0);
    CU_ASSERT_EQUAL_FATAL(counters_attach(&reader, payload, bytes), 0);
    CU_ASSERT_EQUAL(counters_read(&reader, 0, &view), -ENOENT);
    struct counter_value *rx = counters_define(&counters, "rx_bytes", COUNTER_SUM, 3);
    struct counter_value *depth = counters_define(&counters, "depth", COUNTER_GAUGE, 4);
    struct counter_value *worst = counters_define(&counters, "worst_ns", COUNTER_MAX, 5);
    CU_ASSERT_PTR_NULL(counters_define(&counters, "one too many", COUNTER_SUM, 0));
    CU_ASSERT_EQUAL((uintptr_t)rx % 64, 0);
    CU_ASSERT_EQUAL((char *)depth - (char *)rx, 64);
    counter_add(rx, 40);
    counter_add(rx, 2);
    counter_set(depth, 9);
    counter_set(depth, 7);
    counter_max(worst, 100);
    counter_max(worst, 50);
    static const struct {
        const char *label;
        enum counter_kind kind;
        uint32_t writer;
        uint64_t value;
    } expected[] = {{"rx_bytes", COUNTER_SUM, 3, 42},
                    {"depth", COUNTER_GAUGE, 4, 7},
                    {"worst_ns", COUNTER_MAX, 5, 100}};
    for (uint32_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(counters_read(&reader, i, &view), 0);
        CU_ASSERT_STRING_EQUAL(view.label, expected[i].label);
        CU_ASSERT_EQUAL(view.kind, expected[i].kind);
        CU_ASSERT_EQUAL(view.writer, expected[i].writer);
        CU_ASSERT_EQUAL(view.value, expected[i].value);
    }
    CU_ASSERT_EQUAL(counters_read(&reader, 3, &view), -ENOENT);
    CU_ASSERT_EQUAL(counters_read(&reader, UINT32_MAX, &view), -ENOENT);
    free(payload);
}

static void long_names_are_cut(void)
{
    char name[200];
    memset(name, 'n', sizeof(name) - 1);
    name[199] = 0;
    void *payload = make_payload(counters_bytes(1));
    struct counters counters;
    struct counters_reader reader;
    struct counter_view view;
    counters_init(&counters, payload, counters_bytes(1), 1);
    counters_define(&counters, name, COUNTER_SUM, 0);
    counters_attach(&reader, payload, counters_bytes(1));
    CU_ASSERT_EQUAL(counters_read(&reader, 0, &view), 0);
    CU_ASSERT_EQUAL(strlen(view.label), COUNTER_LABEL_BYTES - 1);
    free(payload);
}

static void refuses_bad_sizes(void)
{
    struct counters counters;
    struct counters_reader reader;
    const uint64_t bytes = counters_bytes(4);
    struct counters_shared *payload = make_payload(bytes);
    CU_ASSERT_EQUAL(counters_bytes(0), 0);
    CU_ASSERT_EQUAL(counters_bytes(65537), 0);
    CU_ASSERT_EQUAL(counters_init(&counters, payload, bytes - 1, 4), -EINVAL);
    CU_ASSERT_EQUAL(counters_init(&counters, payload, bytes, 0), -EINVAL);
    CU_ASSERT_EQUAL_FATAL(counters_init(&counters, payload, bytes, 4), 0);
    CU_ASSERT_EQUAL(counters_attach(&reader, payload, bytes - 1), -EBADMSG);
    CU_ASSERT_EQUAL(counters_attach(&reader, payload, 4), -EBADMSG);
    static const uint32_t lies[] = {0, 5, 65536, 65537, 1u << 31, UINT32_MAX};
    for (int i = 0; i < 6; i++) {
        payload->capacity = lies[i];
        CU_ASSERT_EQUAL(counters_attach(&reader, payload, bytes), -EBADMSG);
    }
    free(payload);
}

/* Under the address sanitizer: nothing outside the payload is read, and labels can be printed. */
static void a_page_of_anything_is_read_safely(void)
{
    struct shm_random random = shm_random_start();
    const uint64_t bytes = counters_bytes(8);
    struct counters_shared *payload = make_payload(bytes);
    int refused = 0;
    for (int round = 0; round < 3000; round++) {
        struct counters counters;
        struct counters_reader reader;
        counters_init(&counters, payload, bytes, 8);
        CU_ASSERT_EQUAL_FATAL(counters_attach(&reader, payload, bytes), 0);
        for (uint64_t i = 0; i < bytes / 8; i++)
            ((uint64_t *)payload)[i] = shm_random_next(&random);
        for (uint32_t i = 0; i < 8 && shm_random_below(&random, 4); i++)
            payload->meta[i].kind = shm_random_below(&random, 5);
        for (uint32_t i = 0; i < 10; i++) {
            struct counter_view view;
            const int error = counters_read(&reader, i, &view);
            refused += error != 0;
            if (error)
                continue;
            CU_ASSERT_TRUE_FATAL(strlen(view.label) < COUNTER_LABEL_BYTES);
            for (const char *c = view.label; *c; c++)
                CU_ASSERT_TRUE_FATAL(*c >= ' ' && *c <= '~');
        }
    }
    CU_ASSERT_TRUE(refused > 0);
    free(payload);
}

/* A process that counts and is killed; its counters stay readable to the last. */
static void counters_outlive_their_writer(void)
{
    struct region region;
    const struct region_config config = {
        .name = "counters", .kind = REGION_COUNTERS, .payload_bytes = counters_bytes(16)};
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    void *payload = region_at(&region, 0, config.payload_bytes);
    struct counters counters;
    CU_ASSERT_EQUAL(counters_init(&counters, payload, config.payload_bytes, 16), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct counter_value *count = counters_define(&counters, "rounds", COUNTER_SUM, 0);
        for (int i = 0; i < 1000; i++)
            counter_add(count, 1);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    struct counters_reader reader;
    struct counter_view view;
    CU_ASSERT_EQUAL(counters_attach(&reader, payload, config.payload_bytes), 0);
    CU_ASSERT_EQUAL(counters_read(&reader, 0, &view), 0);
    CU_ASSERT_STRING_EQUAL(view.label, "rounds");
    CU_ASSERT_EQUAL(view.value, 1000);
    region_fini(&region);
}

const struct cunit_test tests[] = {
    {"a reader sees names, kinds and values", a_reader_sees_names_and_values},
    {"long names are cut", long_names_are_cut},
    {"payloads that contradict their capacity are refused", refuses_bad_sizes},
    {"a page of anything is read safely", a_page_of_anything_is_read_safely},
    {"counters outlive their writer", counters_outlive_their_writer},
    {NULL, NULL},
};
