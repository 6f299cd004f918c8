#!/usr/bin/env bash
# Checks that the text speaks of the project alone: no tickets, no writing tools, no one's machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lint/files.sh
source "$here/files.sh"
root=${1:-$here/../..}

# Extended regular expressions; letters count the same in either case.
words=(
    '\bissue ?#?[0-9]+'
    '\b(this|previous|earlier|next|another) session\b'
    '\b(chatgpt|claude|copilot|anthropic|openai|llms?|subagents?|language model)\b'
    '\bai[ -](assistant|generated|agent|tool|written)'
    '\bas requested\b'
    '(^|[^A-Za-z0-9_.])/(work|root|home/[a-z0-9]+)/'
    '\bshared/(tools|data|notes|hooks|[A-Z]+\.md)\b'
    '\bBRIEF\.md\b'
)
pattern=$(
    IFS='|'
    echo "${words[*]}"
)
# This file and its test must spell the words they look for.
mapfile -t files < <(lint_files "$root" | grep -vE '^tests/lint/(check_words|selftest)\.sh$' || true)
cd "$root"
((${#files[@]})) || { echo "check_words: no files to check" && exit 1; }
{ grep -InHiE "$pattern" "${files[@]}" || true; } | cut -c 1-200 | lint_finish check_words "${#files[@]}"
