#!/usr/bin/env bash
# The demo's table on LeNet: a line per cut, and failure when two parts do not give the whole's numbers.
set -euo pipefail
python=$1
root=$2
joint=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$joint" zoo lenet -o "$folder/lenet.onnx"
"$python" "$root/deploy/demo_table.py" "$joint" "$folder/lenet.onnx" "$folder" >"$folder/table"
cat "$folder/table"
cuts=$("$joint" cuts "$folder/lenet.onnx" --json | grep -c '"cut":')
rows=$(grep -cE '^ *[0-9]+  [^ ]+ +[0-9x]+ +[0-9]+ +[0-9.]+ +[0-9.]+  [0-9.e-]+$' "$folder/table")
if ((cuts < 3 || rows != cuts - 2)); then
    echo "$rows rows for $cuts cuts" && exit 1
fi

# A joint whose second parts are wrong: the tensor at the cut is that of other weights.
"$joint" zoo lenet --seed 7 -o "$folder/other.onnx"
cat >"$folder/wrong" <<EOF
#!/usr/bin/env bash
# joint, but what starts at a cut after the first starts in another network.
case " \$* " in
*' --from 0 '* | *' cuts '* | *' zoo '*) exec '$joint' "\$@" ;;
esac
exec '$joint' "\${@/lenet.onnx/other.onnx}"
EOF
chmod +x "$folder/wrong"
if "$python" "$root/deploy/demo_table.py" "$folder/wrong" "$folder/lenet.onnx" "$folder" >"$folder/table" 2>"$folder/errors"; then
    echo "wrong numbers went unnoticed:" && cat "$folder/table" && exit 1
fi
grep -q "two parts do not give the whole's numbers" "$folder/errors" || { cat "$folder/errors" && exit 1; }
