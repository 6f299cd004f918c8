#!/usr/bin/env bash
# The systemd unit: every key is known, and jointd says to systemd that it is ready and that it ends.
# Usage: systemd_unit.sh SOURCE JOINTD PYTHON
set -euo pipefail

source=$1
jointd=$(realpath "$2")
python=$3
if ! command -v systemd-analyze >/dev/null; then
    echo "skipped: there is no systemd-analyze here"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed "s#^ExecStart=jointd#ExecStart=$jointd#" "$source/deploy/joint.service" >"$folder/joint.service"
said=$(systemd-analyze verify --man=no "$folder/joint.service" 2>&1)
if [[ -n $said ]]; then
    echo "$said"
    exit 1
fi
cat >"$folder/joint.conf" <<END
[server]
listen = 127.0.0.1
port = 0PORT
control =
[api]
listen =
[memory]
request_slab = 16MiB
response_slab = 16MiB
max_tensor = 1MiB
pages = small
END
"$python" - "$folder" "$jointd" <<'END'
import os, signal, socket, subprocess, sys
folder, jointd = sys.argv[1:]
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
path = f"{folder}/joint.conf"
with open(path, encoding="utf-8") as file:
    text = file.read().replace("0PORT", str(port))
with open(path, "w", encoding="utf-8") as file:
    file.write(text)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
    systemd.bind(f"{folder}/notify")
    systemd.settimeout(60)
    child = subprocess.Popen([jointd, "--config", path], env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"})
    try:
        assert systemd.recv(4096).startswith(b"READY=1\n")
        child.send_signal(signal.SIGTERM)
        assert systemd.recv(4096).startswith(b"STOPPING=1\n")
        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.wait()
END
