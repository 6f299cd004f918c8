/* Tests of reading configurations: defaults, faults with their lines, and what is printed. */
#include "scheduler/config/reader.h"
#include "dataplane/proto/server.h"
#include "scheduler/config/diff.h"
#include "scheduler/config/print.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must_read(struct jointd_config *config, const char *text)
{
    struct config_errors errors = {0};
    int error = config_parse(config, "c", text, strlen(text), &errors);
    for (uint32_t i = 0; i < errors.count; i++)
        printf("%s\n", errors.items[i].text);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    config_errors_fini(&errors);
}

static void an_empty_file_is_every_default(void)
{
    struct jointd_config config;
    must_read(&config, "");
    CU_ASSERT_STRING_EQUAL(config.server.name, "joint");
    CU_ASSERT_EQUAL(config.server.port, 4470);
    CU_ASSERT_FALSE(config.server.allow_public);
    CU_ASSERT_TRUE(config.server.validate_address);
    CU_ASSERT_EQUAL(config.dataplane.port, CONFIG_PORT_AUTO);
    CU_ASSERT_EQUAL(config.dataplane.mtu, 0);
    CU_ASSERT_EQUAL(config.dataplane.cores.count, 0);
    CU_ASSERT_EQUAL(config.memory.request_slab_bytes, 256 << 20);
    CU_ASSERT_EQUAL(config.workers.spares, 1);
    CU_ASSERT_STRING_EQUAL(config.server.control, "auto");
    CU_ASSERT_EQUAL(config.dispatch.max_delay_ns, 2000000);
    CU_ASSERT_EQUAL(config.dispatch.mode, CONFIG_MODE_JOIN);
    CU_ASSERT_DOUBLE_EQUAL(config.load.switch_gain, 0.15, 0);
    CU_ASSERT_EQUAL(config.model_count, 0);
    CU_ASSERT_EQUAL_FATAL(config.class_count, 1);
    CU_ASSERT_STRING_EQUAL(config.classes[0].name, "default");
    CU_ASSERT_EQUAL(config.classes[0].deadline_ns, 50000000);
    CU_ASSERT_FALSE(jointd_config_uses_dpdk(&config));
    jointd_config_fini(&config);
}

static void limits_default_to_those_of_the_protocol(void)
{
    struct jointd_config config;
    struct jtp_server_config jtp;
    must_read(&config, "");
    jtp_server_config_default(&jtp);
    const struct limits_section *limits = &config.limits;
    CU_ASSERT_EQUAL(limits->max_clients, jtp.max_clients);
    CU_ASSERT_EQUAL(limits->max_requests, jtp.max_requests);
    CU_ASSERT_EQUAL(limits->max_requests_per_client, jtp.max_requests_per_client);
    CU_ASSERT_EQUAL(limits->max_receiving, jtp.max_receiving);
    CU_ASSERT_EQUAL(limits->max_waiting, jtp.max_waiting);
    CU_ASSERT_EQUAL(limits->max_ranges, jtp.max_ranges);
    CU_ASSERT_EQUAL(limits->max_sent, jtp.max_sent);
    CU_ASSERT_EQUAL(limits->cookie_lifetime_ns, jtp.cookie_lifetime_ns);
    CU_ASSERT_EQUAL(limits->client_idle_ns, jtp.idle_ns);
    CU_ASSERT_EQUAL(limits->stall_ns, jtp.stall_ns);
    CU_ASSERT_EQUAL(limits->longest_ns, jtp.longest_ns);
    CU_ASSERT_EQUAL(limits->give_up_ns, jtp.give_up_ns);
    CU_ASSERT_EQUAL(limits->once_ns, jtp.once_ns);
    CU_ASSERT_EQUAL(limits->retry_after_ns, jtp.retry_after_us * UINT64_C(1000));
    CU_ASSERT_EQUAL(config.server.validate_address, jtp.validate_address);
    jointd_config_fini(&config);
}

