/* Tests of scheduler/api/watch.c over a load page of the test's own. */
#include "scheduler/api/watch.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

struct world {
    struct load_page_shared *page;
    struct load_page_writer writer;
    struct load_report report;
    struct view *view;
    struct pages pages;
    struct watch watch;
    struct page_text text;
};

static void world_init(struct world *world, const char *interval_ms)
{
    static const struct page_query query = {.include = "classes"};
    *world = (struct world){.page = calloc(1, sizeof(*world->page)),
                            .view = calloc(1, sizeof(*world->view))};
    CU_ASSERT_EQUAL_FATAL(
        load_page_init(&world->writer, world->page, sizeof(*world->page), LOAD_REPORT_WORDS), 0);
    CU_ASSERT_EQUAL_FATAL(
        load_page_attach(&world->view->load, world->page, sizeof(*world->page), LOAD_REPORT_WORDS),
        0);
    world->report = (struct load_report){.min_poll_ns = 50 * MS, .generated_ns = 1};
    pages_init(&world->pages, world->view);
    world->pages.now_ns = 10000 * MS;
    CU_ASSERT_FATAL(watch_init(&world->watch, &query, interval_ms));
}

static void world_fini(struct world *world)
{
    page_text_fini(&world->text);
    pages_fini(&world->pages);
    free(world->view);
    free(world->page);
}

static void publish(struct world *world)
{
    uint64_t words[LOAD_REPORT_WORDS];
    world->report.generated_ns = world->pages.now_ns;
    world->report.generated_unix_ns++;
    memcpy(words, &world->report, sizeof(words));
    load_page_publish(&world->writer, words);
}

/* 'e': an event, 'c': a comment, ' ': nothing. */
static char next(struct world *world)
{
    page_text_clear(&world->text);
    if (!watch_next(&world->watch, &world->pages, &world->text))
        return ' ';
    return strstr(world->text.bytes, "\ndata: {") ? 'e' : 'c';
}

static void before_the_first_load_there_is_a_comment(void)
{
    struct world world;
    world_init(&world, NULL);
    CU_ASSERT_EQUAL(next(&world), 'c');
    CU_ASSERT_EQUAL(next(&world), ' ');
    publish(&world);
    world.pages.now_ns = world.watch.look_ns;
    CU_ASSERT_EQUAL(next(&world), 'e');
    world_fini(&world);
}

static void an_event_ends_with_an_empty_line_and_has_no_other(void)
{
    struct world world;
    world_init(&world, NULL);
    publish(&world);
    CU_ASSERT_EQUAL(next(&world), 'e');
    const char *end = strstr(world.text.bytes, "\n\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    CU_ASSERT_STRING_EQUAL(end, "\n\n");
    CU_ASSERT_PTR_EQUAL(strstr(world.text.bytes, "retry: 1000\nid: 1\nevent: load\ndata: "),
                        world.text.bytes);
    world_fini(&world);
}

static void what_reads_the_same_is_no_event(void)
{
    struct world world;
    world_init(&world, NULL);
    publish(&world);
    CU_ASSERT_EQUAL(next(&world), 'e');
    for (uint32_t i = 0; i < 9; i++) {
        world.pages.now_ns += 100 * MS;
        publish(&world);
        CU_ASSERT_EQUAL(next(&world), ' ');
    }
    world.pages.now_ns += 100 * MS;
    CU_ASSERT_EQUAL(next(&world), 'c');
    world.report.queued = 1;
    publish(&world);
    CU_ASSERT_EQUAL(next(&world), 'e');
    world_fini(&world);
}

/* Each millisecond another load; so many events in a second, evenly. */
static uint32_t events_of(const char *interval_ms, uint64_t least_ns)
{
    struct world world;
    world_init(&world, interval_ms);
    uint32_t count = 0;
    uint64_t last_ns = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        world.pages.now_ns += MS;
        world.report.queued++;
        publish(&world);
        if (!watch_is_due(&world.watch, &world.pages) || next(&world) != 'e')
            continue;
        CU_ASSERT(world.pages.now_ns - last_ns >= least_ns);
        last_ns = world.pages.now_ns;
        count++;
    }
    world_fini(&world);
    return count;
}

static void events_come_no_faster_than_either_interval(void)
{
    CU_ASSERT_EQUAL(events_of(NULL, 50 * MS), 20);
    CU_ASSERT_EQUAL(events_of("1", 50 * MS), 20);
    CU_ASSERT_EQUAL(events_of("200", 200 * MS), 5);
}

static void the_last_change_is_told_though_nothing_follows(void)
{
    struct world world;
    world_init(&world, NULL);
    publish(&world);
    CU_ASSERT_EQUAL(next(&world), 'e');
    world.pages.now_ns += MS;
    world.report.queued = 7;
    publish(&world);
    CU_ASSERT_EQUAL(next(&world), ' ');
    CU_ASSERT_EQUAL(world.watch.look_ns, world.pages.now_ns + 49 * MS);
    world.pages.now_ns = world.watch.look_ns;
    CU_ASSERT_TRUE(watch_is_due(&world.watch, &world.pages));
    CU_ASSERT_EQUAL(next(&world), 'e');
    CU_ASSERT_PTR_NOT_NULL(strstr(world.text.bytes, "\"queued\":7"));
    world_fini(&world);
}

static void an_interval_is_a_number(void)
{
    static const struct page_query query;
    static const char *const wrong[] = {"",   "x",  "1x",      "-1",
                                        " 1", "+1", "3600001", "99999999999999999999"};
    struct watch watch;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CU_ASSERT_FALSE(watch_init(&watch, &query, wrong[i]));
    CU_ASSERT_TRUE(watch_init(&watch, &query, "3600000"));
    CU_ASSERT_EQUAL(watch.interval_ns, 3600000 * MS);
}

const struct cunit_test tests[] = {
    {"before the first load there is a comment", before_the_first_load_there_is_a_comment},
    {"an event ends with an empty line and has no other",
     an_event_ends_with_an_empty_line_and_has_no_other},
    {"what reads the same is no event", what_reads_the_same_is_no_event},
    {"events come no faster than either interval", events_come_no_faster_than_either_interval},
    {"the last change is told though nothing follows",
     the_last_change_is_told_though_nothing_follows},
    {"an interval is a number", an_interval_is_a_number},
    {NULL, NULL},
};
