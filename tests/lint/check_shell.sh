#!/usr/bin/env bash
# Runs shellcheck over every shell script.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lint/files.sh
source "$here/files.sh"
root=${1:-$here/../..}

command -v shellcheck >/dev/null || { echo "check_shell: needs shellcheck" && exit 77; }
mapfile -t files < <(lint_shell_files "$root")
cd "$root"
((${#files[@]})) || { echo "check_shell: no files to check" && exit 1; }
{ shellcheck --external-sources --format=gcc "${files[@]}" || true; } | lint_finish check_shell "${#files[@]}"