static void each_fault_has_its_line_and_a_remedy(void)
{
    static const struct {
        const char *text, *error;
    } bads[] = {
        {"x = 1\n", "c:1: x: stands before the first section"},
        {"\n[sevrer]\n", "c:2: sevrer: no such section, did you mean [server]?"},
        {"[zzzzzzzz]\n", "c:1: zzzzzzzz: no such section, 'jointd --print-config' lists them"},
        {"[server]\nprot = 1\n", "c:2: server.prot: no such option, did you mean port?"},
        {"[server]\nrequest_slab = 1MiB\n", "it belongs into [memory]"},
        {"[server]\nport = 1\nport = 1\n", "c:3: server.port: stands there twice, first in line 2"},
        {"[server]\n[server]\n", "c:2: server: stands there twice, first in line 1"},
        {"[server x]\n", "c:1: server: has no name, write [server]"},
        {"[model]\n", "c:1: model: needs a name"},
        {"[model a/b]\npath=x\n", "c:1: model: needs a name"},
        {"[model a]\npath=x\n[model a]\npath=y\n",
         "c:3: model.a: stands there twice, first in line 1"},
        {"[model a]\n", "c:1: model.a.path: missing, write path = FILE.onnx"},
        {"[model a]\npath =\n", "c:2: model.a.path: '' is empty"},
        {"[model a]\npath=x\nmax_batch = 0\n", "c:3: model.a.max_batch: '0' is out of range"},
        {"[server]\nport\n", "c:2: neither [section] nor option = value"},
        {"[server\n", "c:1: neither [section] nor option = value"},
        {"[server] port = 1\n", "c:1: more text after a section's name"},
        {"[server]\nname = a\x01\n", "c:2: a control character (byte 9)"},
        {"[server]\nlisten = 8.8.8.8\n", "c:2: server.listen: a public address"},
        {"[server]\nlisten = 2600::1\n", "c:2: server.listen: a public address"},
        {"[server]\nlisten = 224.0.0.1\n", "c:2: server.listen: a multicast address"},
        {"[server]\nlisten = ::, ::1\n", "c:2: server.listen: :: is every address already"},
        {"[api]\nlisten = ff02::1\n", "c:2: api.listen: a multicast address"},
        {"[dataplane]\nport = dpdk\n", "c:2: dataplane.port: dpdk without a device"},
        {"[dataplane]\ndevice = net_tap0\n", "c:2: dataplane.device: dpdk without an IP address"},
        {"[dataplane]\ndevice = net_tap0\naddress_v4 = 8.8.8.8/24\n",
         "c:3: dataplane.address_v4: a public"},
        {"[dataplane]\ncores = 1,2\n", "c:2: dataplane.cores: not as many as queues"},
        {"[dataplane]\ngateway_v4 = 192.0.2.1\n",
         "c:2: dataplane.gateway_v4: given without an address"},
        {"[dataplane]\naddress_v4 = 192.0.2.1/24\ngateway_v4 = 192.0.3.1\n",
         "c:3: dataplane.gateway_v4: outside of the address's network"},
        {"[memory]\nmax_tensor = 65MiB\n",
         "c:2: memory.request_slab: 256MiB, but 1 queue with four tensors of max_tensor = 65MiB "
         "each need 260MiB: enlarge it, or lessen memory.max_tensor"},
        {"[memory]\nresponse_slab = 63MiB\n", "c:2: memory.response_slab: 63MiB, but 1 queue"},
        {"[dataplane]\nqueues = 5\n",
         "c: memory.request_slab: 256MiB, but 5 queues with four tensors of max_tensor = 16MiB "
         "each need 320MiB: enlarge it, or lessen memory.max_tensor or dataplane.queues"},
        {"[memory]\nrequest_slab = 1MiB\nmax_tensor = 4KiB\n[dataplane]\nqueues = 5\n",
         "c:2: memory.request_slab: 1MiB, but 5 queues"},
        {"[memory]\nmax_tensor = 1000001\nrequest_slab = 4000004\n",
         "c:3: memory.request_slab: 4000004B, but 1 queue"},
        {"[memory]\nslots = 16\nrequest_slab = 1GiB\n[dataplane]\nqueues = 5\n",
         "c:2: memory.slots: fewer than four a queue"},
        {"[workers]\nthreads = 65\ncores = 0-64\n", "c:2: workers.threads: more than 64"},
        {"[server]\ncontrol = run/x\n", "c:2: server.control: does not begin with '/'"},
        {"[log]\nrequests = full\n", "c:2: log.requests: needs a file"},
        {"[server]\nname = a/b\n", "c:2: server.name: has a '/'"},
        {"[dispatch]\nmax_batch = 65\n", "c:2: dispatch.max_batch: '65' is out of range"},
        {"[model a]\npath=x\nmax_batch = 65\n", "c:3: model.a.max_batch: '65' is out of range"},
        {"[model a]\npath=x\ndimensions = a=1,b=2,c=3,d=4,e=5\n", "c:3: model.a.dimensions: "},
        {"[model a]\npath=x\n"
         "dimensions = aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffff=1\n",
         "c:3: model.a.dimensions: "},
        {"[workers]\ncount = 2\ncores = 1\n", "c:3: workers.cores: not count x threads"},
        {"[workers]\nrestart_delay = 11s\n", "c:2: workers.restart_delay: over restart_delay_max"},
        {"[load]\nvalid = 40ms\n", "c:2: load.min_poll: over valid"},
        {"[api]\ntls_key = k\n", "c:2: api.tls_certificate: a certificate needs its key"},
        {"[api]\ntls_certificate = c\n", "c:2: api.tls_certificate: a certificate needs its key"},
        {"[limits]\nmax_requests = 2\n", "c:2: limits.max_requests_per_client: over max_requests"},
    };
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct jointd_config config;
        struct config_errors errors = {0};
        int error = config_parse(&config, "c", bads[i].text, strlen(bads[i].text), &errors);
        CU_ASSERT_EQUAL(error, -EINVAL);
        bool is_found = false;
        for (uint32_t j = 0; j < errors.count; j++)
            is_found |= strstr(errors.items[j].text, bads[i].error) != NULL;
        if (!is_found)
            printf("%s  -> %s\n", bads[i].text, errors.count ? errors.items[0].text : "(none)");
        CU_ASSERT_TRUE(is_found);
        config_errors_fini(&errors);
        CU_ASSERT_EQUAL(config_parse(&config, "c", bads[i].text, strlen(bads[i].text), NULL),
                        -EINVAL);
    }
}

