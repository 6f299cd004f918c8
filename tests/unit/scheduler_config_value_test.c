/* Tests of values of options: what each kind takes, refuses and prints. */
#include "scheduler/config/value.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct config_option *find(const char *section, const char *name)
{
    const struct config_section *found = config_section_find(section, strlen(section));
    return config_option_find(found, name);
}

/* The value that the text reads as, printed; "!" and why if it is refused. */
static void read_as(const char *section, const char *name, const char *text, const char *expected)
{
    const struct config_option *option = find(section, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(option);
    union {
        uint64_t words[4];
        double number;
    } value = {{0}};
    char why[CONFIG_WHY_BYTES];
    int error = config_value_parse(option, text, &value, why);
    if (expected[0] == '!') {
        CU_ASSERT_EQUAL(error, -EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, ", write ") ? why : strstr(why, ", "));
        if (!strstr(why, expected + 1))
            printf("%s.%s = %s\n  -> %s\n", section, name, text, why);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, expected + 1));
        return;
    }
    CU_ASSERT_EQUAL_FATAL(error, 0);
    char *printed = config_value_text(option, &value);
    CU_ASSERT_STRING_EQUAL(printed, expected);
    free(printed);
    config_value_fini(option, &value);
}

static void whole_numbers_stay_in_their_range(void)
{
    read_as("server", "port", "1", "1");
    read_as("server", "port", "65535", "65535");
    read_as("server", "port", "0", "!out of range");
    read_as("server", "port", "65536", "!'65536' is out of range, write 1 to 65535");
    read_as("server", "port", "18446744073709551616", "!out of range");
    read_as("server", "port", "-1", "!no whole number");
    read_as("server", "port", "4x", "!no whole number");
    read_as("server", "port", "", "!no whole number");
    read_as("server", "port", "0x10", "!no whole number");
    read_as("dataplane", "mtu", "auto", "auto");
    read_as("dataplane", "mtu", "0", "!1280 to 65535 or auto");
    read_as("dataplane", "vlan", "none", "none");
    read_as("dataplane", "vlan", "4095", "!out of range");
}

static void sizes_have_units(void)
{
    read_as("memory", "request_slab", "1048576", "1MiB");
    read_as("memory", "request_slab", "1536 MiB", "1536MiB");
    read_as("memory", "request_slab", "2048MiB", "2GiB");
    read_as("memory", "max_tensor", "5000B", "5000B");
    read_as("memory", "max_tensor", "1KiB", "!out of range");
    read_as("memory", "max_tensor", "4 MB", "!no size");
    read_as("memory", "max_tensor", "1.5MiB", "!no size");
    read_as("memory", "request_slab", "18014398509481984KiB", "!out of range");
    read_as("memory", "request_slab", "16777216TiB", "!out of range");
}

static void times_have_units(void)
{
    read_as("dispatch", "max_delay", "2000us", "2ms");
    read_as("dispatch", "max_delay", "0", "0s");
    read_as("dispatch", "max_delay", "1 s", "1s");
    read_as("dispatch", "max_delay", "1001us", "1001us");
    read_as("dispatch", "max_delay", "7ns", "7ns");
    read_as("dispatch", "max_delay", "2", "!has no unit");
    read_as("dispatch", "max_delay", "2s", "!out of range, write 0s to 1s");
    read_as("dispatch", "max_delay", "2min", "!no time");
}

static void fractions_are_printed_as_they_were_written(void)
{
    read_as("load", "switch_gain", "0.15", "0.15");
    read_as("load", "switch_gain", "1e-3", "0.001");
    read_as("load", "switch_gain", "1.01", "!out of range");
    read_as("load", "switch_gain", "nan", "!no number");
    read_as("load", "switch_gain", "-0", "!no number");
    read_as("load", "switch_gain", "1e999", "!out of range");
}

static void words_are_among_those_listed(void)
{
    read_as("server", "allow_public", "yes", "yes");
    read_as("server", "allow_public", "no", "no");
    read_as("server", "allow_public", "true", "!write yes or no");
    read_as("dataplane", "port", "uring", "uring");
    read_as("dataplane", "port", "ur", "!write auto, dpdk or uring");
    read_as("dataplane", "port", "auto|dpdk", "!none of its words");
    read_as("dataplane", "idle", "", "!write adaptive or busy");
    read_as("dispatch", "mode", "per-cut", "per-cut");
}

