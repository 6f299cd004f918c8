#!/usr/bin/env bash
# Checks that clang-format has nothing to change (clang-format -i FILE mends a file).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lint/files.sh
source "$here/files.sh"
root=${1:-$here/../..}

command -v clang-format >/dev/null || { echo "check_format: needs clang-format" && exit 77; }
mapfile -t files < <(lint_c_files "$root")
cd "$root"
((${#files[@]})) || { echo "check_format: no files to check" && exit 1; }
# One line a place; each process takes ten files.
printf '%s\n' "${files[@]}" |
    { xargs -n 10 -P "$(nproc)" clang-format --style=file --dry-run -Werror 2>&1 || true; } |
    { grep -aE '^[^ ]+:[0-9]+:[0-9]+: ' || true; } | lint_finish check_format "${#files[@]}"