static void all_faults_are_found_in_the_order_of_their_lines(void)
{
    static const char text[] = "[server]\nport = x\nfoo\nname =\n[memory]\nslots = 1\n";
    struct jointd_config config;
    struct config_errors errors = {0};
    CU_ASSERT_EQUAL(config_parse(&config, "c", text, sizeof(text) - 1, &errors), -EINVAL);
    static const uint32_t lines[] = {2, 3, 4, 6};
    CU_ASSERT_EQUAL_FATAL(errors.count, 4);
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(errors.items[i].line, lines[i]);
    config_errors_fini(&errors);
}

static void long_lines_and_files_are_refused_but_not_long_paths(void)
{
    static char text[CONFIG_MAX_FILE_BYTES + 2];
    struct jointd_config config;
    memset(text, '#', sizeof(text));
    CU_ASSERT_EQUAL(config_parse(&config, "c", text, 9000, NULL), -EINVAL);
    memset(text, '\n', sizeof(text));
    CU_ASSERT_EQUAL(config_parse(&config, "c", text, sizeof(text), NULL), -EINVAL);
    int length = snprintf(text, sizeof(text), "[model a]\npath = /");
    memset(text + length, 'x', CONFIG_PATH_BYTES);
    text[length + CONFIG_PATH_BYTES - 2] = '\0';
    must_read(&config, text);
    CU_ASSERT_EQUAL(strlen(config.models[0].path), CONFIG_PATH_BYTES - 1);
    jointd_config_fini(&config);
}

static void faults_beyond_the_most_are_counted(void)
{
    char text[4096] = "[server]\n";
    for (int i = 0; i < 200; i++)
        strncat(text, "what = 1\n", sizeof(text) - strlen(text) - 1);
    struct jointd_config config;
    struct config_errors errors = {0};
    CU_ASSERT_EQUAL(config_parse(&config, "c", text, strlen(text), &errors), -EINVAL);
    CU_ASSERT_EQUAL(errors.count, CONFIG_MAX_ERRORS);
    CU_ASSERT_EQUAL(errors.total, 200);
    config_errors_fini(&errors);
}

static void spaces_comments_and_line_ends_do_not_matter(void)
{
    struct jointd_config config;
    must_read(&config,
              "\xef\xbb\xbf[ server ] # comment\r\n# x\n  ; y\n   port:7 ; z\r\n\tname = a b");
    CU_ASSERT_EQUAL(config.server.port, 7);
    CU_ASSERT_STRING_EQUAL(config.server.name, "a b");
    jointd_config_fini(&config);
}

