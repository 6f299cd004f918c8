/* Tests of scheduler/api/pages.c over a load page of the test's own. */
#include "scheduler/api/load_json.h"
#include "scheduler/api/pages.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

struct world {
    struct load_page_shared *page;
    struct load_page_writer writer;
    struct load_report report;
    struct view *view;
    struct pages pages;
};

static void world_init(struct world *world)
{
    *world = (struct world){.page = calloc(1, sizeof(*world->page)),
                            .view = calloc(1, sizeof(*world->view))};
    CU_ASSERT_EQUAL_FATAL(
        load_page_init(&world->writer, world->page, sizeof(*world->page), LOAD_REPORT_WORDS), 0);
    CU_ASSERT_EQUAL_FATAL(
        load_page_attach(&world->view->load, world->page, sizeof(*world->page), LOAD_REPORT_WORDS),
        0);
    world->view->setup.class_count = 1;
    memcpy(world->view->setup.server, "edge", 5);
    memcpy(world->view->setup.class_name[0], "fast", 5);
    world->report = (struct load_report){.boot = 0xabc,
                                         .generated_ns = 1000 * MS,
                                         .generated_unix_ns = 5,
                                         .workers = 2,
                                         .utilization_permille = 820,
                                         .inflight = 37,
                                         .queued = 12,
                                         .oldest_queued_ns = 4100000,
                                         .predicted_wait_ns = 2100000,
                                         .credits = 9,
                                         .valid_ns = 500 * MS,
                                         .min_poll_ns = 50 * MS,
                                         .switch_gain_255 = 51,
                                         .class_count = 1};
    world->report.classes[0] = (struct load_report_class){.queued = 3,
                                                          .predicted_wait_ns = 2100000,
                                                          .admit = LOAD_CLOSED,
                                                          .retry_after_ns = 7 * MS,
                                                          .attained_permille = 997,
                                                          .deadline_ns = 50 * MS};
    pages_init(&world->pages, world->view);
    world->pages.now_ns = 1000 * MS + 180000;
}

static void world_fini(struct world *world)
{
    pages_fini(&world->pages);
    free(world->view);
    free(world->page);
}

static void publish(struct world *world)
{
    uint64_t words[LOAD_REPORT_WORDS];
    memcpy(words, &world->report, sizeof(words));
    load_page_publish(&world->writer, words);
}

static struct reply ask(struct world *world, const char *path, const struct page_query *query)
{
    struct route_match match;
    const enum route_result result = route_find(path, &match);
    return result == ROUTE_FOUND ? pages_get(&world->pages, &match, query)
                                 : pages_missing(&world->pages, result);
}

static struct reply get(struct world *world, const char *path)
{
    static const struct page_query nothing;
    return ask(world, path, &nothing);
}

static void the_load_is_each_field_of_the_report(void)
{
    struct world world;
    world_init(&world);
    publish(&world);
    const struct reply reply = get(&world, "/v2/load");
    CU_ASSERT_EQUAL(reply.status, 200);
    CU_ASSERT_STRING_EQUAL(
        reply.body->bytes,
        "{\"schema\":\"joint.load/"
        "1\",\"server\":\"edge\",\"boot_id\":\"0000000000000abc\",\"seq\":1,"
        "\"generated_unix_ns\":5,\"age_us\":       180,\"valid_ms\":500,\"min_poll_ms\":50,"
        "\"state\":\"ready\",\"workers\":2,\"utilization\":0.820,\"inflight\":37,\"queued\":12,"
        "\"oldest_queued_ms\":4.1,\"predicted_wait_ms\":2.1,\"credits\":9,\"classes\":[{\"name\":"
        "\"fast\","
        "\"deadline_ms\":50,\"queued\":3,\"predicted_wait_ms\":2.1,\"admit\":\"closed\","
        "\"retry_after_ms\":7,\"slo_attainment\":0.997}],\"models\":[],\"switch_gain\":0.200}\n");
    CU_ASSERT_STRING_EQUAL(pages_orca(&world.pages, NULL),
                           "TEXT application_utilization=0.820, named_metrics.queued=12, "
                           "named_metrics.inflight=37, named_metrics.predicted_wait_ms=2.1");
    CU_ASSERT_STRING_EQUAL(
        pages_orca(&world.pages, "json"),
        "JSON {\"application_utilization\":0.820,\"named_metrics\":{\"queued\":12,"
        "\"inflight\":37,\"predicted_wait_ms\":2.1}}");
    world_fini(&world);
}

static void a_model_shows_its_load_at_each_cut(void)
{
    struct world world;
    world_init(&world);
    publish(&world);
    struct load_page_shared *page = calloc(1, sizeof(*page));
    CU_ASSERT_PTR_NOT_NULL_FATAL(page);
    struct load_page_writer writer;
    struct view_model *model = &world.view->models[2];
    world.view->model_limit = 3;
    *model = (struct view_model){
        .is_there = true, .version = 4, .name = "net", .has_load = true, .table.cut_count = 3};
    const uint32_t words = model_load_words(3);
    CU_ASSERT_EQUAL_FATAL(load_page_init(&writer, page, sizeof(*page), words), 0);
    CU_ASSERT_EQUAL_FATAL(load_page_attach(&model->load, page, sizeof(*page), words), 0);
    const struct page_query query = {.include = "models"};
    struct reply reply = ask(&world, "/v2/load", &query);
    CU_ASSERT_PTR_NOT_NULL(strstr(reply.body->bytes, /* none was published yet */
                                  "\"models\":[{\"name\":\"net\",\"version\":4,\"ready\":true,"
                                  "\"cuts\":[0,1,2]}],"));
    const uint64_t load[] = {1, 1310, 21 * MS, 6100000, 7, 9900000, 2200000, 0, 0, 0, 5};
    load_page_publish(&writer, load);
    reply = ask(&world, "/v2/load", &query);
    CU_ASSERT_PTR_NOT_NULL(strstr(reply.body->bytes,
                                  "\"cuts\":[0,1,2],\"k\":1.310,\"remaining_ms\":[21,9.9,0],"
                                  "\"marginal_ms\":[6.1,2.2,0],\"queued_at\":[7,0,5]}],"));
    free(page);
    world_fini(&world);
}

