/* Looks whether a host is fit for a configuration, and how to mend what is not. */
#ifndef SCHEDULER_CHECK_CHECK_H
#define SCHEDULER_CHECK_CHECK_H

#include "scheduler/check/findings.h"
#include "scheduler/check/host.h"

struct check {
    const struct jointd_config *config;
    const struct host *host;
    struct findings *findings;
};

/* All of them, in order. 0 or -ENOMEM. Changes nothing on the host. */
int check_run(const struct check *check);

/* memory.c */
void check_memory(const struct check *check); /* memory */
void check_huge_pages(const struct check *check); /* huge_pages */
void check_transparent(const struct check *check); /* transparent_huge_pages */
void check_memlock(const struct check *check); /* memlock */
void check_nofile(const struct check *check); /* nofile */

/* cpu.c */
void check_cores(const struct check *check); /* cores */
void check_isolated(const struct check *check); /* isolated_cores */
void check_governor(const struct check *check); /* governor */
void check_clock(const struct check *check); /* clock */

/* kernel.c */
void check_kernel(const struct check *check); /* kernel */
void check_io_uring(const struct check *check); /* io_uring */

/* nic.c */
void check_nic(const struct check *check); /* nic, iommu, numa */

/* address.c */
void check_addresses(const struct check *check); /* address, public_address */
void check_ports(const struct check *check); /* ports */

/* files.c */
void check_models(const struct check *check); /* models */
void check_token(const struct check *check); /* token_file */
void check_user(const struct check *check); /* user */
void check_programs(const struct check *check); /* programs; of this host alone */

#endif