static void texts_are_what_a_line_can_hold(void)
{
    read_as("server", "name", "edge-1", "edge-1");
    read_as("server", "name", "", "!is empty");
    read_as("server", "name", "a ;b", "!letters");
    read_as("server", "name", ";b", "!letters");
    read_as("server", "name", "a;b", "a;b");
    read_as("server", "name", "a\nb", "!letters");
    read_as("workers", "user", "", "");
    char text[80];
    memset(text, 'x', sizeof(text));
    text[64] = '\0';
    read_as("server", "name", text, "!too long");
    text[63] = '\0';
    read_as("server", "name", text, text);
}

static void cores_are_numbers_and_ranges(void)
{
    read_as("dataplane", "cores", "", "");
    read_as("dataplane", "cores", "2-5,8", "2-5,8");
    read_as("dataplane", "cores", " 8 , 2,3 ", "8,2-3");
    read_as("dataplane", "cores", "3-2", "!no core");
    read_as("dataplane", "cores", "1,1", "!names core 1 twice");
    read_as("dataplane", "cores", "0-3,2", "!names core 2 twice");
    read_as("dataplane", "cores", "1,", "!no core");
    read_as("dataplane", "cores", "65536", "!no core");
    read_as("dataplane", "cores", "0-64", "!too many");
    read_as("workers", "cores", "0-65535", "0-65535");
}

static void addresses_are_of_either_family(void)
{
    read_as("server", "listen", "192.0.2.1,::1", "192.0.2.1, ::1");
    read_as("server", "listen", "::ffff:192.0.2.1", "192.0.2.1");
    read_as("server", "listen", "", "!too many or too few");
    read_as("api", "listen", "", "");
    read_as("server", "listen", "192.0.2", "!no IP address");
    read_as("server", "listen", "localhost", "!no IP address");
    read_as("server", "listen", "::1,::1", "!twice");
    read_as("dataplane", "address_v4", "192.0.2.1/24", "192.0.2.1/24");
    read_as("dataplane", "address_v4", "192.0.2.1", "!with its prefix");
    read_as("dataplane", "address_v4", "192.0.2.1/33", "!with its prefix");
    read_as("dataplane", "address_v4", "2001:db8::1/64", "!other family");
    read_as("dataplane", "address_v6", "2001:db8::1/64", "2001:db8::1/64");
    read_as("dataplane", "gateway_v6", "2001:db8::1", "2001:db8::1");
    read_as("dataplane", "gateway_v4", "192.0.2.1/24", "!no IP address");
}

static void dimensions_are_names_with_sizes(void)
{
    read_as("model", "dimensions", "sequence=128,x:2 = 224", "sequence=128, x:2=224");
    read_as("model", "dimensions", "sequence", "!no NAME=SIZE");
    read_as("model", "dimensions", "=1", "!no NAME=SIZE");
    read_as("model", "dimensions", "a=0", "!no NAME=SIZE");
    read_as("model", "dimensions", "a=1,a=2", "!gives 'a' twice");
}

static void a_refused_text_leaves_the_value_as_it_was(void)
{
    const struct config_option *option = find("dataplane", "cores");
    struct config_cores cores = {0};
    char why[CONFIG_WHY_BYTES];
    CU_ASSERT_EQUAL(config_value_parse(option, "1-3", &cores, why), 0);
    CU_ASSERT_EQUAL(config_value_parse(option, "4,5,x", &cores, why), -EINVAL);
    CU_ASSERT_EQUAL(cores.count, 3);
    CU_ASSERT_EQUAL(config_value_parse(option, "7", &cores, why), 0);
    CU_ASSERT_EQUAL(cores.count, 1);
    config_value_fini(option, &cores);
    CU_ASSERT_PTR_NULL(cores.items);
}

const struct cunit_test tests[] = {
    {"whole numbers stay in their range", whole_numbers_stay_in_their_range},
    {"sizes have units", sizes_have_units},
    {"times have units", times_have_units},
    {"fractions are printed as they were written", fractions_are_printed_as_they_were_written},
    {"words are among those listed", words_are_among_those_listed},
    {"texts are what a line can hold", texts_are_what_a_line_can_hold},
    {"cores are numbers and ranges", cores_are_numbers_and_ranges},
    {"addresses are of either family", addresses_are_of_either_family},
    {"dimensions are names with sizes", dimensions_are_names_with_sizes},
    {"a refused text leaves the value as it was", a_refused_text_leaves_the_value_as_it_was},
    {NULL, NULL},
};
