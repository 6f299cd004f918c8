#!/usr/bin/env bash
# Runs an arm64 program under qemu's user mode; says which tests cannot work there, and skips them.
# meson calls it as the cross file's exe_wrapper: emulate.sh SYSROOT PROGRAM [ARGUMENT...]
set -euo pipefail

no_exec="it starts programs of Joint, and this system does not execute arm64 programs"
no_madvise="qemu says yes to any advice on memory (madvise), and populates no mapping (MAP_POPULATE)"
# Test by test, why it says nothing about arm64 when qemu runs it.
declare -A skipped=(
    [compute_worker_worker_test]="$no_exec"
    [dataplane_death_test]="$no_exec"
    [dataplane_door_test]="$no_exec"
    [dataplane_test]="$no_exec"
    [service_death_test]="$no_exec"
    [service_hostile_test]="$no_exec"
    [service_test]="$no_exec"
    [worker_death_test]="$no_exec"
    [worker_encoding_test]="$no_exec"
    [worker_loader_test]="$no_exec"
    [worker_process_test]="$no_exec"
    [worker_test]="$no_exec"
    [scheduler_supervise_child_test]="it starts a program, and this system does not execute arm64 programs"
    [scheduler_supervise_core_time_test]="it starts a program, and this system does not execute arm64 programs"
    [shm_channel_test]="$no_madvise"
    [shm_region_test]="$no_madvise"
    [shm_fd_pass_test]="qemu gives the kernel a larger control buffer than the program did, so cut-off descriptors stay open"
    [dataplane_port_uring_receive_test]="qemu does not know SO_RXQ_OVFL, by which the port counts missed datagrams"
)

root=$1
shift
reason=${skipped[${1##*/}]:-}
if [[ -n $reason ]]; then
    echo "${1##*/}: skipped under qemu: $reason"
    exit 77
fi
exec qemu-aarch64 -L "$root" "$@"
