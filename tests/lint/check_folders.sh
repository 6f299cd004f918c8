#!/usr/bin/env bash
# Checks the repository's shape: what may stand at the top, and a README.md in each folder there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lint/files.sh
source "$here/files.sh"
root=${1:-$here/../..}

folders=(shm dataplane compute scheduler tests deploy)
top_files=(README.md LICENSE CONTRIBUTING.md meson.build meson_options.txt)

mapfile -t files < <(lint_files "$root")
cd "$root"
{
    for folder in "${folders[@]}"; do
        [[ -s $folder/README.md ]] || echo "$folder/README.md: missing; it says what the folder does and how to add a part"
    done
    for name in "${top_files[@]}"; do
        [[ -s $name ]] || echo "$name: missing"
    done
    printf '%s\n' "${files[@]%%/*}" | sort -u | grep -v '^\.' |
        grep -Fxv -f <(printf '%s\n' "${folders[@]}" "${top_files[@]}") |
        sed 's/$/: does not belong at the top of the repository/' || true
} | lint_finish check_folders "${#files[@]}"
