#!/usr/bin/env python3
"""`jointd` from outside: configuration, and --check on hosts made of files. usage: jointd_check.py JOINTD SOURCE"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

JOINTD = ""
SOURCE = pathlib.Path()
PCI = "sys/bus/pci/devices/0000:01:00.0"
CPU = "sys/devices/system/cpu"


def words(address):
    """An address as /proc/net writes it: words of memory, as numbers."""
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    return "".join(f"{int.from_bytes(packed[i:i + 4], sys.byteorder):08X}" for i in range(0, len(packed), 4))


def sockets(*entries):
    lines = ["  sl  local_address rem_address   st"]
    lines += [f"   0: {words(a)}:{port:04X} {words('::' if ':' in a else '0.0.0.0')}:0000 {state} 0:0"
              for a, port, state in entries]
    return "\n".join(lines) + "\n"


class JointdCase(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        self.host = self.folder / "host"
        self.files({
            "proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable:    8000000 kB\nHugePages_Total:     600\n"
                            "HugePages_Free:      600\nHugepagesize:       2048 kB\n",
            "proc/self/limits": "Limit  Soft Limit  Hard Limit  Units\n"
                                "Max open files            20000                20000                files\n"
                                "Max locked memory         unlimited            unlimited            bytes\n",
            "proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
            "proc/net/fib_trie": "Main:\n     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 192.168.1.2\n"
                                 "        /32 host LOCAL\n     |-- 8.8.8.8\n        /32 link BROADCAST\n",
            "proc/net/if_inet6": "00000000000000000000000000000001 01 80 10 80 lo\n"
                                 "fd000000000000000000000000000002 02 40 00 82 eth0\n",
            "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
            f"{CPU}/online": "0-7\n", f"{CPU}/isolated": "2-5\n",
            "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
            "etc/passwd": "root:x:0:0::/root:/bin/sh\njoint:x:99:99::/:/bin/false\n",
            "m.onnx": "x", "dev/net/tun": "", "sys/class/net/eth1/mtu": "1500\n",
        })
        for core in range(8):
            self.files({f"{CPU}/cpu{core}/cpufreq/scaling_governor": "performance\n"})
        self.config = "[workers]\nuser = joint\n[model m]\npath = /m.onnx\n"

    def tearDown(self):
        self.temporary.cleanup()

    def files(self, files):
        for path, text in files.items():
            whole = self.host / path
            whole.parent.mkdir(parents=True, exist_ok=True)
            whole.write_text(text, encoding="utf-8")

    def run_it(self, *arguments):
        return subprocess.run([JOINTD, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False, cwd=self.folder)

    def check(self, config=None, **levels):
        """Runs --check; the findings' levels by name, the worst of each; names that are given must have theirs."""
        (self.folder / "c").write_text(self.config if config is None else config, encoding="utf-8")
        done = self.run_it("--config", "c", "--check", "--root", self.host)
        self.assertEqual(done.stderr, "")
        found = json.loads(self.run_it("--config", "c", "--check", "--root", self.host, "--json").stdout)
        self.assertEqual(found["schema"], "joint.check/1")
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), len(found["findings"]))
        worst = {}
        for line, finding in zip(lines, found["findings"]):
            mend = f"; {finding['mend']}" if finding["mend"] else ""
            self.assertEqual(line, f"{finding['level']}: {finding['name']}: {finding['what']}{mend}")
            self.assertEqual(finding["mend"] is None, finding["level"] == "ok")
            rank = ["ok", "warn", "fail"]
            worst[finding["name"]] = max(worst.get(finding["name"], "ok"), finding["level"], key=rank.index)
        self.assertEqual(done.returncode, int("fail" in worst.values()))
        for name in ("ok", "warn", "fail"):
            self.assertEqual(found[name], sum(f["level"] == name for f in found["findings"]))
        self.assertEqual({n: worst.get(n) for n in levels}, levels, done.stdout)
        return done.stdout, worst


