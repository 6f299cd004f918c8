#!/usr/bin/env bash
# Checks every include line against the arrow table in README.md (the block that starts "```arrows").
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lint/files.sh
source "$here/files.sh"
root=${1:-$here/../..}

mapfile -t files < <(lint_c_files "$root")
cd "$root"
[[ -r README.md ]] || { echo "README.md: missing; it holds the arrow table" && exit 1; }
((${#files[@]})) || { echo "check_layers: no files to check" && exit 1; }

# A file belongs to the longest folder of the table that holds it. It may include its own folder,
# the C library, and what its line lists: folders ("compute/*": all below), headers, libraries.
awk '
function library(header) {
    if (header ~ /^(cblas|openblas_config|lapacke)\.h$/) return "openblas"
    if (header ~ /^protobuf-c\// || header ~ /\.pb-c\.h$/) return "protobuf-c"
    if (header ~ /^jansson/) return "jansson"
    if (header ~ /^CUnit\//) return "cunit"
    if (header ~ /^rte_/) return "dpdk"
    if (header ~ /^liburing/) return "liburing"
    if (header ~ /^microhttpd/) return "libmicrohttpd"
    if (header == "ini.h") return "inih"
    if (header == "joint.h") return "libjoint"
    if (header == "png.h") return "libpng"
    if (header == "glpk.h") return "glpk"
    if (header ~ /^(ngtcp2|gnutls)\//) return "ngtcp2"
    if (header ~ /^(immintrin|x86intrin|arm_neon|cpuid)\.h$/) return "intrinsics"
    if (header ~ /^(sys|linux|asm|net|netinet|arpa)\//) return "libc"
    if (header ~ /^(assert|complex|ctype|dirent|dlfcn|endian|errno|fcntl|fenv|float|fnmatch|ftw|getopt|glob|inttypes|langinfo|libgen|limits|locale|malloc|math|netdb|poll|pthread|pwd|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|termios|threads|time|uchar|unistd|wchar|wctype)\.h$/) return "libc"
    return ""
}
function unit(path,    folder) {
    folder = path
    while (sub(/\/[^\/]*$/, "", folder))
        if (folder in allowed) return folder
    return ""
}
function complain(text) { print FILENAME ":" FNR ": " text }
FILENAME == "README.md" {
    if ($0 ~ /^```arrows/) inside = 1
    else if ($0 ~ /^```/) inside = 0
    else if (inside && $1 !~ /^#/ && NF) {
        if ($2 != "->") complain("an arrow line reads \"folder -> what it may include\"")
        line = " "
        for (i = 3; i <= NF; i++) line = line $i " "
        allowed[$1] = line
        arrows++
    }
    next
}
FNR == 1 {
    if (!arrows) { print "README.md: no block of arrows (```arrows)"; exit }
    from = unit(FILENAME)
    if (from == "") complain("no line of the arrow table covers this file; add its folder to README.md")
}
from != "" && /^[ \t]*#[ \t]*include/ {
    if (!match($0, /["<][^">]*[">]/)) { complain("cannot read this include line"); next }
    quote = substr($0, RSTART, 1)
    header = substr($0, RSTART + 1, RLENGTH - 2)
    name = library(header)
    if (name == "libc") next
    if (name != "") {
        if (!index(allowed[from], " " name " "))
            complain(from " may not use " name " (<" header ">)")
        next
    }
    if (quote == "<") {
        complain("<" header "> is of no library that tests/lint/check_layers.sh knows; add it there and to the table")
        next
    }
    if (header !~ /\// || header ~ /\.\.\//) {
        complain("write \"" header "\" from the root")
        next
    }
    to = unit(header)
    if (to == "") { complain("no line of the arrow table covers \"" header "\""); next }
    if (to == from || index(allowed[from], " " to " ") || index(allowed[from], " " header " ")) next
    parent = to
    while (sub(/\/[^\/]*$/, "", parent))
        if (index(allowed[from], " " parent "/* ")) next
    complain(from " may not use " to " (\"" header "\")")
}' README.md "${files[@]}" | lint_finish check_layers "${#files[@]}"
