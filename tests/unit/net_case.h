/* The host that the frames of net_golden.py are about. */
#ifndef TESTS_UNIT_NET_CASE_H
#define TESTS_UNIT_NET_CASE_H

#include "dataplane/port/net/host.h"
#include "dataplane/proto/address.h"

#include <CUnit/CUnit.h>

static inline struct jtp_address net_case_ip(const char *text)
{
    struct jtp_address address = {0};
    CU_ASSERT_EQUAL_FATAL(net_ip_read(address.ip, text), 0);
    return address;
}

static inline struct net_host net_case_host(uint16_t vlan)
{
    struct net_host host = {
        .mac = {0x02, 0, 0, 0, 0, 1}, .vlan = vlan, .udp_port = 4470, .mtu = 1500};
    CU_ASSERT_EQUAL_FATAL(net_prefix_read(&host.v4, "192.0.2.1/24"), 0);
    CU_ASSERT_EQUAL_FATAL(net_prefix_read(&host.v6, "2001:db8::1/64"), 0);
    CU_ASSERT_EQUAL_FATAL(net_ip_read(host.gateway_v4, "192.0.2.254"), 0);
    CU_ASSERT_EQUAL_FATAL(net_ip_read(host.gateway_v6, "fe80::ffff"), 0);
    CU_ASSERT_EQUAL_FATAL(net_host_complete(&host), 0);
    return host;
}

#endif