class Command(JointdCase):
    def test_the_example_is_what_is_printed_and_holds_every_default(self):
        example = (SOURCE / "deploy/joint.conf.example").read_text(encoding="utf-8")
        self.assertEqual(self.run_it("--print-config").stdout, example)
        (self.folder / "empty").write_text("", encoding="utf-8")
        (self.folder / "example").write_text(example, encoding="utf-8")
        defaults = self.run_it("--config", "empty", "--print-config").stdout
        self.assertIn("port = 4470", defaults)
        self.assertEqual(self.run_it("--config", "example", "--print-config").stdout, defaults)
        for line in defaults.splitlines():  # and each of them stands in it
            if line:
                self.assertIn(line + "\n", example)

    def test_a_printed_configuration_prints_the_same(self):
        (self.folder / "c").write_text("[server]\nport = 7\n" + self.config, encoding="utf-8")
        first = self.run_it("--config", "c", "--print-config").stdout
        (self.folder / "d").write_text(first, encoding="utf-8")
        self.assertEqual(self.run_it("--config", "d", "--print-config").stdout, first)
        self.assertIn("port = 7\n", first)

    def test_faults_go_to_stderr_with_their_lines(self):
        (self.folder / "c").write_text("[server]\nprot = 1\nport = 0\n", encoding="utf-8")
        done = self.run_it("--config", "c", "--check")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual([line.split(" ")[0] for line in done.stderr.splitlines()], ["c:2:", "c:3:"])

    def test_the_command_line(self):
        self.assertEqual(self.run_it("--help").returncode, 0)
        self.assertTrue(self.run_it("--version").stdout.startswith("jointd "))
        for bad in ([], ["--check"], ["--config"], ["--config="], ["--what"], ["x"], ["--config", "c", "--json"],
                    ["--config", "c", "--check", "--print-config"]):
            done = self.run_it(*bad)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (2, 1), bad)
        self.assertEqual(self.run_it("--config", "nowhere", "--check").returncode, 1)

    def test_a_service_without_any_of_its_models_does_not_start(self):
        (self.folder / "c").write_text("[server]\nlisten = 127.0.0.1\n[memory]\nrequest_slab = 16MiB\n"
                                       "response_slab = 16MiB\nmax_tensor = 1MiB\n[model x]\npath = nowhere.onnx\n",
                                       encoding="utf-8")
        done = self.run_it("--config", "c")
        self.assertEqual(done.returncode, 1)
        self.assertIn("jointd: model x: nowhere.onnx: No such file", done.stderr)
        self.assertIn("--check", done.stderr.splitlines()[-1])

    def test_this_host_can_be_checked(self):
        (self.folder / "c").write_text("[api]\nlisten =\n", encoding="utf-8")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            (self.folder / "c").write_text(f"[server]\nport = {port}\nlisten = 127.0.0.1\n", encoding="utf-8")
            done = self.run_it("--config", "c", "--check")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"fail: ports: server.port: UDP port {port} is taken", done.stdout)
        self.assertRegex(done.stdout, "ok: kernel|warn: kernel")
        self.assertIn("ok: programs: ", done.stdout)
        done = subprocess.run([JOINTD, "--config", "c", "--check"], stdout=subprocess.PIPE, text=True, check=False,
                              cwd=self.folder, env={**os.environ, "JOINT_LIBEXEC": "/nowhere"})
        self.assertIn("fail: programs: joint-worker: no such program in JOINT_LIBEXEC=/nowhere; correct or unset it; meson", done.stdout)


