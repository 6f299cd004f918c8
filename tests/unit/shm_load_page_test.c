/* Tests of shm/load_page.c: no torn read by threads, by processes, or from a writer that died. */
#include "shm/load_page.h"
#include "shm/region.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS 200u

/* Every word of a snapshot follows from its number, so a mix of two is seen. */
static uint64_t word_of(uint64_t number, uint32_t i)
{
    return number * UINT64_C(0x9e3779b97f4a7c15) + i;
}

static void publish(struct load_page_writer *writer, uint64_t number)
{
    uint64_t words[WORDS];
    for (uint32_t i = 0; i < WORDS; i++)
        words[i] = word_of(number, i);
    load_page_publish(writer, words);
}

static bool is_whole(const uint64_t *words, uint64_t number)
{
    for (uint32_t i = 0; i < WORDS; i++)
        if (words[i] != word_of(number, i))
            return false;
    return true;
}

static struct load_page_shared *make_page(void)
{
    struct load_page_shared *page = aligned_alloc(SHM_APART_BYTES, sizeof(*page));
    memset(page, 0, sizeof(*page));
    return page;
}

static void reads_the_newest(void)
{
    struct load_page_shared *page = make_page();
    struct load_page_writer writer;
    struct load_page_reader reader;
    uint64_t words[WORDS];
    uint64_t number;
    CU_ASSERT_EQUAL(load_page_init(&writer, page, sizeof(*page), 0), -EINVAL);
    CU_ASSERT_EQUAL(load_page_init(&writer, page, sizeof(*page), LOAD_PAGE_MAX_WORDS + 1), -EINVAL);
    CU_ASSERT_EQUAL(load_page_init(&writer, page, sizeof(*page) - 1, WORDS), -EINVAL);
    CU_ASSERT_EQUAL_FATAL(load_page_init(&writer, page, sizeof(*page), WORDS), 0);
    CU_ASSERT_EQUAL(load_page_attach(&reader, page, sizeof(*page), WORDS + 1), -EBADMSG);
    CU_ASSERT_EQUAL(load_page_attach(&reader, page, sizeof(*page) - 1, WORDS), -EBADMSG);
    CU_ASSERT_EQUAL_FATAL(load_page_attach(&reader, page, sizeof(*page), WORDS), 0);
    CU_ASSERT_EQUAL(load_page_read(&reader, words, &number), -ENODATA);
    CU_ASSERT_EQUAL(load_page_latest(&reader), 0);
    for (uint64_t n = 1; n < 10; n++) {
        publish(&writer, n);
        CU_ASSERT_EQUAL(load_page_latest(&reader), n);
        for (int again = 0; again < 2; again++) {
            CU_ASSERT_EQUAL(load_page_read(&reader, words, &number), 0);
            CU_ASSERT_EQUAL(number, n);
            CU_ASSERT_TRUE(is_whole(words, n));
        }
    }
    free(page);
}

struct shared_test {
    struct load_page_shared *page;
    atomic_bool is_over;
    atomic_uint torn;
    atomic_uint backwards;
    atomic_ulong read;
};

static void *read_on(void *arg)
{
    struct shared_test *test = arg;
    struct load_page_reader reader;
    uint64_t words[WORDS];
    uint64_t last = 0;
    load_page_attach(&reader, test->page, sizeof(*test->page), WORDS);
    while (!atomic_load(&test->is_over)) {
        uint64_t number;
        if (load_page_read(&reader, words, &number))
            continue;
        atomic_fetch_add(&test->read, 1);
        if (!is_whole(words, number))
            atomic_fetch_add(&test->torn, 1);
        if (number < last)
            atomic_fetch_add(&test->backwards, 1);
        last = number;
    }
    return NULL;
}

static void threads_never_read_a_mix(void)
{
    struct shared_test test = {.page = make_page()};
    struct load_page_writer writer;
    load_page_init(&writer, test.page, sizeof(*test.page), WORDS);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, read_on, &test);
    for (uint64_t n = 1; n < 200000 || (atomic_load(&test.read) < 1000 && n < 100000000); n++)
        publish(&writer, n);
    atomic_store(&test.is_over, true);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(atomic_load(&test.torn), 0);
    CU_ASSERT_EQUAL(atomic_load(&test.backwards), 0);
    CU_ASSERT_TRUE(atomic_load(&test.read) >= 1000);
    printf(" (%lu reads) ", atomic_load(&test.read));
    free(test.page);
}

/* Kills the writing process at random moments; what it left is a whole snapshot all the same. */
static void a_dead_writer_leaves_a_whole_snapshot(void)
{
    struct shm_random random = shm_random_start();
    for (int round = 0; round < 100; round++) {
        struct region region;
        const struct region_config config = {.name = "load",
                                             .kind = REGION_LOAD_PAGE,
                                             .payload_bytes = sizeof(struct load_page_shared)};
        CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
        struct load_page_shared *page = region_at(&region, 0, sizeof(*page));
        struct load_page_writer writer;
        struct load_page_reader reader;
        load_page_init(&writer, page, sizeof(*page), WORDS);
        load_page_attach(&reader, page, sizeof(*page), WORDS);
        const pid_t child = fork();
        if (child == 0)
            for (uint64_t n = 1;; n++)
                publish(&writer, n);
        uint64_t words[WORDS];
        uint64_t number = 0;
        int error = -ENODATA;
        while (error)
            error = load_page_read(&reader, words, &number);
        const uint32_t spins = shm_random_below(&random, 2000);
        for (uint32_t i = 0; i < spins; i++) {
            error = load_page_read(&reader, words, &number);
            CU_ASSERT_TRUE_FATAL(error == -EAGAIN || is_whole(words, number));
        }
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        CU_ASSERT_EQUAL_FATAL(load_page_read(&reader, words, &number), 0);
        CU_ASSERT_TRUE_FATAL(is_whole(words, number));
        region_fini(&region);
    }
}

static void a_page_of_anything_is_read_safely(void)
{
    struct shm_random random = shm_random_start();
    struct load_page_shared *page = make_page();
    struct load_page_writer writer;
    struct load_page_reader reader;
    load_page_init(&writer, page, sizeof(*page), WORDS);
    load_page_attach(&reader, page, sizeof(*page), WORDS);
    for (int round = 0; round < 300; round++) {
        for (uint64_t i = 0; i < sizeof(*page) / 8; i++)
            ((uint64_t *)page)[i] = round % 2 ? shm_random_next(&random) : UINT64_MAX;
        uint64_t words[WORDS];
        uint64_t number;
        CU_ASSERT_EQUAL(load_page_read(&reader, words, &number), -EAGAIN); /* and returns */
    }
    free(page);
}

const struct cunit_test tests[] = {
    {"a reader gets the newest snapshot and its number", reads_the_newest},
    {"threads never read a mix of two snapshots", threads_never_read_a_mix},
    {"a dead writer leaves a whole snapshot", a_dead_writer_leaves_a_whole_snapshot},
    {"a page of anything is read safely", a_page_of_anything_is_read_safely},
    {NULL, NULL},
};
