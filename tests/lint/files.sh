# Lists the project's files: sourced by the lints, which all take the root folder as their argument.
# shellcheck shell=bash

# Every file of the project, one path a line, relative to the root: what git tracks or would track;
# outside a git checkout, all but build folders.
lint_files() { # ROOT
    if [[ -e $1/.git ]] && git -C "$1" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        (cd "$1" && git ls-files --cached --others --exclude-standard |
            while IFS= read -r path; do [[ -f $path ]] && printf '%s\n' "$path"; done)
    else
        (cd "$1" && find . \( -name .git -o -name 'build*' \) -prune -o -type f -print | sed 's|^\./||')
    fi | sort -u
}

# The C sources and headers.
lint_c_files() { # ROOT
    lint_files "$1" | grep -E '\.[ch]$' || true
}

# The shell scripts, by name or by first line.
lint_shell_files() { # ROOT
    local path first
    lint_files "$1" | while IFS= read -r path; do
        IFS= read -r -n 64 first <"$1/$path" || true
        if [[ $path == *.sh || $first =~ ^'#!'.*[/\ ](ba)?sh($|\ ) ]]; then printf '%s\n' "$path"; fi
    done
}

# Ends a lint: prints the findings it is given on stdin; fails when there are any, or no file.
lint_finish() { # NAME CHECKED_COUNT
    local findings
    findings=$(cat)
    if [[ -n $findings ]]; then
        printf '%s\n' "$findings"
        echo "$1: $(wc -l <<<"$findings") findings in $2 files"
        return 1
    fi
    (($2 > 0)) || { echo "$1: no files to check" && return 1; }
    echo "$1: $2 files are fine"
}
