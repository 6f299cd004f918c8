#!/usr/bin/env python3
# Writes net_golden.h: frames as Scapy builds them, for the tests of dataplane/port/net (needs python3-scapy).
import sys

from scapy.all import (ARP, ICMP, IP, UDP, Dot1Q, Ether, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS,
                       ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPOption_NOP, IPv6, Raw)

US, THEM = "02:00:00:00:00:01", "02:00:00:00:00:02"
U4, T4, U6, T6 = "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"
LINK = "fe80::ff:fe00:1"  # of US
ALL, GROUP, NODE = "ff:ff:ff:ff:ff:ff", "33:33:ff:00:00:01", "ff02::1:ff00:1"
GROUP_THEM, NODE_THEM = "33:33:ff:00:00:02", "ff02::1:ff00:2"
ODD, EVEN = bytes(range(1, 14)), bytes(range(1, 101))


def to_us(packet):
    return Ether(src=THEM, dst=US) / packet


def from_us(packet):
    return Ether(src=US, dst=THEM) / packet


def udp(payload, sport=40000, dport=4470, **more):
    return UDP(sport=sport, dport=dport, **more) / Raw(payload)


def with_zero_sum(payload):
    """A payload to 192.0.2.1 whose UDP checksum computes to 0, so 0xffff is written."""
    for high in range(65536):
        tail = high.to_bytes(2, "big")
        packet = IP(src=U4, dst=T4) / udp(payload + tail, 4470, 40000)
        if bytes(packet)[26:28] == b"\xff\xff":
            return payload + tail
    raise ValueError("none")