/* To be freed. */
static char *write_models(int count)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    for (int i = 0; i < count; i++)
        fprintf(file, "[model m%d]\npath = p%d\nversion = %d\n", i, i, i + 1);
    fclose(file);
    return text;
}

static void as_many_models_as_messages_can_name(void)
{
    char *text = write_models(CONFIG_MAX_MODELS);
    struct jointd_config config;
    must_read(&config, text);
    CU_ASSERT_EQUAL_FATAL(config.model_count, CONFIG_MAX_MODELS);
    CU_ASSERT_STRING_EQUAL(config.models[255].name, "m255");
    CU_ASSERT_STRING_EQUAL(config.models[123].path, "p123");
    CU_ASSERT_EQUAL(config.models[0].version, 1);
    jointd_config_fini(&config);
    free(text);
    text = write_models(CONFIG_MAX_MODELS + 1);
    struct config_errors errors = {0};
    CU_ASSERT_EQUAL(config_parse(&config, "c", text, strlen(text), &errors), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(errors.items[0].text, "model.m256: more than 256 of them"));
    config_errors_fini(&errors);
    free(text);
}

/* Prints before, reads that, and compares. */
static void check_round_trip(const char *before, enum config_print_style style)
{
    struct jointd_config first, second;
    must_read(&first, before);
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    CU_ASSERT_EQUAL(config_print(&first, style, file), 0);
    fclose(file);
    must_read(&second, text);
    struct config_diff diff;
    CU_ASSERT_EQUAL(config_diff_init(&diff, &first, &second), 0);
    CU_ASSERT_EQUAL(diff.count, 0);
    config_diff_fini(&diff);
    jointd_config_fini(&first);
    jointd_config_fini(&second);
    free(text);
}

static void what_is_printed_reads_as_the_same(void)
{
    static const char text[] =
        "[server]\nlisten = 192.0.2.1, fd00::1\nport = 9\n[dataplane]\nport=dpdk\n"
        "device=net_memif0,socket=/run/m\nqueues=3\ncores=8,2-3\naddress_v4=10.0.0.1/8\n"
        "gateway_v4=10.1.1.1\nvlan=5\n[load]\nswitch_gain=0.3\n[class a]\nweight=2\n[class b]\n"
        "[model x]\npath=x y.onnx\ndimensions=s=3\n[dispatch]\nmax_delay=1500us\n";
    check_round_trip("", CONFIG_PRINT_PLAIN);
    check_round_trip(text, CONFIG_PRINT_PLAIN);
    check_round_trip(text, CONFIG_PRINT_COMMENTED);
}

static void a_file_that_cannot_be_read_says_why(void)
{
    struct jointd_config config;
    struct config_errors errors = {0};
    CU_ASSERT_EQUAL(config_read(&config, "/nowhere/joint.conf", &errors), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(errors.items[0].text, "/nowhere/joint.conf: cannot be opened"));
    config_errors_fini(&errors);
    CU_ASSERT_EQUAL(config_read(&config, "/", &errors), -EISDIR);
    CU_ASSERT_PTR_NOT_NULL(strstr(errors.items[0].text, "/: cannot be read"));
    config_errors_fini(&errors);
}

const struct cunit_test tests[] = {
    {"an empty file is every default", an_empty_file_is_every_default},
    {"limits default to those of the protocol", limits_default_to_those_of_the_protocol},
    {"each fault has its line and a remedy", each_fault_has_its_line_and_a_remedy},
    {"all faults are found, in the order of their lines",
     all_faults_are_found_in_the_order_of_their_lines},
    {"long lines and files are refused, but not long paths",
     long_lines_and_files_are_refused_but_not_long_paths},
    {"faults beyond the most are counted", faults_beyond_the_most_are_counted},
    {"spaces, comments and line ends do not matter", spaces_comments_and_line_ends_do_not_matter},
    {"as many models as messages can name, and no more", as_many_models_as_messages_can_name},
    {"what is printed reads as the same", what_is_printed_reads_as_the_same},
    {"a file that cannot be read says why", a_file_that_cannot_be_read_says_why},
    {NULL, NULL},
};
