#!/usr/bin/env bash
# The repository's commands explain themselves, and refuse what they do not know in one line.
set -euo pipefail
root=$1
failures=0

expect() { # STATUS COMMAND...: exit status, and Usage on stdout (0) or one line on stderr (2)
    local want=$1 status=0 output errors
    shift
    errors=$(mktemp)
    output=$("$@" 2>"$errors") || status=$?
    if ((status != want)) ||
        { ((want == 0)) && [[ $output != Usage:* || -s $errors ]]; } ||
        { ((want == 2)) && [[ -n $output || $(wc -l <"$errors") != 1 ]]; }; then
        echo "$*: exit status $status, wanted $want; it printed:" && echo "$output" && cat "$errors"
        failures=$((failures + 1))
    fi
    rm -f "$errors"
}

for command in tests/run tests/arm64/sysroot.sh deploy/demo deploy/install-packages; do
    expect 0 "$root/$command" --help
    expect 2 "$root/$command" --no-such-option
done
expect 2 "$root/deploy/install-packages" no-such-group
expect 2 "$root/tests/run" --arm64 --quick

# A package is asked for once per group, and every group has some.
for group in build test lint arm64; do
    "$root/deploy/install-packages" --list "$group" | grep -q . || {
        echo "install-packages: nothing in $group" && failures=$((failures + 1))
    }
done
# Where a package is missing and root is out of reach, one line names it.
if ((EUID == 0)) && command -v setpriv >/dev/null; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    chmod 755 "$folder"
    sed 's/\[lint\]="/[lint]="joint-no-such-package /' "$root/deploy/install-packages" >"$folder/install-packages"
    chmod 755 "$folder/install-packages"
    # An empty PATH but for what the script needs: no sudo.
    for name in bash env sed grep sort dpkg-query apt-get mktemp rm; do ln -s "$(command -v $name)" "$folder/$name"; done
    status=0
    output=$(setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$folder" install-packages lint 2>&1) || status=$?
    if ((status != 1)) || [[ $output != *joint-no-such-package* || $(wc -l <<<"$output") != 1 ]]; then
        echo "install-packages without root: exit status $status; it printed:" && echo "$output"
        failures=$((failures + 1))
    fi
fi

echo "scripts: $failures failed"
((failures == 0))
