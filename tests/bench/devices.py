# Pairs of virtual Ethernet devices for two DPDK processes, and dpdk-testpmd on one of them; for the benchmarks of the dataplane.
import contextlib
import os
import signal
import subprocess
import sys

ID = f"jb{os.getpid()}"
SOCKET = f"/tmp/{ID}.sock"
MAC = "02:00:00:00:00:01"


def stop(*_):
    """A time limit from outside ends it like any other end, namespaces removed. The signal may come twice."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def inside(namespace):
    """What a command is prefixed with to run there."""
    return ["ip", "netns", "exec", namespace] if namespace else []


def testpmd(device, cpu, *more, namespace=None):
    command = [*inside(namespace), "dpdk-testpmd", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "--log-level=4", "-m",
               "256", "--lcores", f"0@{cpu},1@{cpu}", "--vdev", device, "--", "--total-num-mbufs=16384", "--auto-start",
               "--nb-cores=1", "--rxd=1024", "--txd=1024", "--burst=64", *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def end(child):
    try:
        return child.communicate("\n", timeout=10)[0]
    except subprocess.TimeoutExpired:
        child.kill()
        return child.communicate()[0]


@contextlib.contextmanager
def place(kind, ring=1024):
    """Devices of receiver and sender, and the namespaces they are in."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(SOCKET)  # testpmd leaves it
    if kind == "net_memif":
        size = f"rsize={ring.bit_length() - 1}"
        yield (f"net_memif0,role=server,mac={MAC},socket={SOCKET},socket-abstract=no,{size}", None,
               f"net_memif1,role=client,socket={SOCKET},socket-abstract=no,{size}", None)
        return
    near, far = ID + "n", ID + "f"
    try:
        for name in (near, far):
            subprocess.run(["ip", "netns", "add", name], check=True)
        subprocess.run(["ip", "-n", near, "link", "add", "port", "address", MAC, "type", "veth", "peer", "name", "peer", "netns", far],
                       check=True)
        for name, device in ((near, "port"), (far, "peer")):
            subprocess.run(["ip", "netns", "exec", name, "sysctl", "-qw", f"net.ipv6.conf.{device}.disable_ipv6=1"], check=True)
            subprocess.run(["ip", "-n", name, "link", "set", device, "up"], check=True)
        yield "net_af_packet0,iface=port", near, "net_af_packet0,iface=peer", far
    finally:
        for name in (near, far):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
