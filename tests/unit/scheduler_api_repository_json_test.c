/* Tests of scheduler/api/repository_json.c. */
#include "scheduler/api/repository_json.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_change(const char *text, enum api_change_kind kind, struct api_change *change,
                        char *why, size_t why_bytes)
{
    struct page_text body = {0};
    page_text_add_bytes(&body, text, strlen(text));
    *change = (struct api_change){.kind = kind};
    const bool is_read = repository_json_read_change(&body, change, why, why_bytes);
    page_text_fini(&body);
    return is_read;
}

static void a_load_says_path_and_version_or_nothing(void)
{
    static const struct {
        const char *text, *path;
        uint32_t version;
    } good[] = {{"", "", 0},
                {"{}", "", 0},
                {" { \"parameters\" : { } } ", "", 0},
                {"{\"parameters\":{\"version\":7}}", "", 7},
                {"{\"parameters\":{\"version\":\"7\"}}", "", 7},
                {"{\"parameters\":{\"version\":4294967295}}", "", UINT32_MAX},
                {"{\"parameters\":{\"path\":\"a\\/b \\u00e4.onnx\",\"version\":1}}",
                 "a/b \xc3\xa4.onnx", 1}};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct api_change change;
        char why[256];
        CU_ASSERT_TRUE(read_change(good[i].text, API_LOAD, &change, why, sizeof(why)));
        CU_ASSERT_STRING_EQUAL(change.path, good[i].path);
        CU_ASSERT_EQUAL(change.version, good[i].version);
    }
}

static void what_makes_no_sense_is_refused_and_named(void)
{
    static const struct {
        const char *text, *named;
    } bad[] = {{"x", "byte 0"},
               {"[]", "object"},
               {"{\"parameters\":[]}", "parameters"},
               {"{\"config\":{}}", "\"config\""},
               {"{\"parameters\":{\"config\":\"\"}}", "\"config\""},
               {"{\"parameters\":{\"version\":0}}", "version"},
               {"{\"parameters\":{\"version\":-1}}", "version"},
               {"{\"parameters\":{\"version\":1.5}}", "version"},
               {"{\"parameters\":{\"version\":4294967296}}", "version"},
               {"{\"parameters\":{\"version\":\"\"}}", "version"},
               {"{\"parameters\":{\"version\":\"1x\"}}", "version"},
               {"{\"parameters\":{\"version\":\"999999999999999\"}}", "version"},
               {"{\"parameters\":{\"path\":\"\"}}", "path"},
               {"{\"parameters\":{\"path\":7}}", "path"},
               {"{\"parameters\":{\"path\":\"a\\u0000b\"}}", "path"},
               {"{} {}", "byte"}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct api_change change;
        char why[256] = "";
        CU_ASSERT_FALSE(read_change(bad[i].text, API_LOAD, &change, why, sizeof(why)));
        CU_ASSERT_PTR_NOT_NULL(strstr(why, bad[i].named));
    }
}

static void a_path_has_room_or_is_refused(void)
{
    char text[API_PATH_BYTES + 64], why[256];
    struct api_change change;
    for (int length = API_PATH_BYTES - 2; length <= (int)API_PATH_BYTES; length++) {
        snprintf(text, sizeof(text), "{\"parameters\":{\"path\":\"%0*d\"}}", length, 0);
        CU_ASSERT_EQUAL(read_change(text, API_LOAD, &change, why, sizeof(why)),
                        length < (int)API_PATH_BYTES);
    }
}

static void an_unload_says_only_what_tritons_does(void)
{
    struct api_change change;
    char why[256];
    CU_ASSERT_TRUE(read_change("{\"parameters\":{\"unload_dependents\":true}}", API_UNLOAD, &change,
                               why, sizeof(why)));
    CU_ASSERT_FALSE(
        read_change("{\"parameters\":{\"path\":\"a\"}}", API_UNLOAD, &change, why, sizeof(why)));
    CU_ASSERT_FALSE(read_change("{\"parameters\":{\"unload_dependents\":true}}", API_LOAD, &change,
                                why, sizeof(why)));
}

static void an_index_may_be_of_the_ready_ones(void)
{
    static const struct {
        const char *text;
        bool is_good, only_ready;
    } all[] = {{"", true, false},
               {"{}", true, false},
               {"{\"ready\":true}", true, true},
               {"{\"ready\":false}", true, false},
               {"{\"ready\":1}", false, false},
               {"{\"other\":true}", false, false},
               {"null", false, false}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct page_text body = {0};
        bool only_ready = true;
        char why[256];
        page_text_add_bytes(&body, all[i].text, strlen(all[i].text));
        CU_ASSERT_EQUAL(repository_json_read_index(&body, &only_ready, why, sizeof(why)),
                        all[i].is_good);
        if (all[i].is_good)
            CU_ASSERT_EQUAL(only_ready, all[i].only_ready);
        page_text_fini(&body);
    }
}

static void the_index_has_a_row_for_each(void)
{
    struct api_message rows[] = {
        {.status = API_MODEL_READY, .version = 3, .name = "a"},
        {.status = API_MODEL_UNAVAILABLE, .version = 4, .name = "a", .text = "no \"file\""},
        {.status = 99, .version = 1, .name = "b"}};
    struct view *view = calloc(1, sizeof(*view));
    struct page_text text = {0};
    view->rows = rows;
    view->row_count = 3;
    repository_json_add_index(&text, view, false);
    CU_ASSERT_STRING_EQUAL(
        text.bytes, "[{\"name\":\"a\",\"version\":\"3\",\"state\":\"READY\",\"reason\":\"\"},"
                    "{\"name\":\"a\",\"version\":\"4\",\"state\":\"UNAVAILABLE\",\"reason\":"
                    "\"no \\\"file\\\"\"},"
                    "{\"name\":\"b\",\"version\":\"1\",\"state\":\"UNKNOWN\",\"reason\":\"\"}]\n");
    page_text_clear(&text);
    repository_json_add_index(&text, view, true);
    CU_ASSERT_STRING_EQUAL(
        text.bytes, "[{\"name\":\"a\",\"version\":\"3\",\"state\":\"READY\",\"reason\":\"\"}]\n");
    page_text_fini(&text);
    free(view);
}

const struct cunit_test tests[] = {
    {"a load says path and version, or nothing", a_load_says_path_and_version_or_nothing},
    {"what makes no sense is refused and named", what_makes_no_sense_is_refused_and_named},
    {"a path has room or is refused", a_path_has_room_or_is_refused},
    {"an unload says only what Triton's does", an_unload_says_only_what_tritons_does},
    {"an index may be of the ready ones", an_index_may_be_of_the_ready_ones},
    {"the index has a row for each", the_index_has_a_row_for_each},
    {NULL, NULL},
};
