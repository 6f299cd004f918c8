#!/usr/bin/env bash
# Makes a folder of Debian's arm64 libraries, and the meson cross file that builds against it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

usage() {
    cat <<'END'
Usage: tests/arm64/sysroot.sh FOLDER

Downloads the arm64 packages that Joint links with, and what they depend on, unpacks them in
FOLDER/root and writes FOLDER/cross.ini for `meson setup --cross-file`. apt works on lists and a
state of its own under FOLDER: this system's packages stay as they are, and root is not needed.
Does nothing when FOLDER is up to date.

  --help   print this
END
}

case ${1:-} in
--help | -h) usage && exit 0 ;;
-*) echo "sysroot.sh: unknown option $1; --help lists the options" >&2 && exit 2 ;;
'') echo "sysroot.sh: needs a folder; --help says more" >&2 && exit 2 ;;
esac

# Not liburing and DPDK: qemu's user mode has no io_uring, and a port needs a device.
packages=(libc6-dev libopenblas-dev libprotobuf-c-dev libjansson-dev libinih-dev libcunit1-dev)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
root=$folder/root
libraries=$root/usr/lib/aarch64-linux-gnu

# What this script and the folder are decides what lies there.
stamp="$(cksum <"${BASH_SOURCE[0]}") $folder"
[[ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ]] || exit 0

download() {
    mkdir -p "$folder"/apt/{lists,archives}/partial
    : >"$folder/apt/status" # nothing is installed, so that every dependency is downloaded
    local apt=(apt-get -q -y
        -o APT::Architecture=arm64 -o APT::Architectures::=arm64
        -o APT::Sandbox::User= -o Debug::NoLocking=1
        -o Dir::State="$folder/apt" -o Dir::State::Lists="$folder/apt/lists"
        -o Dir::State::status="$folder/apt/status"
        -o Dir::Cache="$folder/apt" -o Dir::Cache::Archives="$folder/apt/archives")
    "${apt[@]}" update || true # some source may lack arm64; what is missing shows below
    "${apt[@]}" --no-install-recommends --download-only install "${packages[@]}"
}

unpack() {
    local archive library link
    for archive in "$folder"/apt/archives/*.deb; do dpkg -x "$archive" "$root"; done
    # An absolute link (libm.so is one) would lead out of the folder, to what this system has or lacks.
    find "$root" -type l -lname '/*' | while IFS= read -r link; do
        ln -sfn "$root$(readlink "$link")" "$link"
    done
    # What update-alternatives would link when the package is installed.
    for library in "$libraries"/openblas-pthread/*.so*; do
        ln -sf "openblas-pthread/${library##*/}" "$libraries/${library##*/}"
    done
    ln -sf ../openblas-pthread/pkgconfig/openblas.pc "$libraries/pkgconfig/openblas.pc"
}

write_cross_file() {
    cat <<END
# Written by tests/arm64/sysroot.sh: Debian's cross compiler, and qemu's user mode for what it builds.
[binaries]
c = 'aarch64-linux-gnu-gcc'
ar = 'aarch64-linux-gnu-gcc-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = ['$here/emulate.sh', '$root']

[built-in options]
c_args = ['--sysroot=$root']
c_link_args = ['--sysroot=$root']

[properties]
sys_root = '$root'
pkg_config_libdir = '$libraries/pkgconfig:$root/usr/share/pkgconfig'

[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'aarch64'
endian = 'little'
END
}

rm -rf "$folder/stamp" "$root" "$folder/apt"
log=$folder.log
if ! download >"$log" 2>&1; then
    echo "sysroot.sh: no arm64 packages: $(grep '^E:' "$log" | tail -n 1); $log says more" >&2
    exit 1
fi
unpack
rm -rf "$folder/apt"
write_cross_file >"$folder/cross.ini"
echo "$stamp" >"$folder/stamp"
