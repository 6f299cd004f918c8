#!/usr/bin/env bash
# Checks what CONTRIBUTING.md asks of every source and a compiler does not see.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lint/files.sh
source "$here/files.sh"
root=${1:-$here/../..}

mapfile -t c_files < <(lint_c_files "$root")
mapfile -t sources < <(lint_files "$root" | grep -E '\.(c|h|sh|py|js)$|(^|/)meson(\.build|_options\.txt)$' || true)
mapfile -t scripts < <(lint_shell_files "$root")
mapfile -t texts < <(lint_files "$root" | grep -E '\.(c|h|sh|py|js|md|txt|build)$' || true)
cd "$root"

report() { # MESSAGE: "path:line:text" in, "path:line: MESSAGE: text" out
    sed -E "s#^([^:]*:[0-9]+):[ \t]*#\1: $1: #"
}

search() { # PATTERN MESSAGE FILE...: an extended regular expression
    local pattern=$1 message=$2
    shift 2
    (($#)) || return 0
    { grep -HnE "$pattern" "$@" || true; } | report "$message"
}

{
    # Variable-length arrays are the compiler's to find (-Wvla, an error in tests/run).
    search '(^|[^A-Za-z0-9_])(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|alloca) ?\(' \
        'forbidden function' "${c_files[@]}"
    search '^[ 	]*#[ 	]*if[ 	]+0([^-9A-Za-z_.]|$)' 'dead code' "${c_files[@]}"
    search '	' 'a tab; indent with 4 spaces' "${c_files[@]}"
    search '[ 	]+$' 'white space at the end of the line' "${texts[@]}"
    # This file and its test must spell the words they look for.
    mapfile -t others < <(printf '%s\n' "${sources[@]}" "${scripts[@]}" | sort -u |
        grep -vE '^tests/lint/(check_style|selftest)\.sh$')
    { search '(^|[^A-Za-z_])(TODO|FIXME|XXX)([^A-Za-z_]|$)' 'to do without an issue number' "${others[@]}"; } |
        grep -vE '(TODO|FIXME|XXX)\(#[0-9]+\)' || true

    for path in "${c_files[@]}"; do
        IFS= read -r line <"$path" || true
        [[ $line == '/* '?* ]] || echo "$path:1: the first line is a comment: the file's job in one sentence"
    done
    for path in "${scripts[@]}"; do
        { IFS= read -r line && [[ $line != '#!'* ]] || IFS= read -r line; } <"$path" || true
        [[ $line == '# '?* ]] || echo "$path:1: a script starts with a comment: its job in one sentence"
    done
    ((${#sources[@]} == 0)) || wc -l "${sources[@]}" | sed '/^ *[0-9]* total$/d' |
        while read -r lines path; do
            ((lines <= 500)) || echo "$path:$lines: longer than 500 lines; split it by idea"
            [[ -z $(tail -c 1 "$path") ]] || echo "$path:$lines: no newline at the end"
        done
} | lint_finish check_style "${#sources[@]}"
