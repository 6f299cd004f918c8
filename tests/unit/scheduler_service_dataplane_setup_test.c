/* Tests of scheduler/service/dataplane_setup.c: each option arrives, in its unit. */
#include "scheduler/service/dataplane_setup.h"
#include "scheduler/config/reader.h"
#include "tests/unit/cunit_main.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct dataplane_setup setup; /* 7 KiB */

static void read_config(struct jointd_config *config, const char *text)
{
    struct config_errors errors = {0};
    const int error = config_parse(config, "c", text, strlen(text), &errors);
    for (uint32_t i = 0; i < errors.count; i++)
        printf("%s\n", errors.items[i].text);
    config_errors_fini(&errors);
    CU_ASSERT_EQUAL_FATAL(error, 0);
}

static int fill_from(const char *text)
{
    struct jointd_config config;
    read_config(&config, text);
    const int error = dataplane_setup_fill(&setup, &config);
    jointd_config_fini(&config);
    return error;
}

static bool is_address(const uint8_t *ip, const char *text)
{
    uint8_t expected[16];
    return inet_pton(AF_INET6, text, expected) == 1 && memcmp(ip, expected, 16) == 0;
}

static void defaults_fill(void)
{
    CU_ASSERT_EQUAL_FATAL(fill_from(""), 0);
    CU_ASSERT_EQUAL(setup.port, DATAPLANE_URING);
    CU_ASSERT_EQUAL(setup.queue_count, 1);
    for (uint32_t i = 0; i < DATAPLANE_MAX_QUEUES; i++)
        CU_ASSERT_EQUAL(setup.cpu[i], DATAPLANE_NO_CPU);
    CU_ASSERT_EQUAL(setup.is_busy, 0);
    CU_ASSERT_EQUAL(setup.udp_port, 4470);
    CU_ASSERT_EQUAL(setup.address_count, 1);
    CU_ASSERT_TRUE(is_address(setup.address[0], "::"));
    CU_ASSERT_EQUAL(setup.mtu, 0);
    CU_ASSERT_EQUAL(setup.v4.is_given, 0);
    CU_ASSERT_EQUAL(setup.gateway_v6.is_given, 0);
    CU_ASSERT_EQUAL(setup.huge_pages, DATAPLANE_AUTO);
    CU_ASSERT_EQUAL(setup.memory_mib, 0);
    CU_ASSERT_EQUAL(setup.io, DATAPLANE_IO_AUTO);
    CU_ASSERT_EQUAL(setup.nap_ns, 50000);
    CU_ASSERT_EQUAL(setup.socket_buffer_bytes, 8 << 20);
    CU_ASSERT_STRING_EQUAL(setup.device, "");
    CU_ASSERT_EQUAL(setup.validate_address, 1);
    CU_ASSERT_EQUAL(setup.retry_after_us, 20000);
    CU_ASSERT_EQUAL(setup.class_count, 1);
    CU_ASSERT_EQUAL(setup.default_deadline_ns[0], 50000000);
    CU_ASSERT_EQUAL(setup.default_deadline_ns[255], 50000000);
    CU_ASSERT_EQUAL(setup.part_bytes, 256 << 20);
    CU_ASSERT_EQUAL(setup.max_tensor_bytes, 16 << 20);
    CU_ASSERT_EQUAL(setup.part_slots, 4096);
    CU_ASSERT_EQUAL(setup.response_slots, 4096);
    const uint8_t none[16] = {0};
    CU_ASSERT_EQUAL(memcmp(setup.cookie_key, none, 16), 0);
    CU_ASSERT_EQUAL(setup.boot, 0);
}