static void a_snapshot_is_written_once_however_often_it_is_asked_for(void)
{
    struct world world;
    world_init(&world);
    for (uint64_t snapshot = 1; snapshot <= 3; snapshot++) {
        publish(&world);
        for (int i = 0; i < 5; i++)
            CU_ASSERT_EQUAL(get(&world, "/v2/load").status, 200);
        CU_ASSERT_EQUAL(world.pages.render_count, snapshot);
    }
    world_fini(&world);
}

static void the_age_is_that_of_each_request(void)
{
    struct world world;
    world_init(&world);
    publish(&world);
    static const struct {
        uint64_t later_us;
        const char *expected;
    } cases[] = {{0, "\"age_us\":         0,"},
                 {7, "\"age_us\":         7,"},
                 {1234567, "\"age_us\":   1234567,"},
                 {9999999999, "\"age_us\":9999999999,"},
                 {40, "\"age_us\":        40,"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world.pages.now_ns = 1000 * MS + cases[i].later_us * 1000;
        CU_ASSERT_PTR_NOT_NULL(strstr(get(&world, "/v2/load").body->bytes, cases[i].expected));
    }
    world_fini(&world);
}

static void an_etag_is_known_until_the_next_snapshot(void)
{
    struct world world;
    world_init(&world);
    publish(&world);
    char etag[80];
    snprintf(etag, sizeof(etag), "\"x\", %s", get(&world, "/v2/load").etag);
    const struct page_query query = {.if_none_match = etag};
    CU_ASSERT_EQUAL(ask(&world, "/v2/load", &query).status, 304);
    publish(&world);
    CU_ASSERT_EQUAL(ask(&world, "/v2/load", &query).status, 200);
    world_fini(&world);
}

static void ready_is_what_takes_requests(void)
{
    static const struct {
        enum load_report_state state;
        unsigned status, strict_status;
    } cases[] = {{LOAD_READY, 200, 200},
                 {LOAD_DEGRADED, 200, 200},
                 {LOAD_OVERLOADED, 200, 503},
                 {LOAD_DRAINING, 503, 503},
                 {LOAD_LOADING, 503, 503}};
    const struct page_query strict = {.fail_on_overload = "1"};
    struct world world;
    world_init(&world);
    CU_ASSERT_EQUAL(get(&world, "/v2/health/ready").status, 503);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world.report.state = cases[i].state;
        publish(&world);
        CU_ASSERT_EQUAL(get(&world, "/v2/health/ready").status, cases[i].status);
        CU_ASSERT_EQUAL(ask(&world, "/v2/health/ready", &strict).status, cases[i].strict_status);
    }
    world.report.state = LOAD_READY;
    publish(&world);
    world.pages.now_ns = 1000 * MS + 5001 * MS; /* ten times what it is valid for, and more */
    const struct reply stale = get(&world, "/v2/health/ready");
    CU_ASSERT_EQUAL(stale.status, 503);
    CU_ASSERT_STRING_EQUAL(stale.body->bytes, "{\"ready\":false,\"state\":\"stale\"}\n");
    CU_ASSERT_EQUAL(get(&world, "/v2/health/live").status, 200);
    world_fini(&world);
}

static void before_the_first_load_all_pages_answer(void)
{
    struct world world;
    world_init(&world);
    CU_ASSERT_EQUAL(get(&world, "/v2/load").status, 503);
    CU_ASSERT_PTR_NULL(pages_orca(&world.pages, NULL));
    CU_ASSERT_EQUAL(get(&world, "/metrics").status, 200);
    CU_ASSERT_EQUAL(get(&world, "/v2/models").status, 200);
    CU_ASSERT_EQUAL(get(&world, "/v2").status, 200);
    world_fini(&world);
}

static void a_report_that_makes_no_sense_is_shown_within_bounds(void)
{
    struct world world;
    world_init(&world);
    memset(&world.report, 0xff, sizeof(world.report));
    publish(&world);
    const struct reply reply = get(&world, "/v2/load");
    CU_ASSERT_EQUAL(reply.status, 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(reply.body->bytes, "\"name\":\"fast\""));
    CU_ASSERT_EQUAL(get(&world, "/metrics").status, 200);
    world_fini(&world);
}

const struct cunit_test tests[] = {
    {"the load is each field of the report", the_load_is_each_field_of_the_report},
    {"a model shows its load at each cut", a_model_shows_its_load_at_each_cut},
    {"a snapshot is written once, however often it is asked for",
     a_snapshot_is_written_once_however_often_it_is_asked_for},
    {"the age is that of each request", the_age_is_that_of_each_request},
    {"an ETag is known until the next snapshot", an_etag_is_known_until_the_next_snapshot},
    {"ready is what takes requests", ready_is_what_takes_requests},
    {"before the first load all pages answer", before_the_first_load_all_pages_answer},
    {"a report that makes no sense is shown within bounds",
     a_report_that_makes_no_sense_is_shown_within_bounds},
    {NULL, NULL},
};
