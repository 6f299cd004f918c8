/* The host as the kernel's files describe it, read below a root folder, so that tests bring their
 * own /proc and /sys. */
#ifndef SCHEDULER_CHECK_HOST_H
#define SCHEDULER_CHECK_HOST_H

#include "scheduler/config/jointd_config.h"

#include <stddef.h>

struct host {
    int root_fd; /* owned */
    bool is_live; /* the root is "/": what the kernel answers may be asked too */
};

/* 0, or a negative errno: there is no such folder. */
int host_init(struct host *host, const char *root);
void host_fini(struct host *host); /* accepts NULL and one that a failed init left */

/* Paths begin with '/' and lie below the root; others are the caller's own. */
bool host_has(const struct host *host, const char *path);

/* At most bytes - 1 of the file, with an end, without the last line's. The length or -errno. */
long host_read(const struct host *host, const char *path, char *text, size_t bytes);

/* The whole file, which the caller frees; NULL: none, or no memory. */
char *host_text(const struct host *host, const char *path);

/* A file that holds one whole number. 0, -EINVAL, or what reading it said. */
int host_number(const struct host *host, const char *path, uint64_t *number);

/* A file that holds such as "0-3,8"; the caller frees the items. The same results. */
int host_cores(const struct host *host, const char *path, struct config_cores *cores);

/* The last part of where a link leads: of a device's driver, its name. As host_read. */
long host_link(const struct host *host, const char *path, char *text, size_t bytes);

/* The number after "name:" or "name" in a file of lines such as /proc/meminfo. */
int host_field(const struct host *host, const char *path, const char *name, uint64_t *number);

#endif