ip4 = dict(src=T4, dst=U4)
ip6 = dict(src=T6, dst=U6)
out4 = dict(src=U4, dst=T4, id=0, flags="DF", ttl=64)
out6 = dict(src=U6, dst=T6, hlim=64)
zero = with_zero_sum(EVEN)
frames = {
    # What we receive.
    "in_udp4": to_us(IP(**ip4) / udp(ODD)),
    "in_udp4_no_sum": to_us(IP(**ip4) / udp(ODD, chksum=0)),
    "in_udp4_options": to_us(IP(options=[IPOption_NOP()] * 4, **ip4) / udp(EVEN)),
    "in_udp4_padded": bytes(to_us(IP(**ip4) / udp(b"x"))) + bytes(17),
    "in_udp4_bad_sum": to_us(IP(**ip4) / udp(ODD, chksum=0x1234)),
    "in_udp4_bad_ip_sum": to_us(IP(chksum=0x1234, **ip4) / udp(ODD)),
    "in_udp4_first_fragment": to_us(IP(flags="MF", **ip4) / udp(EVEN)),
    "in_udp4_last_fragment": to_us(IP(frag=10, **ip4) / Raw(EVEN)),
    "in_udp4_other_port": to_us(IP(**ip4) / udp(ODD, dport=4471)),
    "in_udp4_other_ip": to_us(IP(src=T4, dst="192.0.2.3") / udp(ODD)),
    "in_udp4_other_mac": Ether(src=THEM, dst="02:00:00:00:00:09") / IP(**ip4) / udp(ODD),
    "in_udp4_broadcast": Ether(src=THEM, dst=ALL) / IP(**ip4) / udp(ODD),
    "in_udp4_from_multicast": to_us(IP(src="224.0.0.5", dst=U4) / udp(ODD)),
    "in_udp4_from_us": to_us(IP(src=U4, dst=U4) / udp(ODD)),
    "in_udp4_vlan": Ether(src=THEM, dst=US) / Dot1Q(vlan=7, prio=5) / IP(**ip4) / udp(ODD),
    "in_udp4_priority": Ether(src=THEM, dst=US) / Dot1Q(vlan=0, prio=5) / IP(**ip4) / udp(ODD),
    "in_udp6": to_us(IPv6(**ip6) / udp(ODD)),
    "in_udp6_no_sum": to_us(IPv6(**ip6) / udp(ODD, chksum=0)),
    "in_udp6_link_local": to_us(IPv6(src="fe80::2", dst=LINK) / udp(EVEN)),
    "in_udp_long": to_us(IP(**ip4) / udp(ODD, len=22)),
    "in_tcp": to_us(IP(proto=6, **ip4) / Raw(EVEN)),
    "in_arp_request": Ether(src=THEM, dst=ALL) / ARP(op=1, hwsrc=THEM, psrc=T4, pdst=U4),
    "in_arp_probe": Ether(src=THEM, dst=ALL) / ARP(op=1, hwsrc=THEM, psrc="0.0.0.0", pdst=U4),
    "in_arp_gratuitous": Ether(src=THEM, dst=ALL) / ARP(op=1, hwsrc=THEM, psrc=T4, pdst=T4),
    "in_arp_reply": to_us(ARP(op=2, hwsrc=THEM, psrc=T4, hwdst=US, pdst=U4)),
    "in_arp_thief": Ether(src=THEM, dst=ALL) / ARP(op=1, hwsrc=THEM, psrc=U4, pdst=T4),
    "in_solicit": Ether(src=THEM, dst=GROUP) / IPv6(src=T6, dst=NODE, hlim=255) / ICMPv6ND_NS(tgt=U6)
    / ICMPv6NDOptSrcLLAddr(lladdr=THEM),
    "in_solicit_hop": Ether(src=THEM, dst=GROUP) / IPv6(src=T6, dst=NODE, hlim=254) / ICMPv6ND_NS(tgt=U6)
    / ICMPv6NDOptSrcLLAddr(lladdr=THEM),
    "in_solicit_probe": Ether(src=THEM, dst=GROUP) / IPv6(src="::", dst=NODE, hlim=255) / ICMPv6ND_NS(tgt=U6),
    "in_solicit_probe_link": Ether(src=THEM, dst=GROUP) / IPv6(src="::", dst=NODE, hlim=255) / ICMPv6ND_NS(tgt=U6)
    / ICMPv6NDOptSrcLLAddr(lladdr=THEM),
    "in_solicit_multicast": Ether(src=THEM, dst=GROUP) / IPv6(src=T6, dst=NODE, hlim=255) / ICMPv6ND_NS(tgt=NODE),
    "in_advert": to_us(IPv6(hlim=255, **ip6) / ICMPv6ND_NA(tgt=T6, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=THEM)),
    "in_advert_option_0": to_us(IPv6(hlim=255, **ip6) / ICMPv6ND_NA(tgt=T6, R=0, S=1, O=1)
                                / ICMPv6NDOptDstLLAddr(lladdr=THEM, len=0)),
    "in_advert_all_solicited": Ether(src=THEM, dst="33:33:00:00:00:01") / IPv6(src=T6, dst="ff02::1", hlim=255)
    / ICMPv6ND_NA(tgt=T6, R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=THEM),
    "in_echo4": to_us(IP(**ip4) / ICMP(type=8, id=3, seq=4) / Raw(ODD)),
    "in_echo4_bad_sum": to_us(IP(**ip4) / ICMP(type=8, id=3, seq=4, chksum=1) / Raw(ODD)),
    "in_echo6": to_us(IPv6(**ip6) / ICMPv6EchoRequest(id=3, seq=4, data=ODD)),
    "in_error4": to_us(IP(**ip4) / ICMP(type=3, code=4, nexthopmtu=1280) / IP(src=U4, dst=T4) / udp(ODD)),
    # What we send.
    "out_udp4": from_us(IP(**out4) / udp(ODD, 4470, 40000)),
    "out_udp4_zero": from_us(IP(**out4) / udp(zero, 4470, 40000)),
    "out_udp4_vlan": Ether(src=US, dst=THEM) / Dot1Q(vlan=7) / IP(**out4) / udp(EVEN, 4470, 40000),
    "out_udp6": from_us(IPv6(**out6) / udp(ODD, 4470, 40000)),
    "out_arp_request": Ether(src=US, dst=ALL) / ARP(op=1, hwsrc=US, psrc=U4, hwdst="00:00:00:00:00:00", pdst=T4),
    "out_arp_reply": from_us(ARP(op=2, hwsrc=US, psrc=U4, hwdst=THEM, pdst=T4)),
    "out_arp_probe_reply": from_us(ARP(op=2, hwsrc=US, psrc=U4, hwdst=THEM, pdst="0.0.0.0")),
    "out_solicit": Ether(src=US, dst=GROUP_THEM) / IPv6(src=U6, dst=NODE_THEM, hlim=255) / ICMPv6ND_NS(tgt=T6)
    / ICMPv6NDOptSrcLLAddr(lladdr=US),
    "out_advert": from_us(IPv6(src=U6, dst=T6, hlim=255) / ICMPv6ND_NA(tgt=U6, R=0, S=1, O=1)
                          / ICMPv6NDOptDstLLAddr(lladdr=US)),
    "out_advert_all": Ether(src=US, dst="33:33:00:00:00:01") / IPv6(src=U6, dst="ff02::1", hlim=255)
    / ICMPv6ND_NA(tgt=U6, R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=US),
    "out_echo4": from_us(IP(**out4) / ICMP(type=0, id=3, seq=4) / Raw(ODD)),
    "out_echo6": from_us(IPv6(**out6) / ICMPv6EchoReply(id=3, seq=4, data=ODD)),
}


def main():
    out = ["/* Frames as Scapy builds them; written by net_golden.py. */", "#ifndef TESTS_UNIT_NET_GOLDEN_H",
           "#define TESTS_UNIT_NET_GOLDEN_H", "", "#include <stdint.h>", "", "// clang-format off"]
    for name, frame in frames.items():
        data = bytes(frame)
        out.append(f"static const uint8_t {name}[{len(data)}] = {{")
        for i in range(0, len(data), 16):
            out.append("    " + " ".join(f"0x{b:02x}," for b in data[i:i + 16]))
        out.append("};")
    out += ["// clang-format on", "", "#endif", ""]
    sys.stdout.write("\n".join(out))


main()
