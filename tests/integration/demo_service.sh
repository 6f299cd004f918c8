#!/usr/bin/env bash
# The demo's service on LeNet: every client is answered rightly by the server, phones follow its load, wrong answers are seen, nothing is left.
set -euo pipefail
python=$1
root=$2
build=$3
mode=$4 # dpdk or uring
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
options=()
[[ $mode == dpdk ]] || options=(--uring)
if [[ $mode == dpdk ]]; then
    if ((EUID != 0)); then echo "needs root, for network namespaces" && exit 77; fi
    for tool in ip ethtool; do
        command -v "$tool" >/dev/null || { echo "needs the command $tool" && exit 77; }
    done
    if ! ip netns add "demo$$" 2>/dev/null; then echo "cannot make a network namespace" && exit 77; fi
    entered=$(ip netns exec "demo$$" echo yes 2>/dev/null || true)
    ip netns del "demo$$"
    [[ $entered == yes ]] || { echo "cannot enter a network namespace" && exit 77; }
fi

joint=$build/scheduler/cli/joint
"$joint" zoo lenet -o "$folder/lenet.onnx"
"$python" "$root/deploy/demo_table.py" "$joint" "$folder/lenet.onnx" "$folder" >/dev/null
before=$(ip netns list 2>/dev/null | grep -c "^joint[0-9]" || true)
"$python" "$root/deploy/demo_service.py" "$build" "$folder/lenet.onnx" "$folder" "${options[@]}" | tee "$folder/shown"
grep -qE '^cloud +0 to [0-9]+ .* server ' "$folder/shown" || { echo "the whole network did not run on the server" && exit 1; }
grep -q 'has drained and ended' "$folder/shown"
grep -q 'the splits moved to the device and came back' "$folder/shown" || { echo "the phones did not follow the load" && exit 1; }
(($(grep -cE '^(phones alone|second load) .*%' "$folder/shown") >= 20)) || { echo "not a line a second" && exit 1; }
[[ $mode != dpdk || $(ip netns list 2>/dev/null | grep -c "^joint[0-9]" || true) == "$before" ]] || { echo "namespaces are left" && exit 1; }

# What the whole network gives, with one number changed.
"$python" - "$folder/whole.npy" <<'EOP'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(-4, 2)
    file.write(b"\0\0\xc8\x42")
EOP
if "$python" "$root/deploy/demo_service.py" "$build" "$folder/lenet.onnx" "$folder" "${options[@]}" >"$folder/shown" 2>"$folder/errors"; then
    echo "wrong numbers went unnoticed:" && cat "$folder/shown" && exit 1
fi
grep -q "does not give the whole network's numbers" "$folder/errors" || { cat "$folder/errors" && exit 1; }
