#!/usr/bin/env bash
# Shows that every lint can fail: each finds the one fault put into a small repository, and nothing else.
# Faulty files are written as they are, so quotes must not expand.
# shellcheck disable=SC2016
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
base=$(mktemp -d)
trap 'rm -rf "$base"' EXIT
tree=$base/tree
failures=0
cases=0

# A repository without a fault.
fresh_tree() {
    rm -rf "$tree"
    mkdir -p "$tree"/{shm,dataplane,compute/tensor,scheduler,tests,deploy}
    local folder
    for folder in shm dataplane compute scheduler tests deploy; do
        printf '# %s\n\nIts [root](../README.md#joint-it-is).\n' "$folder" >"$tree/$folder/README.md"
    done
    printf '# Joint: it is\n\n[tensors](compute/README.md)\n\n```arrows\n%s\n%s\n```\n' \
        'compute/tensor ->' 'compute -> compute/tensor openblas' >"$tree/README.md"
    for name in LICENSE CONTRIBUTING.md meson.build meson_options.txt; do echo "x" >"$tree/$name"; done
    printf '/* A tensor. */\n#include <stddef.h>\n\nint x;\n' >"$tree/compute/tensor/tensor.h"
    printf '/* An engine. */\n#include "compute/tensor/tensor.h"\n#include <cblas.h>\n' >"$tree/compute/engine.c"
    printf '#!/bin/sh\n# Runs.\necho "$1"\n' >"$tree/deploy/run"
    cp "$here/../../.clang-format" "$tree/"
}

accepts() { # LINT
    local output status=0
    cases=$((cases + 1))
    output=$("$here/check_$1.sh" "$tree" 2>&1) || status=$?
    ((status == 77)) && echo "skipped: $output" && return
    ((status == 0)) || {
        echo "check_$1 refuses a repository without a fault:" && echo "$output"
        failures=$((failures + 1))
    }
}

# Puts stdin at the end of FILE of a fresh tree; the lint must name that file with the message.
finds() { # LINT FILE MESSAGE
    fresh_tree
    mkdir -p "$tree/$(dirname "$2")"
    cat >>"$tree/$2"
    found "$1" "$2" "$3"
}

found() { # LINT FILE MESSAGE
    local output status=0
    cases=$((cases + 1))
    output=$("$here/check_$1.sh" "$tree" 2>&1) || status=$?
    ((status == 77)) && echo "skipped: $output" && return
    if ((status == 0)) || ! grep -F "$2" <<<"$output" | grep -qF "$3"; then
        echo "check_$1 does not say of $2: $3; it says:" && echo "$output"
        failures=$((failures + 1))
    fi
}

fresh_tree
for lint in layers style format words links folders shell; do accepts "$lint"; done

finds layers compute/tensor/a.c 'compute/tensor may not use compute' <<<'#include "compute/engine.h"'
finds layers compute/tensor/a.c 'may not use openblas' <<<'#include <cblas.h>'
finds layers compute/tensor/a.c 'from the root' <<<'#include "tensor.h"'
finds layers compute/tensor/a.c 'from the root' <<<'#  include "../tensor/tensor.h"'
finds layers compute/engine.c 'no line of the arrow table covers' <<<'#include "shm/arena.h"'
finds layers compute/engine.c 'of no library' <<<'#include <curl/curl.h>'
finds layers shm/arena.c 'no line of the arrow table covers this file' <<<'/* An arena. */'
fresh_tree
sed -i '/^```arrows/d' "$tree/README.md"
found layers README.md 'no block of arrows'
rm "$tree/README.md"
found layers README.md 'missing'

for name in strcpy strcat sprintf vsprintf atoi strtok alloca gets; do
    finds style compute/engine.c 'forbidden function' <<<"    $name(x);"
done
finds style compute/engine.c 'dead code' <<<'#if 0'
finds style compute/engine.c 'white space' <<<'int a; '
finds style compute/engine.c 'a tab' <<<$'\tint a;'
finds style compute/engine.c 'to do without' <<<'/* TODO later */'
finds style deploy/run 'to do without' <<<'# FIXME later'
finds style compute/b.c 'first line is a comment' <<<'int b;'
finds style deploy/go 'starts with a comment' <<<$'#!/bin/sh\necho'
finds style compute/engine.c 'longer than 500' < <(yes 'int a;' | head -n 500)
finds style compute/engine.c 'no newline' < <(printf 'int a;')
fresh_tree
echo '/* TODO(#12): less. snprintf(x); my_strcpy_like(x) */' >>"$tree/compute/engine.c"
accepts style

finds format compute/engine.c 'clang-format' <<<'int  a  ;'
finds words compute/README.md 'issue 12' <<<'See issue 12.'
finds words compute/engine.c 'previous session' <<<'/* As the previous session left it. */'
finds words deploy/README.md '/work/' <<<'Run /work/main/deploy/run.'
finds words deploy/README.md 'ChatGPT' <<<'Written with ChatGPT.'
finds links deploy/README.md 'is not there' <<<'[gone](gone.md)'
finds links deploy/README.md 'is not there' <<<'<img src="gone.svg">'
finds links deploy/README.md 'no such heading' <<<'[gone](../README.md#gone)'
finds shell deploy/run 'SC2086' <<<'echo $1'
finds folders notes.md 'does not belong' <<<'x'
fresh_tree
mkdir "$tree/misc"
echo x >"$tree/misc/a.c"
found folders misc 'does not belong'
fresh_tree
rm "$tree/shm/README.md" "$tree/LICENSE"
found folders shm/README.md missing
found folders LICENSE missing

echo "selftest: $cases cases, $failures failed"
((cases > 0 && failures == 0))
