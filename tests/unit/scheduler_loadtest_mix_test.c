/* Tests of scheduler/loadtest/mix.c and server_address.c: what options may say. */
#include "scheduler/loadtest/mix.h"
#include "scheduler/loadtest/server_address.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>

static void a_mix_is_read_sorted_and_drawn_by_weight(void)
{
    struct loadtest_mix mix;
    struct loadtest_random random = {3};
    uint32_t counts[3] = {0};
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_text(&mix, "5=0.5,0=1,12=.5", 13), 0);
    CU_ASSERT_EQUAL(mix.count, 3);
    CU_ASSERT_EQUAL(mix.cuts[0], 0);
    CU_ASSERT_EQUAL(mix.cuts[1], 5);
    CU_ASSERT_EQUAL(mix.cuts[2], 12);
    CU_ASSERT_DOUBLE_EQUAL(mix.ends[0], 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(mix.ends[1], 0.75, 1e-12);
    CU_ASSERT_EQUAL(mix.ends[2], 1);
    for (int i = 0; i < 40000; i++)
        counts[loadtest_mix_draw(&mix, &random)]++;
    CU_ASSERT_DOUBLE_EQUAL(counts[0], 20000, 500); /* five deviations of 100 */
    CU_ASSERT_DOUBLE_EQUAL(counts[1], 10000, 450);
    loadtest_mix_fini(&mix);
}

static void all_cuts_are_those_before_the_last(void)
{
    struct loadtest_mix mix;
    CU_ASSERT_EQUAL_FATAL(loadtest_mix_init_all(&mix, 4), 0);
    CU_ASSERT_EQUAL(mix.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(mix.cuts[i], i);
        CU_ASSERT_DOUBLE_EQUAL(mix.ends[i], (i + 1) / 4.0, 1e-12);
    }
    loadtest_mix_fini(&mix);
}

static void what_is_no_mix_is_refused(void)
{
    static const char *const texts[] = {
        "",         "1",
        "1=",       "=1",
        "1=1,",     ",1=1",
        "1=1,,2=1", "1=1,1=2",
        "13=1",     "-1=1",
        "1=-1",     "1=0",
        "1=nan",    "1=inf",
        "1=1x",     "1 =1",
        "a=1",      "1=1;2=1",
        "+1=1",     "1=+1",
        "1=1e999",  "99999999999999999999=1",
    };
    struct loadtest_mix mix;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_EQUAL(loadtest_mix_init_text(&mix, texts[i], 13), -EINVAL);
}

static bool is_public(const char *text)
{
    struct jtp_address address;
    char error[200], printed[LOADTEST_ADDRESS_TEXT_BYTES];
    CU_ASSERT_EQUAL_FATAL(loadtest_server_address_resolve(text, &address, error, sizeof(error)), 0);
    loadtest_server_address_print(&address, printed, sizeof(printed));
    CU_ASSERT_STRING_EQUAL(printed, text);
    return loadtest_server_address_is_public(&address);
}

static void public_addresses_are_told_from_others(void)
{
    static const char *const ours[] = {
        "127.0.0.1:4470",    "10.255.0.1:1",   "172.16.0.1:9",    "172.31.255.255:9",
        "192.168.3.4:65535", "169.254.1.1:9",  "100.64.0.1:9",    "100.127.255.255:9",
        "198.18.0.1:9",      "198.19.255.1:9", "192.0.2.9:9",     "198.51.100.7:9",
        "203.0.113.1:9",     "[::1]:9",        "[fe80::1]:9",     "[febf::1]:9",
        "[fd00::1]:9",       "[fc00::1]:9",    "[2001:db8::1]:9", "[3fff:fff::1]:9",
    };
    static const char *const others[] = {
        "8.8.8.8:53",      "172.15.255.255:9",  "172.32.0.1:9",  "11.0.0.1:9",   "9.255.255.255:9",
        "192.169.0.1:9",   "100.63.0.1:9",      "100.128.0.1:9", "198.17.0.1:9", "198.20.0.1:9",
        "224.0.0.1:9",     "[2001:db9::1]:9",   "[2000::1]:9",   "[fec0::1]:9",  "[fe7f::1]:9",
        "[3fff:1000::]:9", "255.255.255.255:9",
    };
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        CU_ASSERT_FALSE(is_public(ours[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_TRUE(is_public(others[i]));
}

static void what_is_no_host_and_port_is_refused(void)
{
    static const char *const texts[] = {"",        "127.0.0.1", "127.0.0.1:", ":4470", "::1:9",
                                        "[::1]",   "[::1]9",    "[]:9",       "[:9",   "h:0",
                                        "h:65536", "h:-1",      "h:1x",       "h: 1"};
    struct jtp_address address;
    char error[200];
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CU_ASSERT_EQUAL(loadtest_server_address_resolve(texts[i], &address, error, sizeof(error)),
                        -EINVAL);
}

const struct cunit_test tests[] = {
    {"a mix is read, sorted and drawn by weight", a_mix_is_read_sorted_and_drawn_by_weight},
    {"all cuts are those before the last", all_cuts_are_those_before_the_last},
    {"what is no mix is refused", what_is_no_mix_is_refused},
    {"public addresses are told from others", public_addresses_are_told_from_others},
    {"what is no HOST:PORT is refused", what_is_no_host_and_port_is_refused},
    {NULL, NULL},
};
