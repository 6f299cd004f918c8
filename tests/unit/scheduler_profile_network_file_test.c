/* Tests of scheduler/profile/network_file.c: what is read, and the field and reason of each error.
 */
#include "scheduler/profile/network_file.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define REST "\"alpha_up_mw_per_mbps\":438.39,\"alpha_down_mw_per_mbps\":51.97,\"beta_mw\":1288.04}"

static void reads_every_field(void)
{
    static const char text[] = "{\"up_mbps\":5.85,\"down_mbps\":13.76,\"rtt_ms\":40," REST;
    struct split_network network;
    CU_ASSERT_EQUAL_FATAL(network_file_parse(&network, "n", text, sizeof(text) - 1, NULL), 0);
    CU_ASSERT_DOUBLE_EQUAL(network.up_mbps, 5.85, 0);
    CU_ASSERT_DOUBLE_EQUAL(network.down_mbps, 13.76, 0);
    CU_ASSERT_DOUBLE_EQUAL(network.rtt_ms, 40, 0);
    CU_ASSERT_DOUBLE_EQUAL(network.alpha_up_mw_per_mbps, 438.39, 0);
    CU_ASSERT_DOUBLE_EQUAL(network.alpha_down_mw_per_mbps, 51.97, 0);
    CU_ASSERT_DOUBLE_EQUAL(network.beta_mw, 1288.04, 0);
}

static void the_round_trip_is_0_unless_given(void)
{
    static const char text[] = "{\"up_mbps\":5.85,\"down_mbps\":13.76," REST;
    struct split_network network;
    CU_ASSERT_EQUAL_FATAL(network_file_parse(&network, "n", text, sizeof(text) - 1, NULL), 0);
    CU_ASSERT_DOUBLE_EQUAL(network.rtt_ms, 0, 0);
}

static void each_error_names_field_and_reason(void)
{
    static const struct {
        const char *text, *field, *reason;
    } bads[] = {
        {"{", "line 1", "malformed JSON"},
        {"{}", "up_mbps", "is missing"},
        {"{\"up_mbps\":0,\"down_mbps\":1," REST, "up_mbps", "is 0"},
        {"{\"up_mbps\":1,\"down_mbps\":0," REST, "down_mbps", "is 0"},
        {"{\"up_mbps\":-1,\"down_mbps\":1," REST, "up_mbps", "is negative (-1)"},
        {"{\"up_mbps\":1e999,\"down_mbps\":1," REST, "up_mbps", "is not a finite number"},
        {"{\"up_mbps\":\"1\",\"down_mbps\":1," REST, "up_mbps", "is text (\"1\")"},
        {"{\"up_mbps\":1,\"down_mbps\":1,\"rtt_ms\":-1," REST, "rtt_ms", "is negative (-1)"},
        {"{\"up_mbps\":1e-300,\"down_mbps\":1," REST, "up_mbps", "is too small"},
        {"{\"up_mbps\":1,\"down_mbps\":1e300," REST, "down_mbps", "is too large"},
        {"{\"up_mbps\":1,\"down_mbps\":1}", "alpha_up_mw_per_mbps", "is missing"},
        {"{\"up_mbps\":1,\"up_mbps\":1," REST, "up_mbps", "stands there twice"},
    };
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct split_network network;
        struct file_error error = {{0}};
        int err =
            network_file_parse(&network, "n.json", bads[i].text, strlen(bads[i].text), &error);
        bool is_named = strstr(error.text, bads[i].field) && strstr(error.text, bads[i].reason);
        if (!is_named)
            printf("%s\n  -> %d %s\n", bads[i].text, err, error.text);
        CU_ASSERT_EQUAL(err, -EINVAL);
        CU_ASSERT_TRUE(is_named);
    }
}

const struct cunit_test tests[] = {
    {"a network's every field is read", reads_every_field},
    {"the round trip is 0 unless the file says more", the_round_trip_is_0_unless_given},
    {"each error names the field and the reason", each_error_names_field_and_reason},
    {NULL, NULL},
};
