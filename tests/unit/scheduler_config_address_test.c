/* Tests of addresses: which of them the Internet reaches. */
#include "scheduler/config/address.h"
#include "tests/unit/cunit_main.h"

static bool is_public(const char *text)
{
    struct config_address address;
    CU_ASSERT_TRUE_FATAL(config_address_parse(text, &address));
    return config_address_is_public(&address);
}

/* The borders are those of the RFCs. */
static void public_addresses_are_told_from_others(void)
{
    static const char *const publics[] = {
        "1.1.1.1",       "9.255.255.255",   "11.0.0.0",    "172.15.255.255",
        "172.32.0.0",    "192.167.255.255", "192.169.0.0", "100.63.255.255",
        "100.128.0.0",   "169.253.255.255", "169.255.0.0", "198.17.255.255",
        "198.20.0.0",    "126.255.255.255", "128.0.0.0",   "2600::1",
        "::2",           "fbff::",          "fec0::1",     "2001:db9::",
        "::ffff:8.8.8.8"};
    static const char *const others[] = {"10.0.0.0",
                                         "10.255.255.255",
                                         "172.16.0.0",
                                         "172.31.255.255",
                                         "192.168.0.0",
                                         "192.168.255.255",
                                         "100.64.0.0",
                                         "100.127.255.255",
                                         "169.254.1.1",
                                         "198.18.0.0",
                                         "198.19.255.255",
                                         "192.0.2.1",
                                         "203.0.113.9",
                                         "127.0.0.1",
                                         "0.0.0.0",
                                         "224.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "fe80::1",
                                         "febf::1",
                                         "fc00::",
                                         "fdff::1",
                                         "2001:db8::1",
                                         "3fff::1",
                                         "ff02::1",
                                         "::ffff:10.0.0.1"};
    for (size_t i = 0; i < sizeof(publics) / sizeof(publics[0]); i++)
        CU_ASSERT_TRUE(is_public(publics[i]));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_FALSE(is_public(others[i]));
}

static void a_prefix_covers_its_network_only(void)
{
    static const struct {
        const char *prefix, *address;
        bool is_in;
    } cases[] = {
        {"192.0.2.1/24", "192.0.2.255", true},
        {"192.0.2.1/24", "192.0.3.0", false},
        {"10.0.0.0/9", "10.127.0.1", true},
        {"10.0.0.0/9", "10.128.0.1", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "2600::1", false},
        {"::/0", "2600::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::1/128", "2001:db8::1", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_prefix prefix;
        struct config_address address;
        CU_ASSERT_TRUE_FATAL(config_prefix_parse(cases[i].prefix, &prefix));
        CU_ASSERT_TRUE_FATAL(config_address_parse(cases[i].address, &address));
        CU_ASSERT_EQUAL(config_prefix_has(&prefix, &address), cases[i].is_in);
    }
}

const struct cunit_test tests[] = {
    {"public addresses are told from others", public_addresses_are_told_from_others},
    {"a prefix covers its network only", a_prefix_covers_its_network_only},
    {NULL, NULL},
};
