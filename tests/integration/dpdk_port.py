#!/usr/bin/env python3
# Tests the DPDK port against the kernel's network stack over veth pairs in namespaces that it makes and removes itself.
import collections
import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

PEER = sys.argv[1]
SKIP = 77
PORT = 4470
THEM = b"\x02\0\0\0\0\x77"
ID = f"jd{os.getpid()}"
libc = ctypes.CDLL(None, use_errno=True)
failures = 0


class Skip(Exception):
    """What a test needs and is not here."""


def stop(*_):
    """A time limit from outside ends it like any other end, namespaces removed. The signal may come twice."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def need():
    """Why the tests cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root, for network namespaces"
    for tool in ("ip", "ping", "arping", "ethtool", "sysctl"):
        if not shutil.which(tool):
            return f"needs the command {tool}"
    made = subprocess.run(["ip", "netns", "add", ID + "x"], capture_output=True, text=True)
    if made.returncode:
        return "cannot make a network namespace: " + made.stderr.strip()
    # In a chroot whose root is no mount point they can be made, but not entered.
    entered = subprocess.run(["ip", "netns", "exec", ID + "x", "true"], capture_output=True, text=True)
    run("ip", "netns", "del", ID + "x")
    if entered.returncode:
        return "cannot enter a network namespace: " + entered.stderr.strip()
    return None


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def expect(is_true, what):
    global failures
    if not is_true:
        failures += 1
        print(f"  FAILED: {what}")


class Link:
    """A veth pair: 'port' in one namespace for DPDK, 'kern' in another with the kernel's addresses."""

    def __init__(self, mtu=1500, queues=1):
        self.near, self.far = ID + "n", ID + "f"
        self.mtu, self.queues = mtu, queues

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in (self.near, self.far):
            run("ip", "netns", "add", name)
        more = ["numtxqueues", str(self.queues), "numrxqueues", str(self.queues)]
        run("ip", "-n", self.near, "link", "add", "port", "mtu", str(self.mtu), *more, "type", "veth", "peer", "name",
            "kern", "mtu", str(self.mtu), *more, "netns", self.far)
        # Else the kernel would answer for the port's link-local address too.
        run("ip", "netns", "exec", self.near, "sysctl", "-qw", "net.ipv6.conf.port.disable_ipv6=1")
        run("ip", "netns", "exec", self.far, "ethtool", "-K", "kern", "tx", "off")  # checksums are to be there
        run("ip", "-n", self.near, "link", "set", "port", "up")
        run("ip", "-n", self.far, "link", "set", "lo", "up")
        run("ip", "-n", self.far, "link", "set", "kern", "up")
        self.address("10.9.0.2/24")
        self.address("fd00:9::2/64", "nodad")

    def address(self, *what):
        run("ip", "-n", self.far, "addr", "add", *what, "dev", "kern")

    def __exit__(self, *_):
        for name in (self.near, self.far):
            run("ip", "netns", "del", name, check=False)

    def kernel(self, *command, check=True):
        return run("ip", "netns", "exec", self.far, *command, check=check)

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is in the kernel's namespace meanwhile; sockets stay there."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.far}") as far:
            if libc.setns(far.fileno(), 0):
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(home.fileno(), 0)

    def udp(self, family, bind=None):
        with self.inside():
            made = socket.socket(family, socket.SOCK_DGRAM)
        made.settimeout(3)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        if bind:
            made.bind(bind)
        return made

    def mac(self):
        shown = run("ip", "-n", self.near, "link", "show", "port").stdout
        return bytes.fromhex(shown.split("link/ether ")[1].split()[0].replace(":", ""))

    def raw(self):
        with self.inside():
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            made.bind(("kern", 0))
        return made


class Peer:
    """dpdk_peer as a child; counters after it ended."""

    def __init__(self, device, *options, namespace=None, v4="10.9.0.1/24", v6="fd00:9::1/64", **environment):
        command = ["ip", "netns", "exec", namespace] if namespace else []
        command += [PEER, device, f"v4={v4}", f"v6={v6}", *options]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment})
        self.counters = collections.Counter()

    def __enter__(self):
        self.ready = self.child.stdout.readline()
        if not self.ready.startswith("ready"):
            self.child.kill()
            self.child.wait()
            raise RuntimeError("the port did not open")
        return self

    def __exit__(self, *_):
        try:
            out, _ = self.child.communicate(timeout=20)
            self.counters.update(json.loads(out.strip().splitlines()[-1]))
        except (subprocess.TimeoutExpired, ValueError, IndexError):
            self.child.kill()
            self.child.wait()
            expect(False, "the peer ended by itself and printed its counters")
        expect(self.child.returncode == 0, f"the peer's exit status is 0, not {self.child.returncode}")


