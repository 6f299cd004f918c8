/* Tests of dataplane/proto/cookie.c: a cookie is good for its address, for a while. */
#include "dataplane/proto/cookie.h"
#include "tests/unit/cunit_main.h"

#define S UINT64_C(1000000000)

static const struct jtp_address home = {.ip = {10, 0, 0, 1}, .port = 4000};
static const struct jtp_key first_key = {{1, 2, 3}}, second_key = {{4}}, third_key = {{5}};

static void is_good_for_its_address_and_time(void)
{
    struct jtp_cookie_jar jar;
    jtp_cookie_jar_init(&jar, &first_key, 60 * S);
    struct jtp_cookie cookie = jtp_cookie_make(&jar, &home, 100 * S + 5);
    CU_ASSERT(jtp_cookie_is_valid(&jar, &cookie, &home, 100 * S + 5));
    CU_ASSERT(jtp_cookie_is_valid(&jar, &cookie, &home, 160 * S));
    CU_ASSERT_FALSE(jtp_cookie_is_valid(&jar, &cookie, &home, 161 * S));
    CU_ASSERT_FALSE(jtp_cookie_is_valid(&jar, &cookie, &home, 99 * S));
    struct jtp_address away = home;
    away.port++;
    CU_ASSERT_FALSE(jtp_cookie_is_valid(&jar, &cookie, &away, 100 * S));
    away = home;
    away.ip[15] = 1;
    CU_ASSERT_FALSE(jtp_cookie_is_valid(&jar, &cookie, &away, 100 * S));
    away = home;
    away.route = 7;
    CU_ASSERT(jtp_cookie_is_valid(&jar, &cookie, &away, 100 * S));
}

static void cannot_be_changed(void)
{
    struct jtp_cookie_jar jar;
    jtp_cookie_jar_init(&jar, &first_key, 60 * S);
    struct jtp_cookie cookie = jtp_cookie_make(&jar, &home, 100 * S);
    for (int bit = 0; bit < 64; bit++) {
        struct jtp_cookie forged = cookie;
        forged.signature ^= UINT64_C(1) << bit;
        CU_ASSERT_FALSE(jtp_cookie_is_valid(&jar, &forged, &home, 100 * S));
    }
    cookie.made_s++;
    CU_ASSERT_FALSE(jtp_cookie_is_valid(&jar, &cookie, &home, 101 * S));
}

static void outlives_one_change_of_key(void)
{
    struct jtp_cookie_jar jar;
    jtp_cookie_jar_init(&jar, &first_key, 60 * S);
    struct jtp_cookie cookie = jtp_cookie_make(&jar, &home, 100 * S);
    jtp_cookie_jar_rotate(&jar, &second_key);
    CU_ASSERT(jtp_cookie_is_valid(&jar, &cookie, &home, 110 * S));
    jtp_cookie_jar_rotate(&jar, &third_key);
    CU_ASSERT_FALSE(jtp_cookie_is_valid(&jar, &cookie, &home, 110 * S));
}

const struct cunit_test tests[] = {
    {"a cookie is good for its address and time", is_good_for_its_address_and_time},
    {"a changed cookie is worth nothing", cannot_be_changed},
    {"a cookie outlives one change of key", outlives_one_change_of_key},
    {NULL, NULL},
};
