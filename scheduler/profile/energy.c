/* Reads the packages' energy counters from the powercap tree. */
#include "scheduler/profile/energy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t energy_difference(uint64_t from, uint64_t to, uint64_t range)
{
    if (to >= from)
        return to - from;
    /* Once around. A counter beyond its own range was reset: what it shows is what is known. */
    return from <= range ? range - from + to : to;
}

/* The first line of an open file, which is read anew each time. 0 or a negative errno. */
static int read_line(int fd, char *text, size_t size)
{
    ssize_t bytes = pread(fd, text, size - 1, 0);
    if (bytes < 0)
        return -errno;
    text[bytes] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return 0;
}

static int read_number(int fd, uint64_t *number)
{
    char text[32];
    int err = read_line(fd, text, sizeof(text));
    if (err)
        return err;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || text[0] < '0' || text[0] > '9' || *end)
        return -EINVAL;
    *number = value;
    return 0;
}

static int open_file(const char *root, const char *domain, const char *name)
{
    char path[512];
    int length = snprintf(path, sizeof(path), "%s/%s/%s", root, domain, name);
    if (length < 0 || (size_t)length >= sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static bool is_package(const char *root, const char *domain)
{
    char name[32] = "";
    int fd = open_file(root, domain, "name");
    if (fd < 0)
        return false;
    int err = read_line(fd, name, sizeof(name));
    close(fd);
    return !err && strncmp(name, "package", 7) == 0;
}

static int add_package(struct energy_meter *meter, const char *root, const char *domain)
{
    struct energy_package package = {0};
    int fd = open_file(root, domain, "max_energy_range_uj");
    if (fd < 0)
        return fd;
    int err = read_number(fd, &package.range_uj);
    close(fd);
    if (err)
        return err;
    package.fd = open_file(root, domain, "energy_uj");
    if (package.fd < 0)
        return package.fd;
    err = read_number(package.fd, &package.last_uj);
    if (err) {
        close(package.fd);
        return err;
    }
    meter->packages[meter->package_count++] = package;
    return 0;
}

int energy_meter_open(struct energy_meter *meter, const char *root)
{
    *meter = (struct energy_meter){0};
    DIR *folder = opendir(root);
    if (!folder)
        return -errno;
    int err = 0;
    for (struct dirent *entry; !err && (entry = readdir(folder));) {
        /* The same package may stand there twice: by model-specific registers and by mmio. */
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, "intel-rapl-mmio", 15) == 0 ||
            meter->package_count == ENERGY_MAX_PACKAGES)
            continue;
        if (is_package(root, entry->d_name))
            err = add_package(meter, root, entry->d_name);
    }
    closedir(folder);
    if (!err && !meter->package_count)
        err = -ENOENT;
    if (err)
        energy_meter_close(meter);
    return err == -EPERM ? -EACCES : err;
}

void energy_meter_close(struct energy_meter *meter)
{
    if (!meter)
        return;
    for (uint32_t i = 0; i < meter->package_count; i++)
        close(meter->packages[i].fd);
    *meter = (struct energy_meter){0};
}

int energy_meter_read(struct energy_meter *meter)
{
    for (uint32_t i = 0; i < meter->package_count; i++) {
        struct energy_package *package = &meter->packages[i];
        uint64_t now_uj;
        int err = read_number(package->fd, &now_uj);
        if (err)
            return err;
        meter->joules +=
            (double)energy_difference(package->last_uj, now_uj, package->range_uj) / 1e6;
        package->last_uj = now_uj;
    }
    return 0;
}
