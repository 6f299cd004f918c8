/* Checks of memory: pages and limits. */
#include "scheduler/check/check.h"

#include <string.h>

#define MIB ((uint64_t)1 << 20)
#define SMALL_PAGE_BYTES ((uint64_t)4096)

/* What DPDK takes for packet buffers: as configured, or about what the port asks for. */
static uint64_t packet_bytes(const struct jointd_config *config)
{
    const struct dataplane_section *dataplane = &config->dataplane;
    if (!jointd_config_uses_dpdk(config))
        return 0;
    if (dataplane->memory_bytes)
        return dataplane->memory_bytes;
    uint64_t frame = (dataplane->mtu ? dataplane->mtu : 1500) + 1024; /* headroom and bookkeeping */
    return dataplane->queues * (dataplane->receive_buffers + dataplane->send_buffers) * frame +
           64 * MIB;
}

static bool wants_huge_slabs(const struct jointd_config *config)
{
    return config->memory.pages != CONFIG_PAGES_SMALL;
}

static bool wants_huge_packets(const struct jointd_config *config)
{
    return jointd_config_uses_dpdk(config) && config->dataplane.huge_pages != CONFIG_NO;
}

static uint64_t pages_for(uint64_t bytes, uint64_t page_bytes)
{
    return bytes / page_bytes + (bytes % page_bytes > 0);
}

static uint64_t huge_pages_needed(const struct jointd_config *config, uint64_t page_bytes)
{
    uint64_t needed = 0;
    if (wants_huge_slabs(config)) /* each region has a small page's header before it */
        needed += pages_for(config->memory.request_slab_bytes + SMALL_PAGE_BYTES, page_bytes) +
                  pages_for(config->memory.response_slab_bytes + SMALL_PAGE_BYTES, page_bytes);
    if (wants_huge_slabs(config) && jointd_config_api_slab_bytes(config) > 0)
        needed += pages_for(jointd_config_api_slab_bytes(config) + SMALL_PAGE_BYTES, page_bytes);
    if (wants_huge_packets(config))
        needed += pages_for(packet_bytes(config), page_bytes);
    return needed;
}

void check_memory(const struct check *check)
{
    const struct jointd_config *config = check->config;
    uint64_t needed = config->memory.request_slab_bytes + config->memory.response_slab_bytes +
                      jointd_config_api_slab_bytes(config) + packet_bytes(config);
    uint64_t available_kib, huge_kib = 0, free_pages = 0;
    if (host_field(check->host, "/proc/meminfo", "MemAvailable", &available_kib)) {
        findings_add(check->findings, FINDING_WARN, "memory", "cannot be read from /proc/meminfo");
        findings_mend(check->findings, "mount -t proc proc /proc");
        return;
    }
    /* Huge pages are reserved: no part of what is available. */
    if (!host_field(check->host, "/proc/meminfo", "Hugepagesize", &huge_kib))
        (void)host_field(check->host, "/proc/meminfo", "HugePages_Free", &free_pages);
    uint64_t free_bytes = (available_kib + huge_kib * free_pages) * 1024;
    findings_add(check->findings, free_bytes < needed ? FINDING_FAIL : FINDING_OK, "memory",
                 "%llu MiB are free, slabs and packet buffers take %llu MiB",
                 (unsigned long long)(free_bytes / MIB), (unsigned long long)(needed / MIB));
    if (free_bytes < needed)
        findings_mend(check->findings,
                      "lessen memory.request_slab and memory.response_slab, or end other programs");
}

