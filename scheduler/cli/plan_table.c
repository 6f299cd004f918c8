/* `joint plan --table`: the best plans over a grid of uplinks and server loads. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/plan.h"
#include "scheduler/cli/plan_svg.h"
#include "scheduler/cli/progress.h"
#include "scheduler/cli/table.h"
#include "scheduler/profile/table_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CELL 48

static void print_load(char *text, size_t room, const struct split_table_load *load)
{
    if (load->wait_ms > 0)
        snprintf(text, room, "k %g, wait %g ms", load->k, load->wait_ms);
    else
        snprintf(text, room, "k %g", load->k);
}

static void add_place(struct table *table, const struct split_plan *plan)
{
    char segments[MAX_CELL];
    table_file_print_segments(segments, sizeof(segments), plan);
    if (strlen(segments) == sizeof(segments) - 1)
        memcpy(segments + sizeof(segments) - 4, "...", 4);
    table_add(table, "%s", plan->is_feasible ? segments : "infeasible");
}

static int report(const struct plan *plan, const struct split_table *result)
{
    struct table table;
    const size_t columns = (size_t)result->load_count + 2;
    const char **titles = calloc(columns, sizeof(*titles));
    char(*loads)[MAX_CELL] = calloc(result->load_count, sizeof(*loads));
    int err = titles && loads ? 0 : -ENOMEM;
    if (!err) {
        titles[0] = ">up Mbit/s";
        titles[1] = ">down Mbit/s";
        for (uint32_t i = 0; i < result->load_count; i++) {
            print_load(loads[i], sizeof(loads[i]), &result->loads[i]);
            titles[i + 2] = loads[i];
        }
        table_init(&table, titles, columns);
        for (uint32_t up = 0; up < result->up_count; up++) {
            table_add(&table, "%g", result->up_mbps[up]);
            table_add(&table, "%g", split_table_network(result, up).down_mbps);
            for (uint32_t load = 0; load < result->load_count; load++)
                add_place(&table, split_table_plan(result, up, load));
        }
        err = table_print(&table);
        table_fini(&table);
    }
    free(titles);
    free(loads);
    if (err)
        return command_fail("plan", COMMAND_FAILED, "out of memory for the report");
    printf("\nM: steps on the mobile, C: on the cloud; %u steps; the server's load from left to "
           "right.\n",
           plan->problem.count);
    return command_finish("plan");
}

static bool ends_in_csv(const char *path)
{
    size_t length = strlen(path);
    return length >= 4 && strcmp(path + length - 4, ".csv") == 0;
}

static int print_or_write(const struct plan *plan, const struct split_table *result)
{
    const struct plan_options *options = plan->options;
    const struct table_about about = {.model = plan->file.profile.model,
                                      .problem = &plan->problem,
                                      .goal = &options->goal,
                                      .has_radio_base = options->conditions.has_radio_base};
    struct file_error error;
    const char *path = options->output_path;
    int err = 0;
    if (path) {
        const bool is_csv = options->is_csv || (!options->is_json && ends_in_csv(path));
        if (table_file_write(path, is_csv, result, &about, &error))
            return command_fail("plan", COMMAND_FAILED, "%s", error.text);
        return COMMAND_DONE;
    }
    if (options->is_csv)
        err = table_file_print_csv(stdout, result);
    else if (options->is_json)
        err = table_file_print(stdout, result, &about);
    else
        return report(plan, result);
    return err == -ENOMEM ? command_fail("plan", COMMAND_FAILED, "out of memory for the report")
                          : command_finish("plan");
}

int plan_table(const struct plan *plan)
{
    const struct plan_options *options = plan->options;
    struct split_table result;
    struct split_error error = {{0}, {0}};
    struct progress progress;
    progress_init(&progress);
    int err =
        split_table_solve(&result, &plan->problem, plan->solver, &options->grid,
                          &options->conditions, &options->goal, progress_show, &progress, &error);
    progress_clear(&progress);
    if (err)
        return plan_fail_solving(plan, err, &error);
    int status = plan_svg_write_table(plan, &result);
    if (!status)
        status = print_or_write(plan, &result);
    split_table_fini(&result);
    return status;
}
