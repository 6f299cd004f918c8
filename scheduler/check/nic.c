/* Checks of the network device that DPDK is to drive. */
#include "scheduler/check/core_set.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PCI_DEVICES "/sys/bus/pci/devices/"

/* "0000:01:00.0"; the domain may be left out. Fills in the whole address. */
static bool read_pci_address(const char *device, char *address, size_t bytes)
{
    unsigned domain = 0, bus, slot, function;
    int length = 0;
    size_t word = strcspn(device, ","); /* options of the driver may follow */
    bool is_read =
        sscanf(device, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &length) == 4 &&
        (size_t)length == word;
    if (!is_read) {
        domain = 0;
        is_read = sscanf(device, "%2x:%2x.%1x%n", &bus, &slot, &function, &length) == 3 &&
                  (size_t)length == word;
    }
    if (is_read)
        snprintf(address, bytes, "%04x:%02x:%02x.%x", domain, bus, slot, function);
    return is_read;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static void check_iommu(const struct check *check, const char *address)
{
    char path[128], text[32] = "";
    snprintf(path, sizeof(path), PCI_DEVICES "%s/iommu_group", address);
    if (host_link(check->host, path, text, sizeof(text)) > 0) {
        findings_add(check->findings, FINDING_OK, "iommu", "%s is in group %s", address, text);
        return;
    }
    static const char no_iommu[] = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
    if (host_read(check->host, no_iommu, text, sizeof(text)) > 0 && text[0] == 'Y') {
        findings_add(check->findings, FINDING_WARN, "iommu",
                     "none: %s may write to all of the memory", address);
        findings_mend(check->findings, "switch the IOMMU on in the firmware, and add "
                                       "intel_iommu=on iommu=pt to the kernel's command line");
        return;
    }
    findings_add(check->findings, FINDING_FAIL, "iommu",
                 "none, and vfio does without only if told");
    findings_mend(check->findings,
                  "add intel_iommu=on iommu=pt to the kernel's command line, or echo Y > %s",
                  no_iommu);
}

static void check_numa(const struct check *check, const char *address)
{
    char path[128], text[16], list[CORE_SET_TEXT_BYTES], far_text[CORE_SET_TEXT_BYTES];
    snprintf(path, sizeof(path), PCI_DEVICES "%s/numa_node", address);
    uint64_t node;
    struct core_set far, near;
    core_set_configured(&far, check->config);
    if (host_read(check->host, path, text, sizeof(text)) <= 0 || text[0] == '-' ||
        host_number(check->host, path, &node) || core_set_count(&far) == 0) {
        findings_add(check->findings, FINDING_OK, "numa",
                     "the device has no node, or no cores are configured");
        return;
    }
    snprintf(path, sizeof(path), "/sys/devices/system/node/node%llu/cpulist",
             (unsigned long long)node);
    if (core_set_read(&near, check->host, path))
        core_set_clear(&near);
    core_set_remove(&far, &near);
    if (core_set_count(&far) == 0) {
        findings_add(check->findings, FINDING_OK, "numa", "all configured cores are on node %llu",
                     (unsigned long long)node);
        return;
    }
    findings_add(check->findings, FINDING_WARN, "numa", "core %s is not on the device's node %llu",
                 core_set_text(&far, far_text, sizeof(far_text)), (unsigned long long)node);
    findings_mend(check->findings, "name cores of %s in dataplane.cores and workers.cores",
                  core_set_text(&near, list, sizeof(list)));
}

static void check_pci(const struct check *check, const char *address)
{
    static const char *const user_drivers[] = {"vfio-pci", "igb_uio", "uio_pci_generic", NULL};
    /* Those that DPDK and the kernel drive together. */
    static const char *const shared_drivers[] = {"mlx4_core", "mlx5_core", "mana", NULL};
    char path[128], driver[64] = "no driver";
    snprintf(path, sizeof(path), PCI_DEVICES "%s", address);
    if (!host_has(check->host, path)) {
        findings_add(check->findings, FINDING_FAIL, "nic", "there is no device %s", address);
        findings_mend(check->findings, "dpdk-devbind.py --status-dev net lists them");
        return;
    }
    snprintf(path, sizeof(path), PCI_DEVICES "%s/driver", address);
    (void)host_link(check->host, path, driver, sizeof(driver));
    bool is_shared = is_one_of(driver, shared_drivers);
    bool is_ours = is_shared || is_one_of(driver, user_drivers);
    findings_add(check->findings, is_ours ? FINDING_OK : FINDING_FAIL, "nic", "%s has %s", address,
                 driver);
    if (!is_ours)
        findings_mend(check->findings, "modprobe vfio-pci && dpdk-devbind.py --bind=vfio-pci %s",
                      address);
    if (!is_shared)
        check_iommu(check, address);
    check_numa(check, address);
}

/* "net_af_packet0,iface=eth1": the driver's name without its number, and the value of iface. */
static void check_virtual(const struct check *check, const char *device)
{
    const char *iface = strstr(device, ",iface=");
    bool is_tap = strncmp(device, "net_tap", 7) == 0;
    if (is_tap) {
        bool has_tun = host_has(check->host, "/dev/net/tun");
        findings_add(check->findings, has_tun ? FINDING_OK : FINDING_FAIL, "nic", "%s: %s", device,
                     has_tun ? "/dev/net/tun is there" : "there is no /dev/net/tun");
        if (!has_tun)
            findings_mend(check->findings, "modprobe tun");
        return;
    }
    if (strncmp(device, "net_af_", 7) != 0) {
        findings_add(check->findings, FINDING_OK, "nic", "%s needs nothing of the host", device);
        return;
    }
    char path[128], name[32] = "";
    if (iface) {
        size_t length = strcspn(iface + 7, ",");
        snprintf(name, sizeof(name), "%.*s", length > 31 ? 31 : (int)length, iface + 7);
    }
    snprintf(path, sizeof(path), "/sys/class/net/%s", name);
    bool is_there = name[0] && !strchr(name, '/') && host_has(check->host, path);
    findings_add(check->findings, is_there ? FINDING_OK : FINDING_FAIL, "nic", "%s: %s%s", device,
                 is_there ? "there is an interface " : "there is no interface ",
                 name[0] ? name : "named by iface=");
    if (!is_there)
        findings_mend(check->findings, "ip link lists them: correct iface= in dataplane.device");
}

void check_nic(const struct check *check)
{
    const char *device = check->config->dataplane.device;
    char address[32];
    if (!jointd_config_uses_dpdk(check->config))
        findings_add(check->findings, FINDING_OK, "nic", "the kernel's: no device is configured");
    else if (read_pci_address(device, address, sizeof(address)))
        check_pci(check, address);
    else if (strncmp(device, "net_", 4) == 0)
        check_virtual(check, device);
    else {
        findings_add(check->findings, FINDING_FAIL, "nic",
                     "%s is neither a PCI address nor a virtual device", device);
        findings_mend(check->findings,
                      "dpdk-devbind.py --status-dev net lists PCI addresses; virtual ones begin "
                      "with net_");
    }
}
