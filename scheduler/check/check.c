/* The list of checks. */
#include "scheduler/check/check.h"

int check_run(const struct check *check)
{
    static void (*const checks[])(const struct check *) = {
        check_kernel,   check_memory, check_huge_pages, check_transparent, check_memlock,
        check_nofile,   check_cores,  check_isolated,   check_governor,    check_clock,
        check_io_uring, check_nic,    check_addresses,  check_ports,       check_models,
        check_token,    check_user,   check_programs,
    };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        checks[i](check);
    return check->findings->error;
}
