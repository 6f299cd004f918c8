/* Tests of scheduler/api/route.c. */
#include "scheduler/api/route.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum route_result find(const char *path, struct route_match *match)
{
    memset(match, 0x5a, sizeof(*match));
    return route_find(path, match);
}

static void each_pattern_finds_itself(void)
{
    for (uint32_t i = 0; i < route_count; i++) {
        char path[256] = "";
        bool has_model = false, has_version = false;
        size_t length = 0;
        for (const char *at = routes[i].pattern; *at; at++) {
            const char *word = at[0] != '{' ? NULL : at[1] == 'm' ? "a b" : "17";
            has_model |= word && at[1] == 'm';
            has_version |= word && at[1] == 'v';
            length += (size_t)snprintf(path + length, sizeof(path) - length, "%.*s", word ? 8 : 1,
                                       word ? word : at);
            if (word)
                at = strchr(at, '}');
        }
        struct route_match match;
        CU_ASSERT_EQUAL_FATAL(find(path, &match), ROUTE_FOUND);
        CU_ASSERT_PTR_EQUAL(match.route, &routes[i]);
        CU_ASSERT_STRING_EQUAL(match.model, has_model ? "a b" : "");
        CU_ASSERT_EQUAL(match.version, has_version ? 17 : 0);
    }
}

static void slashes_at_the_end_count_for_nothing(void)
{
    struct route_match match;
    CU_ASSERT_EQUAL(find("/v2/load/", &match), ROUTE_FOUND);
    CU_ASSERT_EQUAL(match.route->page, ROUTE_LOAD);
    CU_ASSERT_EQUAL(find("/v2//", &match), ROUTE_FOUND);
    CU_ASSERT_EQUAL(match.route->page, ROUTE_SERVER);
}

static void what_is_no_route_is_not_found(void)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "v2",
                                        "*",
                                        "/v",
                                        "/v22",
                                        "/v2/loa",
                                        "/v2/load/x",
                                        "/v2//load",
                                        "/v2/models//ready/x",
                                        "/metrics/x",
                                        "/V2",
                                        "/v2/models/a/none",
                                        "//v2"};
    struct route_match match;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        CU_ASSERT_EQUAL(find(paths[i], &match), ROUTE_UNKNOWN);
        CU_ASSERT_PTR_NULL(match.route);
    }
}

static void a_version_is_a_number_from_one_on(void)
{
    static const char *const versions[] = {"0",  "x",          "1x",
                                           "-1", "4294967296", "99999999999999999999999"};
    struct route_match match;
    char path[128];
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        snprintf(path, sizeof(path), "/v2/models/m/versions/%s", versions[i]);
        CU_ASSERT_EQUAL(find(path, &match), ROUTE_NO_VERSION);
    }
    CU_ASSERT_EQUAL(find("/v2/models/m/versions/4294967295", &match), ROUTE_FOUND);
    CU_ASSERT_EQUAL(match.version, UINT32_MAX);
}

static void a_name_that_is_too_long_is_not_cut_off(void)
{
    char path[2 * ROUTE_NAME_BYTES] = "/v2/models/";
    struct route_match match;
    memset(path + strlen("/v2/models/"), 'x', ROUTE_NAME_BYTES - 1);
    CU_ASSERT_EQUAL(find(path, &match), ROUTE_FOUND);
    CU_ASSERT_EQUAL(strlen(match.model), ROUTE_NAME_BYTES - 1);
    path[strlen(path)] = 'x';
    CU_ASSERT_EQUAL(find(path, &match), ROUTE_UNKNOWN);
}

static void a_route_says_which_methods_it_takes(void)
{
    for (uint32_t i = 0; i < route_count; i++) {
        static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "get", ""};
        const char *allow = route_allow(&routes[i]);
        CU_ASSERT_PTR_NOT_NULL(strstr(allow, "OPTIONS"));
        for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
            CU_ASSERT_EQUAL(route_takes(&routes[i], methods[m]),
                            methods[m][0] && strstr(allow, methods[m]) != NULL);
    }
}

const struct cunit_test tests[] = {
    {"each pattern finds itself", each_pattern_finds_itself},
    {"slashes at the end count for nothing", slashes_at_the_end_count_for_nothing},
    {"what is no route is not found", what_is_no_route_is_not_found},
    {"a version is a number from one on", a_version_is_a_number_from_one_on},
    {"a name that is too long is not cut off", a_name_that_is_too_long_is_not_cut_off},
    {"a route says which methods it takes", a_route_says_which_methods_it_takes},
    {NULL, NULL},
};