static void every_option_of_the_dataplane_arrives(void)
{
    CU_ASSERT_EQUAL_FATAL(
        fill_from("[server]\nlisten = 192.0.2.9, fd00::1\nport = 7\nvalidate_address = no\n"
                  "[dataplane]\nport = dpdk\ndevice = net_tap0,iface=x\nqueues = 3\ncores = 5,2-3\n"
                  "idle = busy\nmtu = 9000\naddress_v4 = 192.0.2.1/24\naddress_v6 = fd00::2/64\n"
                  "gateway_v4 = 192.0.2.254\ngateway_v6 = fd00::fe\nvlan = 42\nhuge_pages = no\n"
                  "memory = 1049600KiB\neal_arguments = --in-memory -m 64\nreceive_buffers = 100\n"
                  "send_buffers = 101\ndescriptors = 102\nverify_checksums = no\noffload = no\n"
                  "nap = 7us\nio_uring = plain\nsocket_buffer = 5KiB\n"
                  "[memory]\nrequest_slab = 100MiB\nmax_tensor = 3MiB\nslots = 100\n"),
        0);
    CU_ASSERT_EQUAL(setup.port, DATAPLANE_DPDK);
    CU_ASSERT_EQUAL(setup.udp_port, 7);
    CU_ASSERT_EQUAL(setup.address_count, 2);
    CU_ASSERT_TRUE(is_address(setup.address[0], "::ffff:192.0.2.9"));
    CU_ASSERT_TRUE(is_address(setup.address[1], "fd00::1"));
    CU_ASSERT_EQUAL(setup.validate_address, 0);
    CU_ASSERT_STRING_EQUAL(setup.device, "net_tap0,iface=x");
    CU_ASSERT_EQUAL(setup.queue_count, 3);
    CU_ASSERT_EQUAL(setup.cpu[0], 5);
    CU_ASSERT_EQUAL(setup.cpu[1], 2);
    CU_ASSERT_EQUAL(setup.cpu[2], 3);
    CU_ASSERT_EQUAL(setup.cpu[3], DATAPLANE_NO_CPU);
    CU_ASSERT_EQUAL(setup.is_busy, 1);
    CU_ASSERT_EQUAL(setup.mtu, 9000);
    CU_ASSERT_TRUE(setup.v4.is_given && is_address(setup.v4.ip, "::ffff:192.0.2.1"));
    CU_ASSERT_EQUAL(setup.v4.length, 24);
    CU_ASSERT_TRUE(setup.v6.is_given && is_address(setup.v6.ip, "fd00::2"));
    CU_ASSERT_EQUAL(setup.v6.length, 64);
    CU_ASSERT_TRUE(setup.gateway_v4.is_given &&
                   is_address(setup.gateway_v4.ip, "::ffff:192.0.2.254"));
    CU_ASSERT_TRUE(setup.gateway_v6.is_given && is_address(setup.gateway_v6.ip, "fd00::fe"));
    CU_ASSERT_EQUAL(setup.vlan, 42);
    CU_ASSERT_EQUAL(setup.huge_pages, DATAPLANE_NO);
    CU_ASSERT_EQUAL(setup.memory_mib, 1025);
    CU_ASSERT_STRING_EQUAL(setup.eal_arguments, "--in-memory -m 64");
    CU_ASSERT_EQUAL(setup.receive_buffers, 100);
    CU_ASSERT_EQUAL(setup.send_buffers, 101);
    CU_ASSERT_EQUAL(setup.descriptors, 102);
    CU_ASSERT_EQUAL(setup.verify_checksums, 0);
    CU_ASSERT_EQUAL(setup.offload, 0);
    CU_ASSERT_EQUAL(setup.nap_ns, 7000);
    CU_ASSERT_EQUAL(setup.io, DATAPLANE_IO_PLAIN);
    CU_ASSERT_EQUAL(setup.socket_buffer_bytes, 5120);
    CU_ASSERT_EQUAL(setup.part_bytes, 34951168); /* a third of 100 MiB, in whole pages */
    CU_ASSERT_EQUAL(setup.max_tensor_bytes, 3 << 20);
    CU_ASSERT_EQUAL(setup.part_slots, 33);
    CU_ASSERT_EQUAL(setup.response_slots, 100);
}

