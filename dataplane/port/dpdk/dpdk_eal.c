/* Starts and stops the EAL: without files, telemetry or threads of its own beyond the one that DPDK
 * needs for interrupts. */
#include "dataplane/port/dpdk/dpdk_port.h"

#include <errno.h>
#include <glob.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_ARGUMENTS 64
#define TEXT_BYTES 4096
#define SPARE_MIB 64

struct arguments {
    char text[TEXT_BYTES];
    size_t used;
    char *values[MAX_ARGUMENTS + 1];
    int count;
    bool is_full;
};

static void add(struct arguments *arguments, const char *value, size_t length)
{
    if (arguments->count == MAX_ARGUMENTS || length >= TEXT_BYTES - arguments->used) {
        arguments->is_full = true;
        return;
    }
    char *copy = arguments->text + arguments->used;
    memcpy(copy, value, length);
    copy[length] = 0;
    arguments->used += length + 1;
    arguments->values[arguments->count++] = copy;
}

static void add_words(struct arguments *arguments, const char *words)
{
    for (const char *at = words; *at;) {
        const size_t length = strcspn(at, " ");
        if (length)
            add(arguments, at, length);
        at += length + (at[length] == ' ');
    }
}

static void add_number(struct arguments *arguments, const char *option, uint32_t number)
{
    char text[16];
    const int length = snprintf(text, sizeof(text), "%u", number);
    add(arguments, option, strlen(option));
    add(arguments, text, (size_t)length);
}

/* Free huge pages of every size, in MiB. */
static uint64_t free_huge_mib(void)
{
    static const char where[] = "/sys/kernel/mm/hugepages/hugepages-*kB";
    glob_t found;
    if (glob(where, 0, NULL, &found) != 0)
        return 0;
    uint64_t mib = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *folder = found.gl_pathv[i];
        char path[128];
        snprintf(path, sizeof(path), "%s/free_hugepages", folder);
        FILE *file = fopen(path, "re");
        unsigned long long pages = 0;
        if (!file)
            continue;
        const int got = fscanf(file, "%llu", &pages);
        fclose(file);
        if (got == 1)
            mib += pages * strtoull(strrchr(folder, '-') + 1, NULL, 10) / 1024;
    }
    globfree(&found);
    return mib;
}

static uint32_t needed_mib(const struct dpdk_port_config *config)
{
    if (config->memory_mib)
        return config->memory_mib;
    const uint64_t frame = (config->mtu ? config->mtu : 2048) + 512u;
    const uint64_t count = (uint64_t)config->queue_count * config->receive_count +
                           (uint64_t)config->queue_count * config->send_count;
    const uint64_t mib = (count * frame >> 20) + config->queue_count * 8 + SPARE_MIB;
    return mib > INT32_MAX ? INT32_MAX : (uint32_t)mib;
}

static void add_memory(struct arguments *arguments, const struct dpdk_port_config *config)
{
    const uint32_t mib = needed_mib(config);
    const bool is_huge = config->huge_pages == DPDK_YES ||
                         (config->huge_pages == DPDK_AUTO && free_huge_mib() >= mib);
    /* Either way no files are left, and any number of processes may run. */
    add_words(arguments, is_huge ? "--in-memory" : "--no-huge --no-shconf");
    add_number(arguments, "-m", mib);
}

static void add_device(struct arguments *arguments, const struct dpdk_port_config *config)
{
    const char *device = config->device ? config->device : "net_";
    if (device[0] >= '0' && device[0] <= '9') { /* only that NIC, of all that are bound */
        add_words(arguments, "-a");
        add(arguments, device, strlen(device));
    } else {
        add_words(arguments, "--no-pci");
    }
}

static int first_cpu(const cpu_set_t *cpus)
{
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, cpus))
            return i;
    return 0;
}

int dpdk_eal_start(const struct dpdk_port_config *config)
{
    if (rte_eal_iova_mode() != RTE_IOVA_DC) /* decided when it starts */
        return 0;
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof(cpus), &cpus))
        return -errno;
    struct arguments arguments = {0};
    add_words(&arguments, "joint --no-telemetry --log-level=4");
    add_number(&arguments, "-l", (uint32_t)first_cpu(&cpus));
    add_memory(&arguments, config);
    add_device(&arguments, config);
    add_words(&arguments, config->eal_arguments ? config->eal_arguments : "");
    if (arguments.is_full)
        return -E2BIG;
    const int result = rte_eal_init(arguments.count, arguments.values);
    const int error = result < 0 ? rte_errno : 0;
    /* The EAL ties the thread that starts it to one CPU; where it runs is not ours to decide. */
    (void)sched_setaffinity(0, sizeof(cpus), &cpus);
    if (result >= 0 || error == EALREADY)
        return 0;
    return error > 0 ? -error : -EIO;
}

void dpdk_eal_stop(void)
{
    (void)rte_eal_cleanup();
}

int dpdk_port_enter(void)
{
    if (rte_lcore_id() != LCORE_ID_ANY)
        return 0;
    return rte_thread_register() == 0 ? 0 : -rte_errno;
}

void dpdk_port_leave(void)
{
    rte_thread_unregister();
}
