/* Checks of the kernel: its version, and io_uring. */
#include "scheduler/check/check.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The version as 1000 * major + minor; 0: unknown. */
static uint32_t read_version(const struct host *host, char *text, size_t bytes)
{
    if (host_read(host, "/proc/sys/kernel/osrelease", text, bytes) <= 0)
        return 0;
    char *end;
    unsigned long major = strtoul(text, &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return major > 1000 || minor > 999 ? 0 : (uint32_t)(major * 1000 + minor);
}

void check_kernel(const struct check *check)
{
    char text[128];
    uint32_t version = read_version(check->host, text, sizeof(text));
    if (!version) {
        findings_add(check->findings, FINDING_WARN, "kernel", "its version cannot be read");
        findings_mend(check->findings, "mount -t proc proc /proc");
        return;
    }
    if (version >= 6000) {
        findings_add(check->findings, FINDING_OK, "kernel", "%s", text);
        return;
    }
    /* 5.4 has pidfd_open and sealed writers (F_SEAL_FUTURE_WRITE). */
    bool is_enough = version >= 5004;
    findings_add(check->findings, is_enough ? FINDING_WARN : FINDING_FAIL, "kernel", "%s: %s", text,
                 is_enough ? "before 6.0 io_uring cannot receive as fast"
                           : "it lacks pidfd_open and sealed memory (5.4)");
    findings_mend(check->findings, "apt-get install linux-image-amd64 (Debian 12 has 6.1)");
}

/* Asks the kernel for a ring. 0 or a negative errno. */
static int try_ring(void)
{
    struct io_uring_params parameters = {0};
    long fd = syscall(__NR_io_uring_setup, 4, &parameters);
    if (fd < 0)
        return -errno;
    close((int)fd);
    return 0;
}

void check_io_uring(const struct check *check)
{
    const struct dataplane_section *dataplane = &check->config->dataplane;
    if (jointd_config_uses_dpdk(check->config) || dataplane->io_uring == CONFIG_IO_PLAIN) {
        findings_add(check->findings, FINDING_OK, "io_uring", "not configured");
        return;
    }
    enum finding_level bad = dataplane->io_uring == CONFIG_IO_RING ? FINDING_FAIL : FINDING_WARN;
    char text[128];
    uint64_t disabled = 0;
    uint32_t version = read_version(check->host, text, sizeof(text));
    bool has_switch =
        host_number(check->host, "/proc/sys/kernel/io_uring_disabled", &disabled) == 0;
    int error = check->host->is_live ? try_ring() : 0;
    if (has_switch && (disabled == 2 || (disabled == 1 && error))) {
        findings_add(check->findings, bad, "io_uring", "switched off: plain system calls instead");
        findings_mend(check->findings, "sysctl -w kernel.io_uring_disabled=0");
    } else if (version && version < 6000) {
        findings_add(check->findings, bad, "io_uring",
                     "kernel %s cannot receive many datagrams at one request (6.0)", text);
        findings_mend(check->findings, "apt-get install linux-image-amd64");
    } else if (error) {
        findings_add(check->findings, bad, "io_uring", "refused: %s", strerror(-error));
        findings_mend(check->findings, "allow io_uring_setup where system calls are filtered "
                                       "(seccomp, the container's profile)");
    } else {
        findings_add(check->findings, FINDING_OK, "io_uring", "available");
    }
}