static void every_limit_and_class_arrives(void)
{
    CU_ASSERT_EQUAL_FATAL(
        fill_from("[limits]\nmax_clients = 1001\nmax_requests = 1002\n"
                  "max_requests_per_client = 3\nmax_receiving = 1004\nmax_waiting = 1005\n"
                  "max_ranges = 1006\nmax_sent = 1007\ncookie_lifetime = 8s\nclient_idle = 9s\n"
                  "stall = 10ms\nlongest = 11ms\ngive_up = 12ms\nonce = 13ms\n"
                  "retry_after = 14ms\n[class a]\ndeadline = 15ms\n[class b]\ndeadline = 16ms\n"),
        0);
    CU_ASSERT_EQUAL(setup.max_clients, 1001);
    CU_ASSERT_EQUAL(setup.max_requests, 1002);
    CU_ASSERT_EQUAL(setup.max_requests_per_client, 3);
    CU_ASSERT_EQUAL(setup.max_receiving, 1004);
    CU_ASSERT_EQUAL(setup.max_waiting, 1005);
    CU_ASSERT_EQUAL(setup.max_ranges, 1006);
    CU_ASSERT_EQUAL(setup.max_sent, 1007);
    CU_ASSERT_EQUAL(setup.cookie_lifetime_ns, UINT64_C(8000000000));
    CU_ASSERT_EQUAL(setup.client_idle_ns, UINT64_C(9000000000));
    CU_ASSERT_EQUAL(setup.stall_ns, 10000000);
    CU_ASSERT_EQUAL(setup.longest_ns, 11000000);
    CU_ASSERT_EQUAL(setup.give_up_ns, 12000000);
    CU_ASSERT_EQUAL(setup.once_ns, 13000000);
    CU_ASSERT_EQUAL(setup.retry_after_us, 14000);
    CU_ASSERT_EQUAL(setup.class_count, 2);
    CU_ASSERT_EQUAL(setup.default_deadline_ns[0], 15000000);
    CU_ASSERT_EQUAL(setup.default_deadline_ns[1], 16000000);
    CU_ASSERT_EQUAL(setup.default_deadline_ns[2], 16000000);
}

static void what_breaks_a_rule_is_refused(void)
{
    struct jointd_config config;
    read_config(&config, "");
    config.memory.request_slab_bytes = 4 * config.memory.max_tensor_bytes - 1;
    CU_ASSERT_EQUAL(dataplane_setup_fill(&setup, &config), -EINVAL);
    config.memory.request_slab_bytes++;
    CU_ASSERT_EQUAL(dataplane_setup_fill(&setup, &config), 0);
    config.dataplane.queues = 65;
    CU_ASSERT_EQUAL(dataplane_setup_fill(&setup, &config), -EINVAL);
    jointd_config_fini(&config);
}

static void keys_are_drawn(void)
{
    struct dataplane_setup other = {0};
    CU_ASSERT_EQUAL(fill_from(""), 0);
    CU_ASSERT_EQUAL(dataplane_setup_draw_keys(&setup), 0);
    CU_ASSERT_EQUAL(dataplane_setup_draw_keys(&other), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(setup.cookie_key, setup.table_key, 16), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(setup.cookie_key, other.cookie_key, 16), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(setup.table_key, other.table_key, 16), 0);
    CU_ASSERT_EQUAL(setup.udp_port, 4470);
}

const struct cunit_test tests[] = {
    {"the defaults fill a setup", defaults_fill},
    {"every option of the dataplane arrives, in its unit", every_option_of_the_dataplane_arrives},
    {"every limit and class arrives", every_limit_and_class_arrives},
    {"what breaks a rule is refused", what_breaks_a_rule_is_refused},
    {"keys are drawn, each time others", keys_are_drawn},
    {NULL, NULL},
};