void check_huge_pages(const struct check *check)
{
    const struct jointd_config *config = check->config;
    if (!wants_huge_slabs(config) && !wants_huge_packets(config)) {
        findings_add(check->findings, FINDING_OK, "huge_pages", "none are configured");
        return;
    }
    bool must = config->memory.pages == CONFIG_PAGES_HUGE ||
                (wants_huge_packets(config) && config->dataplane.huge_pages == CONFIG_YES);
    uint64_t size_kib, total, free_count;
    if (host_field(check->host, "/proc/meminfo", "Hugepagesize", &size_kib) || size_kib == 0 ||
        host_field(check->host, "/proc/meminfo", "HugePages_Total", &total) ||
        host_field(check->host, "/proc/meminfo", "HugePages_Free", &free_count)) {
        findings_add(check->findings, must ? FINDING_FAIL : FINDING_WARN, "huge_pages",
                     "this kernel has none");
        findings_mend(check->findings,
                      "install a kernel with CONFIG_HUGETLBFS, or write memory.pages = small");
        return;
    }
    uint64_t needed = huge_pages_needed(config, size_kib * 1024);
    bool has_enough = free_count >= needed;
    findings_add(check->findings,
                 has_enough ? FINDING_OK
                 : must     ? FINDING_FAIL
                            : FINDING_WARN,
                 "huge_pages", "%llu of %llu pages of %llu KiB are free, %llu are needed",
                 (unsigned long long)free_count, (unsigned long long)total,
                 (unsigned long long)size_kib, (unsigned long long)needed);
    if (!has_enough)
        findings_mend(check->findings, "sysctl -w vm.nr_hugepages=%llu",
                      (unsigned long long)(total + needed - free_count));
}

void check_transparent(const struct check *check)
{
    static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
    char text[128];
    if (host_read(check->host, path, text, sizeof(text)) < 0) {
        findings_add(check->findings, FINDING_OK, "transparent_huge_pages", "this kernel has none");
        return;
    }
    if (!strstr(text, "[always]")) {
        findings_add(check->findings, FINDING_OK, "transparent_huge_pages", "%s", text);
        return;
    }
    findings_add(check->findings, FINDING_WARN, "transparent_huge_pages",
                 "always: the kernel stops threads to build huge pages");
    findings_mend(check->findings, "echo madvise > %s", path);
}

/* False: the limit cannot be read, which is found already. */
static bool read_limit(const struct check *check, const char *label, const char *name,
                       uint64_t *limit)
{
    if (!host_field(check->host, "/proc/self/limits", label, limit))
        return true;
    findings_add(check->findings, FINDING_WARN, name, "cannot be read from /proc/self/limits");
    findings_mend(check->findings, "mount -t proc proc /proc");
    return false;
}

/* Only a device that writes to memory by itself needs it locked. */
void check_memlock(const struct check *check)
{
    const struct jointd_config *config = check->config;
    if (!jointd_config_uses_dpdk(config) || strncmp(config->dataplane.device, "net_", 4) == 0) {
        findings_add(check->findings, FINDING_OK, "memlock", "no device needs locked memory");
        return;
    }
    uint64_t limit, needed = packet_bytes(config) + config->memory.response_slab_bytes;
    if (!read_limit(check, "Max locked memory", "memlock", &limit))
        return;
    if (limit == UINT64_MAX) {
        findings_add(check->findings, FINDING_OK, "memlock", "unlimited");
        return;
    }
    findings_add(check->findings, limit < needed ? FINDING_FAIL : FINDING_OK, "memlock",
                 "%llu KiB may be locked, the device needs %llu KiB",
                 (unsigned long long)(limit / 1024), (unsigned long long)(needed / 1024));
    if (limit < needed)
        findings_mend(check->findings, "ulimit -l unlimited (in a unit: LimitMEMLOCK=infinity)");
}

void check_nofile(const struct check *check)
{
    const struct jointd_config *config = check->config;
    uint64_t limit;
    if (!read_limit(check, "Max open files", "nofile", &limit))
        return;
    /* Per process that is watched: socket, pidfd, doorbells, regions; per model: file, weights. */
    uint64_t needed =
        128 + 16 * (config->workers.count + config->workers.spares + config->dataplane.queues + 1) +
        4 * (uint64_t)config->model_count;
    findings_add(check->findings, limit < needed ? FINDING_FAIL : FINDING_OK, "nofile",
                 "%llu files may be open, about %llu are needed", (unsigned long long)limit,
                 (unsigned long long)needed);
    if (limit < needed)
        findings_mend(check->findings, "ulimit -n %llu (in a unit: LimitNOFILE=%llu)",
                      (unsigned long long)needed, (unsigned long long)needed);
}
