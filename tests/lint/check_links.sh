#!/usr/bin/env bash
# Checks that every relative link in a Markdown file leads to a file or a heading that is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lint/files.sh
source "$here/files.sh"
root=${1:-$here/../..}

mapfile -t files < <(lint_files "$root" | grep -E '\.md$' || true)
cd "$root"

# The anchors that a Markdown viewer makes of a file's headings.
anchors() { # FILE
    awk '/^```/ { code = !code } !code && /^#+ /' "$1" | sed -E 's/^#+ +//' |
        tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

for file in "${files[@]}"; do
    # Links in code blocks are text.
    { awk '/^ *```/ { code = !code; next } !code { gsub(/`[^`]*`/, ""); print FNR ":" $0 }' "$file" |
        grep -oE '^[0-9]+:|\]\([^)]+\)|(src|href)="[^"]+"' || true; } |
        while IFS= read -r word; do
            case $word in
            [0-9]*:) line=${word%:} && continue ;;
            ']('*) target=${word#](} && target=${target%)} && target=${target%% *} ;;
            *) target=${word#*\"} && target=${target%\"} ;;
            esac
            [[ $target =~ ^(https?|mailto): ]] && continue
            path=${target%%#*}
            if [[ -n $path ]]; then path=$(dirname "$file")/$path; else path=$file; fi
            if [[ ! -e $path ]]; then
                echo "$file:$line: $target is not there"
            elif [[ $target == *#* && $path == *.md ]] && ! anchors "$path" | grep -Fxq -- "${target#*#}"; then
                echo "$file:$line: $target: no such heading"
            fi
        done
done | lint_finish check_links "${#files[@]}"
