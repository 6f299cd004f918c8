/* Checks of the CPUs: cores, their speed, their clock. */
#include "scheduler/check/core_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_shared(const struct check *check, const struct core_set *online)
{
    const struct jointd_config *config = check->config;
    uint64_t threads = config->workers.count * config->workers.threads;
    uint64_t wanted = threads + config->dataplane.queues;
    char text[CORE_SET_TEXT_BYTES];
    struct core_set dataplane, workers;
    core_set_fill(&dataplane, &config->dataplane.cores);
    core_set_fill(&workers, &config->workers.cores);
    core_set_keep(&dataplane, &workers);
    if (core_set_count(&dataplane)) {
        findings_add(check->findings, FINDING_WARN, "cores", "dataplane and workers share core %s",
                     core_set_text(&dataplane, text, sizeof(text)));
        findings_mend(check->findings, "give dataplane.cores and workers.cores cores of their own");
        return;
    }
    uint64_t count = core_set_count(online);
    findings_add(check->findings, wanted > count ? FINDING_WARN : FINDING_OK, "cores",
                 "%llu online, %llu queues and %llu worker threads run on them",
                 (unsigned long long)count, (unsigned long long)config->dataplane.queues,
                 (unsigned long long)threads);
    if (wanted > count)
        findings_mend(check->findings, "lessen workers.count, workers.threads or dataplane.queues");
}

void check_cores(const struct check *check)
{
    struct core_set online, missing;
    char text[CORE_SET_TEXT_BYTES], other[CORE_SET_TEXT_BYTES];
    if (core_set_read(&online, check->host, "/sys/devices/system/cpu/online")) {
        findings_add(check->findings, FINDING_WARN, "cores", "the kernel does not list them");
        findings_mend(check->findings, "mount -t sysfs sysfs /sys");
        return;
    }
    core_set_configured(&missing, check->config);
    core_set_remove(&missing, &online);
    if (core_set_count(&missing) == 0) {
        check_shared(check, &online);
        return;
    }
    findings_add(check->findings, FINDING_FAIL, "cores", "core %s is not online, only %s",
                 core_set_text(&missing, text, sizeof(text)),
                 core_set_text(&online, other, sizeof(other)));
    findings_mend(check->findings, "correct dataplane.cores and workers.cores, or chcpu -e %s",
                  text);
}

void check_isolated(const struct check *check)
{
    struct core_set wanted, isolated;
    char text[CORE_SET_TEXT_BYTES];
    core_set_configured(&wanted, check->config);
    if (core_set_count(&wanted) == 0) {
        findings_add(check->findings, FINDING_OK, "isolated_cores", "no cores are configured");
        return;
    }
    if (core_set_read(&isolated, check->host, "/sys/devices/system/cpu/isolated"))
        core_set_clear(&isolated);
    core_set_remove(&wanted, &isolated);
    bool is_busy = check->config->dataplane.idle == CONFIG_IDLE_BUSY ||
                   check->config->workers.idle == CONFIG_IDLE_BUSY;
    if (core_set_count(&wanted) == 0) {
        findings_add(check->findings, FINDING_OK, "isolated_cores",
                     "all configured cores are isolated");
        return;
    }
    findings_add(check->findings, is_busy ? FINDING_WARN : FINDING_OK, "isolated_cores",
                 "other programs may run on core %s", core_set_text(&wanted, text, sizeof(text)));
    if (is_busy)
        findings_mend(check->findings, "add isolcpus=%s nohz_full=%s to the kernel's command line",
                      text, text);
}

void check_governor(const struct check *check)
{
    struct core_set cores, slow;
    core_set_configured(&cores, check->config);
    if (core_set_count(&cores) == 0 &&
        core_set_read(&cores, check->host, "/sys/devices/system/cpu/online"))
        core_set_clear(&cores);
    core_set_clear(&slow);
    uint32_t known = 0;
    char path[128], governor[32], found[32] = "";
    for (uint32_t core = 0; core < CORE_SET_CORES; core++) {
        if (!core_set_has(&cores, core))
            continue;
        snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
                 core);
        if (host_read(check->host, path, governor, sizeof(governor)) <= 0)
            continue;
        known++;
        if (strcmp(governor, "performance") == 0)
            continue;
        core_set_add(&slow, core);
        snprintf(found, sizeof(found), "%s", governor);
    }
    char text[CORE_SET_TEXT_BYTES];
    if (core_set_count(&slow)) {
        findings_add(check->findings, FINDING_WARN, "governor", "%s on core %s", found,
                     core_set_text(&slow, text, sizeof(text)));
        findings_mend(check->findings, "cpupower -c %s frequency-set -g performance", text);
        return;
    }
    findings_add(check->findings, FINDING_OK, "governor", "%s",
                 known ? "performance" : "the kernel does not set the speed of these cores");
}

void check_clock(const struct check *check)
{
    static const char folder[] = "/sys/devices/system/clocksource/clocksource0";
    char path[128], current[64], available[256] = "";
    snprintf(path, sizeof(path), "%s/current_clocksource", folder);
    if (host_read(check->host, path, current, sizeof(current)) <= 0) {
        findings_add(check->findings, FINDING_WARN, "clock", "the kernel does not name it");
        findings_mend(check->findings, "mount -t sysfs sysfs /sys");
        return;
    }
    /* Those that are read without a system call. */
    if (strcmp(current, "tsc") == 0 || strcmp(current, "arch_sys_counter") == 0 ||
        strcmp(current, "kvm-clock") == 0) {
        findings_add(check->findings, FINDING_OK, "clock", "%s", current);
        return;
    }
    findings_add(check->findings, FINDING_WARN, "clock", "%s: each look at it is a system call",
                 current);
    snprintf(path, sizeof(path), "%s/available_clocksource", folder);
    if (host_read(check->host, path, available, sizeof(available)) > 0 && strstr(available, "tsc"))
        findings_mend(check->findings, "echo tsc > %s/current_clocksource", folder);
    else
        findings_mend(check->findings,
                      "dmesg | grep -i tsc says why the kernel does not trust tsc");
}