def on_veth(link, *options):
    return Peer("net_af_packet0,iface=port,framesz=9216,framecnt=512,blocksz=36864" if link.mtu > 1500
                else f"net_af_packet0,iface=port,qpairs={link.queues}", *options, namespace=link.near)


def echo(link, family, address, sizes, what, times=1):
    with link.udp(family) as udp:
        for size in sizes:
            for _ in range(times):
                payload = random.randbytes(size)
                udp.sendto(payload, (address, PORT))
                try:
                    came, whence = udp.recvfrom(65536)
                except TimeoutError:
                    expect(False, f"{what}: {size} bytes come back")
                    return
                expect(came == payload and whence[:2] == (address, PORT), f"{what}: {size} bytes come back as they were")


def both_families(link, what, less=0):
    echo(link, socket.AF_INET, "10.9.0.1", [0, 1, 2, 23, 24, 300, 1000, link.mtu - 28 - less], what + " IPv4")
    echo(link, socket.AF_INET6, "fd00:9::1", [0, 1, 2, 23, 24, 300, 1000, link.mtu - 48 - less], what + " IPv6")


def kernel_sockets():
    with Link() as link:
        with on_veth(link) as peer:
            both_families(link, "veth")
            # The longest ping makes a frame as long as the link takes.
            for address, size in (("10.9.0.1", 1472), ("fd00:9::1", 1452)):
                done = link.kernel("ping", "-c", "3", "-i", "0.1", "-W", "2", "-s", str(size), address, check=False)
                expect(" 0% packet loss" in done.stdout, f"{address} answers ping")
            done = link.kernel("arping", "-c", "2", "-w", "3", "-I", "kern", "10.9.0.1", check=False)
            expect("Received 2 response" in done.stdout, "arping is answered")
            done = link.kernel("arping", "-D", "-c", "1", "-w", "3", "-I", "kern", "10.9.0.1", check=False)
            expect(done.returncode != 0, "who asks whether the address is free hears that it is not")
            snmp = link.kernel("cat", "/proc/net/snmp").stdout
            names, values = [line.split()[1:] for line in snmp.splitlines() if line.startswith("Udp:")]
            udp = dict(zip(names, map(int, values)))
            expect(udp["InCsumErrors"] == 0 and udp["InErrors"] == 0, "the kernel found every checksum right")
            snmp6 = link.kernel("cat", "/proc/net/snmp6").stdout
            for name in ("Udp6InCsumErrors", "Ip6InHdrErrors", "Icmp6InErrors", "Icmp6InCsumErrors"):
                value = [int(line.split()[1]) for line in snmp6.splitlines() if line.split()[0] == name]
                expect(value == [0], f"the kernel counts no {name}")
        expect(peer.counters["received"] == 16 and peer.counters["sent"] == 16, "16 datagrams each way")
        expect(peer.counters["bad_sums"] == 0 and peer.counters["broken"] == 0, "nothing of the kernel's is bad")
        expect(peer.counters["lent"] == 0, "every token came back")


def the_port_asks_for_whom_it_does_not_know():
    """The kernel has the port's MAC written down, so it never asks, and the port has to."""
    with Link() as link:
        mac = link.mac().hex(":")
        for address in ("10.9.0.1", "fd00:9::1"):
            link.kernel("ip", "neigh", "replace", address, "lladdr", mac, "dev", "kern", "nud", "permanent")
        with on_veth(link) as peer:
            both_families(link, "asked by the port")
        expect(peer.counters["asked"] >= 2 and peer.counters["unresolved"] == 0, "both addresses were asked for, in time")


def a_gateway_is_used():
    with Link() as link:
        link.kernel("ip", "addr", "add", "172.31.5.5/32", "dev", "lo")
        link.kernel("ip", "addr", "add", "fd00:5::5/128", "dev", "lo", "nodad")
        with on_veth(link, "gateway4=10.9.0.2", "gateway6=fd00:9::2") as peer:
            for family, source, target in ((socket.AF_INET, "172.31.5.5", "10.9.0.1"), (socket.AF_INET6, "fd00:5::5", "fd00:9::1")):
                with link.udp(family, (source, 0)) as udp:
                    udp.sendto(b"far away" * 50, (target, PORT))
                    try:
                        expect(udp.recv(2000) == b"far away" * 50, f"{source} is answered through the gateway")
                    except TimeoutError:
                        expect(False, f"{source} is answered through the gateway")
        expect(peer.counters["unsent"] == 0, "nothing had no way")


