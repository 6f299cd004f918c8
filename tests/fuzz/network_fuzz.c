/* Fuzz target: network files and tables of plans in memory; what is read can be used. */
#include "scheduler/profile/network_file.h"
#include "scheduler/profile/table_file.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void require(int is_true)
{
    if (!is_true)
        abort();
}

static void check_error(const struct file_error *error)
{
    require(strncmp(error->text, "n: ", 3) == 0 && error->text[3] && !strchr(error->text, '\n'));
}

static void check_network(const uint8_t *bytes, size_t size)
{
    struct split_network network;
    struct file_error error = {{0}};
    if (network_file_parse(&network, "n", (const char *)bytes, size, &error)) {
        check_error(&error);
        return;
    }
    require(split_network_check(&network, NULL) == 0);
    require(split_network_up_ms(&network, 1) > 0 || network.up_mbps > 1);
    require(split_network_down_mw(&network, true) >= split_network_down_mw(&network, false));
}

/* Every plan covers the steps from 1 on without a gap, and is found where it stands. */
static void check_table(const uint8_t *bytes, size_t size)
{
    struct split_table table;
    struct file_error error = {{0}};
    if (table_file_parse(&table, "n", (const char *)bytes, size, &error)) {
        check_error(&error);
        return;
    }
    for (uint32_t up = 0; up < table.up_count; up++)
        for (uint32_t load = 0; load < table.load_count; load++) {
            const struct split_plan *plan = split_table_plan(&table, up, load);
            uint32_t next = 1;
            for (uint32_t i = 0; i < plan->part_count; i++) {
                require(plan->parts[i].first == next && plan->parts[i].last >= next);
                next = plan->parts[i].last + 1;
            }
            require(plan->is_feasible == (next > 1));
            uint32_t found_up;
            require(split_table_lookup(&table, table.up_mbps[up], &table.loads[load], &found_up,
                                       NULL) != NULL);
            require(found_up == up || table.up_mbps[up] < 1e-300 || table.up_mbps[up] > 1e300 ||
                    table.up_mbps[up] / table.up_mbps[found_up] < 1.0000001);
        }
    FILE *nowhere = fopen("/dev/null", "w");
    require(nowhere && table_file_print_csv(nowhere, &table) == 0);
    fclose(nowhere);
    split_table_fini(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    check_network(bytes, size);
    check_table(bytes, size);
    return 0;
}