class Host(JointdCase):
    def test_a_good_host_has_nothing_to_mend(self):
        _, worst = self.check()
        self.assertEqual(set(worst.values()), {"ok"}, worst)
        self.assertEqual(len(worst), 17)

    def test_an_empty_host_breaks_nothing(self):
        self.host = self.folder / "bare"
        self.host.mkdir()
        self.check(models="fail", memory="warn", kernel="warn", cores="warn", clock="warn", user="fail")

    def test_huge_pages(self):
        self.files({"proc/meminfo": "MemAvailable: 8000000 kB\nHugePages_Total: 100\nHugePages_Free: 90\n"
                                    "Hugepagesize: 2048 kB\n"})
        text, _ = self.check(huge_pages="warn")
        self.assertIn("sysctl -w vm.nr_hugepages=333", text)  # 2 x (256 MiB and a page), 128 MiB and one, 10 are in use
        self.check(self.config + "[memory]\npages = huge\n", huge_pages="fail")
        self.check(self.config + "[memory]\npages = small\n", huge_pages="ok")

    def test_memory_and_limits(self):
        self.files({"proc/meminfo": "MemAvailable: 300000 kB\nHugePages_Total: 0\nHugePages_Free: 0\n"
                                    "Hugepagesize: 2048 kB\n",
                    "proc/self/limits": "Max open files            64   64   files\n"
                                        "Max locked memory         65536  65536 bytes\n",
                    "sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never\n"})
        self.check(memory="fail", nofile="fail", memlock="ok", transparent_huge_pages="warn")

    def test_cores(self):
        self.check(self.config + "[dataplane]\ncores = 8\n", cores="fail")
        text, _ = self.check("[workers]\ncores = 2-3\ncount = 2\nidle = busy\n[dataplane]\ncores = 3\n", cores="warn",
                             isolated_cores="ok")
        self.assertIn("share core 3", text)
        text, _ = self.check("[workers]\ncores = 6,2\nthreads = 2\nidle = busy\n", isolated_cores="warn")
        self.assertIn("isolcpus=6", text)
        self.check("[workers]\ncount = 9\n", cores="warn")

    def test_governor_and_clock(self):
        self.files({f"{CPU}/cpu6/cpufreq/scaling_governor": "powersave\n",
                    "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet\n",
                    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet\n"})
        text, _ = self.check(governor="warn", clock="warn")
        self.assertIn("cpupower -c 6 frequency-set -g performance", text)
        self.check("[workers]\ncores = 2\n", governor="ok")

    def test_kernel_and_io_uring(self):
        self.files({"proc/sys/kernel/osrelease": "5.10.0\n"})
        self.check(kernel="warn", io_uring="warn")
        self.check(self.config + "[dataplane]\nio_uring = plain\n", io_uring="ok")
        self.files({"proc/sys/kernel/osrelease": "4.19.0\n"})
        self.check(kernel="fail")
        self.files({"proc/sys/kernel/osrelease": "6.18.4-x\n", "proc/sys/kernel/io_uring_disabled": "2\n"})
        self.check(kernel="ok", io_uring="warn")
        self.check(self.config + "[dataplane]\nio_uring = ring\n", io_uring="fail")

    DPDK = "[dataplane]\ndevice = {}\naddress_v4 = 10.0.0.1/8\n"

    def test_a_pci_device(self):
        config = self.DPDK.format("01:00.0") + "cores = 2\n"
        self.check(config, nic="fail")
        (self.host / PCI).mkdir(parents=True)
        self.check(config, nic="fail", iommu="fail")
        os.symlink("../../drivers/vfio-pci", self.host / PCI / "driver")
        self.check(config, nic="ok", iommu="fail")
        self.files({"sys/module/vfio/parameters/enable_unsafe_noiommu_mode": "Y\n"})
        self.check(config, iommu="warn")
        os.symlink("../../../kernel/iommu_groups/7", self.host / PCI / "iommu_group")
        self.files({f"{PCI}/numa_node": "1\n", "sys/devices/system/node/node1/cpulist": "4-7\n"})
        text, _ = self.check(config, iommu="ok", numa="warn", memlock="ok")
        self.assertIn("name cores of 4-7", text)
        self.check(self.DPDK.format("0000:01:00.0") + "cores = 4\n", numa="ok")
        self.files({f"{PCI}/numa_node": "-1\n", "proc/self/limits": "Max open files 9999 9999 files\n"
                                                                    "Max locked memory 65536 65536 bytes\n"})
        self.check(config, numa="ok", memlock="fail")

    def test_virtual_devices(self):
        self.check(self.DPDK.format("net_af_packet0,iface=eth1"), nic="ok")
        self.check(self.DPDK.format("net_af_packet0,iface=eth2"), nic="fail")
        self.check(self.DPDK.format("net_af_xdp0"), nic="fail")
        self.check(self.DPDK.format("net_memif0"), nic="ok")
        self.check(self.DPDK.format("net_tap0"), nic="ok")
        (self.host / "dev/net/tun").unlink()
        self.check(self.DPDK.format("net_tap0"), nic="fail")
        self.check(self.DPDK.format("eth1"), nic="fail")

    def test_addresses(self):
        self.check(self.config + "[server]\nlisten = 192.168.1.2, fd00::2\n", public_address="ok", address=None)
        self.check(self.config + "[server]\nlisten = 192.168.1.3\n", address="fail")
        self.files({"proc/net/if_inet6": "26000000000000000000000000000002 02 40 00 82 eth0\n"})
        self.check(public_address="fail")
        self.check(self.config + "[server]\nlisten = 0.0.0.0\n", public_address="ok")
        self.check(self.config + "[server]\nallow_public = yes\n", public_address="warn")
        self.check(self.DPDK.format("net_memif0"), public_address="ok")

    def test_ports(self):
        for listen, taken, level in (("::", "127.0.0.1", "fail"), ("0.0.0.0", "::1", "ok"), ("0.0.0.0", "::", "fail"),
                                     ("127.0.0.1", "127.0.0.1", "fail"), ("127.0.0.1", "127.0.0.2", "ok"),
                                     ("127.0.0.2", "0.0.0.0", "fail"), ("::1", "::", "fail"), ("::1", "0.0.0.0", "ok")):
            with self.subTest(listen=listen, taken=taken):
                name, other = ("udp6", "udp") if ":" in taken else ("udp", "udp6")
                self.files({f"proc/net/{name}": sockets(("127.0.0.1" if name == "udp" else "::1", 1, "07"),
                                                        (taken, 4470, "07")), f"proc/net/{other}": sockets()})
                self.check(self.config + f"[server]\nlisten = {listen}\n", ports=level)
        self.files({"proc/net/udp": sockets(), "proc/net/udp6": sockets(),
                    "proc/net/tcp": sockets(("127.0.0.1", 4471, "01"))})
        self.check(ports="ok")
        self.files({"proc/net/tcp": sockets(("127.0.0.1", 4471, "0A"))})
        self.check(ports="fail")

    def test_files(self):
        self.check(self.config.replace("/m.onnx", "/none.onnx"), models="fail")
        self.check(self.config.replace("/m.onnx", "/proc"), models="fail")
        self.check("", models="warn", user="warn")
        self.check("[workers]\nuser = join\n", user="fail")
        config = self.config + "[api]\ntoken_file = /token\n"
        self.check(config, token_file="fail")
        self.files({"token": "secret"})
        (self.host / "token").chmod(0o644)
        self.check(config, token_file="fail")
        (self.host / "token").chmod(0o600)
        self.check(config, token_file="ok")


if __name__ == "__main__":
    JOINTD = str(pathlib.Path(sys.argv[1]).resolve())
    SOURCE = pathlib.Path(sys.argv[2]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