def tagged(mac, vid, source_port, size):
    """A datagram from 10.9.0.2 to 10.9.0.1 in a frame with a tag; no UDP checksum."""
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 28 + size, 0, 0x4000, 64, 17, 0) + bytes([10, 9, 0, 2, 10, 9, 0, 1])
    ip = ip[:10] + checksum(ip) + ip[12:]
    return mac + THEM + struct.pack("!HHH", 0x8100, vid, 0x0800) + ip + struct.pack("!4H", source_port, PORT, 8 + size, 0) + bytes(size)


def vlan():
    """With frames made by hand, since not every kernel has VLAN devices."""
    arp = b"\x08\x06\0\x01\x08\0\x06\x04\0\x01" + THEM + bytes([10, 9, 0, 2]) + bytes(6) + bytes([10, 9, 0, 1])
    with Link() as link:
        mac = link.mac()
        with on_veth(link, "vlan=7") as peer, link.raw() as raw:
            raw.settimeout(2)
            raw.send(b"\xff" * 6 + THEM + b"\x81\0\0\x07" + arp)
            answer = next_from(raw, mac)
            expect(answer and answer[12:18] == b"\x81\0\0\x07\x08\x06" and answer[24:26] == b"\0\x02", "ARP is answered with the tag")
            raw.send(tagged(mac, 0xa007, 4001, 300))  # with a priority
            answer = next_from(raw, mac)
            expect(answer and answer[12:18] == b"\x81\0\0\x07\x08\0" and len(answer) == 18 + 28 + 300,
                   "a datagram comes back with the tag")
            for vid in (6, 0):
                raw.send(tagged(mac, vid, 4001, 300))
            raw.send(b"\xff" * 6 + THEM + arp)
            raw.settimeout(0.3)
            expect(next_from(raw, mac) is None, "nothing of another VLAN or without a tag is answered")
        expect(peer.counters["received"] == 1 and peer.counters["answered"] == 1, "one datagram, one answer")


def next_from(raw, mac):
    """The next frame of that MAC as it was on the wire, its tag put back where the kernel took it out; None: too late."""
    end = time.monotonic() + raw.gettimeout()
    raw.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA
    while time.monotonic() < end:
        try:
            frame, more, _, _ = raw.recvmsg(65536, 256)
        except TimeoutError:
            return None
        if frame[6:12] != mac:
            continue
        for level, kind, data in more:
            status, _, _, _, _, tag, protocol = struct.unpack("=IIIHHHH", data)
            if (level, kind) == (263, 8) and status & 0x10:  # TP_STATUS_VLAN_VALID
                frame = frame[:12] + struct.pack("!HH", protocol or 0x8100, tag) + frame[12:]
        return frame
    return None


def jumbo():
    with Link(mtu=9000) as link:
        with on_veth(link, "mtu=9000") as peer:
            both_families(link, "jumbo")
        expect(peer.counters["received"] == 16, "16 datagrams of up to 8,972 bytes")


def several_queues():
    """Of a device that has one, and of one that has as many: either way a sender stays on its queue."""
    for device_queues in (1, 2):
        with Link(queues=device_queues) as link:
            with on_veth(link, "queues=2") as peer:
                for _ in range(24):
                    echo(link, socket.AF_INET, "10.9.0.1", [100], "two queues")
                    echo(link, socket.AF_INET6, "fd00:9::1", [100], "two queues")
            expect(peer.counters["received"] == 48, "each datagram came once")
            expect(peer.counters["queues_used"] == 2, "both queues had some of the senders")


def good_datagrams_among_junk():
    with Link() as link:
        with on_veth(link) as peer:
            echo(link, socket.AF_INET, "10.9.0.1", [100], "before")
            junk(link)
            echo(link, socket.AF_INET, "10.9.0.1", [1, 1400], "after the flood")
            echo(link, socket.AF_INET6, "fd00:9::1", [1, 1400], "after the flood")
        expect(peer.counters["received"] == 5, "only the good ones were received")
        expect(peer.counters["bad"] > 10000, "the junk was counted")


