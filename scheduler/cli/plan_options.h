/* What `joint plan` is asked for: its command line as typed values. */
#ifndef SCHEDULER_CLI_PLAN_OPTIONS_H
#define SCHEDULER_CLI_PLAN_OPTIONS_H

#include "scheduler/cli/command_line.h"
#include "scheduler/plan/table.h"

enum plan_solver {
    PLAN_SOLVER_DP, /* split_solve() */
    PLAN_SOLVER_ILP,
    PLAN_SOLVER_BRUTE,
};

struct plan_options {
    const char *model_path; /* NULL: the profile alone */
    const char *profile_path;
    const char *network_name; /* 3g, 4g, wifi or a file's; default 4g */
    const char *cloud_load, *up_mbps, *loads; /* as given; NULL: not given */
    const char *output_path; /* of a table; NULL: standard output */
    const char *svg_path; /* of the picture; NULL: none */
    uint32_t mode, objective, solver; /* enum split_mode, split_objective, plan_solver */
    uint32_t radio_base; /* 0: on, 1: off */
    bool is_json, is_table, is_csv, has_fixed_down;
    struct text_list dims;
    struct split_conditions conditions;
    struct split_goal goal;
    /* The grid of a table; the arrays are owned. */
    struct split_table_grid grid;
    double *grid_up_mbps;
    struct split_table_load *grid_loads;
};

void plan_options_fini(struct plan_options *options);

/* Parses and checks the whole command line; reads the network's file, if it is one. True: go on.
 * False: return *status. The options are to be finished either way. */
bool plan_options_parse(struct plan_options *options, int argc, char **argv, int *status);

#endif
