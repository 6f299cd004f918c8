#!/usr/bin/env python3
# Tests joint-dataplane on DPDK and on the kernel's UDP over the same veth, in namespaces that it makes and removes itself.
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dpdk_port  # its veth pairs, and its checks of the machine
from dpdk_port import SKIP, Link, Skip, expect, need, run

HOST, PROGRAM, CALLER = sys.argv[1:4]
REQUESTS = 90


class Dataplane:
    """dataplane_host as a child in the near namespace; what it saw after it ended."""

    def __init__(self, link, *options):
        self.child = subprocess.Popen(["ip", "netns", "exec", link.near, HOST, PROGRAM, *options], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.saw = {}

    def __enter__(self):
        ready = self.child.stdout.readline()
        if not ready.startswith("ready"):
            error = self.child.communicate()[1]
            raise RuntimeError("joint-dataplane did not start: " + error.strip()[-500:])
        return self

    def __exit__(self, *_):
        try:
            out, self.log = self.child.communicate(timeout=40)
            self.saw = json.loads(out.strip().splitlines()[-1])
        except (subprocess.TimeoutExpired, ValueError, IndexError):
            self.child.kill()
            self.child.wait()
            expect(False, "the dataplane drained and printed what it saw")
            return
        expect(self.saw["status"] == 0 and self.saw["drained"] == 1, f"it drained and ended well: {self.saw}")
        expect(self.saw["faults"] == 0, "it said nothing wrong: " + self.log.strip()[-300:])
        expect(self.saw["leaked"] == 0, "every place of an answer came back")
        expect(self.saw["finished"] == self.saw["submitted"], "each SUBMIT had its FINISHED")


def call(link, clients, requests=REQUESTS):
    done = link.kernel(CALLER, "10.9.0.1", "4470", str(clients), str(requests), check=False)
    result = json.loads(done.stdout or "{}")
    expect(done.returncode == 0 and result.get("right") == requests, f"{requests} answers are right: {result} {done.stderr}")
    return result.get("digest")


def on_dpdk(link, *options):
    return Dataplane(link, "port=dpdk", f"device=net_af_packet0,iface=port,qpairs={link.queues}", "v4=10.9.0.1/24", *options)


def on_kernel(link, *options):
    run("ip", "-n", link.near, "addr", "add", "10.9.0.1/24", "dev", "port")
    return Dataplane(link, "port=uring", "listen=10.9.0.1", *options)


def both_ports_give_the_same_bits():
    digests = []
    for start in (on_dpdk, on_kernel):
        for queues in (1, 2):
            with Link() as link:
                with start(link, f"queues={queues}", "huge=no") as dataplane:
                    digests.append(call(link, 8))
                expect(dataplane.saw["submitted"] == REQUESTS, f"each request came once, not {dataplane.saw['submitted']} times")
    expect(None not in digests and len(set(digests)) == 1, f"the same answers over both ports: {digests}")


def payloads_are_lent_and_come_back():
    with Link() as link:
        with on_dpdk(link, "huge=no") as dataplane:
            call(link, 4)
        # What is not lent is copied by the port and said so at the start.
        expect("copied" not in dataplane.log, "answers leave from where they lie")
        expect(dataplane.saw["answers_lent"] == [0] and dataplane.saw["answers_taken"] == [0], "every token came back")


def a_client_stays_on_one_queue_of_dpdk():
    for device_queues in (1, 2):
        with Link(queues=device_queues) as link:
            with on_dpdk(link, "queues=2", "huge=no") as dataplane:
                call(link, 16)
            saw = dataplane.saw
            expect(sum(saw["jtp_unknown"]) == 0, "no datagram came to a queue that does not know its request")
            expect(min(saw["jtp_answered"]) > 0 and sum(saw["jtp_answered"]) == REQUESTS, f"both queues answered: {saw['jtp_answered']}")


def huge_pages():
    with open("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") as free:
        count = int(free.read())
    if count < 256:
        raise Skip(f"{count} free huge pages of 256")
    with Link() as link:
        with on_dpdk(link, "huge=yes") as dataplane:
            call(link, 4)
        expect("huge pages" in dataplane.log, "it says that it has huge pages")


def main():
    reason = need()
    if reason:
        print("skipped:", reason)
        return SKIP
    signal.signal(signal.SIGTERM, dpdk_port.stop)
    usual = (both_ports_give_the_same_bits, payloads_are_lent_and_come_back, a_client_stays_on_one_queue_of_dpdk)
    wanted = sys.argv[4:] or [test.__name__ for test in usual]
    for test in (*usual, huge_pages):  # the last by name alone: a host may lack what it needs
        if test.__name__ not in wanted:
            continue
        print(test.__name__, flush=True)
        try:
            test()
        except Skip as skip:
            print("skipped:", skip)
            return SKIP
    print(f"{dpdk_port.failures} failures")
    return 1 if dpdk_port.failures else 0


if __name__ == "__main__":
    sys.exit(main())