def junk(link):
    """Frames to the port's MAC: random, cut short, with a flipped byte; ARP from everyone."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"  junk with seed {seed}")
    rng = random.Random(seed)
    mac = link.mac()
    good = mac + THEM + b"\x08\0" + bytes.fromhex("450000300000400040110000") + bytes([10, 9, 0, 2, 10, 9, 0, 1])
    good = good[:24] + checksum(good[14:34]) + good[26:] + struct.pack("!4H", 4000, PORT, 28, 0x1234) + bytes(20)
    with link.raw() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for i in range(6000):
            kind = rng.choice((b"\x08\0", b"\x86\xdd", b"\x08\x06", b"\x81\0"))
            raw.send(mac + THEM + kind + rng.randbytes(rng.randrange(0, 200)))
            raw.send(good[:rng.randrange(14, len(good))])
            raw.send(good)  # its checksum is wrong
            at = rng.randrange(12, 34)
            raw.send(good[:at] + bytes([good[at] ^ (1 << rng.randrange(8))]) + good[at + 1:])
            sender = THEM[:2] + rng.randbytes(4)
            raw.send(b"\xff" * 6 + sender + b"\x08\x06\0\x01\x08\0\x06\x04\0\x01" + sender + bytes([10, 9, 0, rng.randrange(3, 255)])
                     + bytes(6) + bytes([10, 9, 0, 1]))
            if i % 64 == 63:
                time.sleep(0.002)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", ~total & 0xffff)


def tap():
    with Link() as link:
        far = ID + "t"
        run("ip", "netns", "add", far)
        try:
            with Peer("net_tap0,iface=jtap", namespace=far) as peer:
                run("ip", "-n", far, "link", "set", "jtap", "up")
                run("ip", "-n", far, "addr", "add", "10.9.0.2/24", "dev", "jtap")
                run("ip", "-n", far, "addr", "add", "fd00:9::2/64", "dev", "jtap", "nodad")
                link.far, home = far, link.far
                both_families(link, "net_tap")
                link.far = home
            expect(peer.counters["received"] == 16, "16 datagrams over net_tap")
        finally:
            run("ip", "netns", "del", far, check=False)


def memif():
    for queues in (1, 2):
        path = f"/tmp/{ID}.sock"
        with Peer(f"net_memif0,role=server,socket={path},socket-abstract=no", f"queues={queues}") as server:
            with Peer(f"net_memif1,role=client,socket={path},socket-abstract=no", "to=10.9.0.1", "count=4000", "bytes=1400",
                      f"queues={queues}", v4="10.9.0.2/24", v6="fd00:9::2/64") as client:
                pass
        back = client.counters.get("back")
        expect(back == 4000 and client.counters["wrong"] == 0, f"4,000 datagrams come back as they were, not {back}")
        expect(client.counters.get("lent") == 0 and server.counters.get("lent") == 0, "every token came back")


def huge_pages():
    free = open("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
    with free:
        count = int(free.read())
    if count < 128:
        raise Skip(f"{count} free huge pages of 128")
    with Link() as link:
        with on_veth(link, "huge=1") as peer:
            expect("huge pages" in peer.ready, "it says that it has huge pages")
            both_families(link, "huge pages")
        expect(peer.counters["received"] == 16, "16 datagrams")


def af_xdp():
    with Link() as link:
        try:
            # libxdp leaks 80 bytes, which is not what a sanitizer is to look for here.
            with Peer("net_af_xdp0,iface=port", namespace=link.near, ASAN_OPTIONS="detect_leaks=0") as peer:
                both_families(link, "AF_XDP")
        except RuntimeError as error:
            raise Skip(error) from error
        expect(peer.counters["received"] == 16, "16 datagrams over AF_XDP")


def main():
    reason = need()
    if reason:
        print("skipped:", reason)
        return SKIP
    signal.signal(signal.SIGTERM, stop)
    ran = 0
    usual = (kernel_sockets, the_port_asks_for_whom_it_does_not_know, a_gateway_is_used, vlan, jumbo, several_queues,
             good_datagrams_among_junk, tap, memif)
    wanted = sys.argv[2:] or [test.__name__ for test in usual]
    for test in (*usual, huge_pages, af_xdp):  # the last two by name alone: a host may lack what they need
        if test.__name__ not in wanted:
            continue
        before, start = failures, time.monotonic()
        print(test.__name__, flush=True)
        try:
            test()
            ran += 1
        except Skip as reason:
            print(f"  skipped: {reason}", flush=True)
            continue
        except (RuntimeError, OSError) as error:
            expect(False, error)
        print(f"  {'ok' if failures == before else 'FAILED'} ({time.monotonic() - start:.1f} s)", flush=True)
    if failures:
        return 1
    return 0 if ran else SKIP


if __name__ == "__main__":
    sys.exit(main())
