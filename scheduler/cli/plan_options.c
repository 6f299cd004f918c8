/* The options of `joint plan`, checked against each other. */
#include "scheduler/cli/plan_options.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/plan_grid.h"
#include "scheduler/profile/network_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Finds the best split of a network between this device (the mobile) and a server (the cloud):\n"
    "which layers run where, so that the result is there soonest, or the mobile spends the least\n"
    "energy, within the bounds given. P.json says what each layer costs on each side; 'joint\n"
    "profile' measures it. With MODEL.onnx it is checked that the profile is that model's.";

static const char notes[] =
    "A plan that meets the bounds need not exist: then the report says so, and how near the "
    "bounds\n"
    "are to what is possible; the exit status is 0, as for every answer.\n\n"
    "JSON: feasible, mode, objective, placement (the side of each step), segments (neighbouring\n"
    "steps on one side), blocks (steps that run as one fused group), latency_ms, energy_mj,\n"
    "cloud_ms (the server's own time), upload_bytes, download_bytes (with weight_bytes),\n"
    "transfers, mobile_only, cloud_only, nearest (only where infeasible), conditions, solver,\n"
    "solve_us. Steps are layers; in training step n + r is the backward pass of layer n + 1 - "
    "r.\n\n"
    "examples:\n"
    "  joint plan --profile alexnet.json\n"
    "  joint plan --profile alexnet.json --network wifi --objective energy --max-latency-ms 50\n"
    "  joint plan --profile alexnet.json --cloud-load wait_ms=5,k=2 --json\n"
    "  joint plan --profile alexnet.json --table --loads 1,2,4 -o plans.csv\n"
    "  joint plan --profile alexnet.json --network wifi --svg plan.svg";

static void add_what(struct plan_options *options, struct command_line *line)
{
    command_line_add(line, (struct option){"profile", "P.json", "what each layer costs",
                                           OPTION_TEXT, &options->profile_path, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"network", "3g|4g|wifi|FILE",
                                     "the radio link: one that the paper measured, or a file\n"
                                     "(default 4g)",
                                     OPTION_TEXT, &options->network_name, 0, 0, NULL});
    command_line_add(line, (struct option){"objective", "latency|energy",
                                           "what to make least (default latency)", OPTION_CHOICE,
                                           &options->objective, 0, 0, NULL});
    command_line_add(line, (struct option){"mode", "inference|training",
                                           "one inference or one training step\n"
                                           "(default inference)",
                                           OPTION_CHOICE, &options->mode, 0, 0, NULL});
    command_line_add(line, (struct option){"max-latency-ms", "X", "at most so long", OPTION_NUMBER,
                                           &options->goal.max_latency_ms, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"max-energy-mj", "X", "at most so much of the battery",
                                     OPTION_NUMBER, &options->goal.max_energy_mj, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"max-cloud-ms", "X", "at most so much of the server's time",
                                     OPTION_NUMBER, &options->goal.max_cloud_ms, 0, 0, NULL});
    command_line_add(line, (struct option){"cloud-load", "wait_ms=W,k=K",
                                           "the server's load: a wait at each entry, and how many\n"
                                           "times as long as profiled it takes (default 0 and 1)",
                                           OPTION_TEXT, &options->cloud_load, 0, 0, NULL});
}

static void add_how(struct plan_options *options, struct command_line *line)
{
    command_line_add(line, (struct option){"radio-base", "on|off",
                                           "count the radio's base power (default on; the paper's\n"
                                           "printed energies leave it out)",
                                           OPTION_CHOICE, &options->radio_base, 0, 0, NULL});
    command_line_add(line, (struct option){"epsilon", "E",
                                           "accept an objective up to 1 + E times the least, for\n"
                                           "problems too large to solve exactly (default 0)",
                                           OPTION_NUMBER, &options->goal.epsilon, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"solver", "dp|ilp|brute",
                                     "dp: exact and fast (default); ilp: the paper's integer\n"
                                     "program, where built in; brute: every plan, up to 20 "
                                     "steps",
                                     OPTION_CHOICE, &options->solver, 0, 0, NULL});
    command_line_add(line, (struct option){"json", NULL, "print JSON instead of a table",
                                           OPTION_FLAG, &options->is_json, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"svg", "FILE",
                                     "draw it too: the plan's timeline; with --table the map of\n"
                                     "the best plans over uplink and load",
                                     OPTION_TEXT, &options->svg_path, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"dim", "SYMBOL=N",
                                     "the size of an open dimension of MODEL.onnx other than\n"
                                     "the batch; may be repeated",
                                     OPTION_LIST, &options->dims, 0, 0, NULL});
}

static void add_table(struct plan_options *options, struct command_line *line)
{
    command_line_add(line,
                     (struct option){"table", NULL,
                                     "the best plan for each of many uplinks and loads, to be\n"
                                     "looked up later",
                                     OPTION_FLAG, &options->is_table, 0, 0, NULL});
    command_line_add(line, (struct option){"up-mbps", "LIST",
                                           "the table's uplinks: 1,5,20 or LOW:HIGH:COUNT\n"
                                           "(default 0.25:128:19)",
                                           OPTION_TEXT, &options->up_mbps, 0, 0, NULL});
    command_line_add(line, (struct option){"loads", "LIST",
                                           "the table's loads: k, or k+wait_ms, such as 1,2,4+20\n"
                                           "(default 1,2,4,8)",
                                           OPTION_TEXT, &options->loads, 0, 0, NULL});
    command_line_add(line, (struct option){"fixed-down", NULL,
                                           "keep the downlink of --network; else it scales with\n"
                                           "the uplink",
                                           OPTION_FLAG, &options->has_fixed_down, 0, 0, NULL});
    command_line_add(line, (struct option){"csv", NULL, "the table as CSV", OPTION_FLAG,
                                           &options->is_csv, 0, 0, NULL});
    command_line_add(line, (struct option){"output", "FILE",
                                           "write the table there: CSV with --csv or to a name\n"
                                           "that ends in .csv, else JSON",
                                           OPTION_TEXT, &options->output_path, 0, 0, NULL});
}

static int check_together(const struct plan_options *options)
{
    if (!options->profile_path)
        return command_fail(
            "plan", COMMAND_MISUSED,
            "--profile P.json is missing; 'joint profile MODEL.onnx -o P.json' makes one");
    const char *of_tables = options->up_mbps          ? "--up-mbps"
                            : options->loads          ? "--loads"
                            : options->has_fixed_down ? "--fixed-down"
                            : options->is_csv         ? "--csv"
                            : options->output_path    ? "--output"
                                                      : NULL;
    if (of_tables && !options->is_table)
        return command_fail("plan", COMMAND_MISUSED, "%s is for tables; give --table too",
                            of_tables);
    if (options->is_table && options->cloud_load)
        return command_fail("plan", COMMAND_MISUSED,
                            "--cloud-load is for one plan; a table's loads are given by --loads");
    if (options->is_table && options->solver != PLAN_SOLVER_DP)
        return command_fail("plan", COMMAND_MISUSED, "a table is solved by --solver dp alone");
    if (options->svg_path && options->output_path &&
        strcmp(options->svg_path, options->output_path) == 0)
        return command_fail("plan", COMMAND_MISUSED, "--svg and --output: give two files");
    if (options->is_csv && options->is_json)
        return command_fail("plan", COMMAND_MISUSED, "--csv and --json: give one of them");
    return COMMAND_DONE;
}

/* A name of the paper's, or a file. */
static int find_network(const char *name, struct split_network *network)
{
    const struct split_network *named = split_network_named(name);
    if (named) {
        *network = *named;
        return COMMAND_DONE;
    }
    struct file_error error;
    int err = network_file_read(network, name, &error);
    if (err == -ENOENT)
        return command_fail("plan", COMMAND_FAILED,
                            "--network %s: neither 3g, 4g or wifi nor a file that is there", name);
    return err ? command_fail("plan", COMMAND_FAILED, "%s", error.text) : COMMAND_DONE;
}

static int find_grid(struct plan_options *options)
{
    struct split_table_grid *grid = &options->grid;
    int status = plan_grid_parse_up(options->up_mbps ? options->up_mbps : "0.25:128:19",
                                    &options->grid_up_mbps, &grid->up_count);
    if (!status)
        status = plan_grid_parse_loads(options->loads ? options->loads : "1,2,4,8",
                                       &options->grid_loads, &grid->load_count);
    grid->up_mbps = options->grid_up_mbps;
    grid->loads = options->grid_loads;
    grid->has_fixed_down = options->has_fixed_down;
    return status;
}

void plan_options_fini(struct plan_options *options)
{
    text_list_fini(&options->dims);
    free(options->grid_up_mbps);
    free(options->grid_loads);
}

bool plan_options_parse(struct plan_options *options, int argc, char **argv, int *status)
{
    *options = (struct plan_options){.network_name = "4g"};
    struct command_line line = {.command = "plan",
                                .usage = "[MODEL.onnx] --profile P.json [options]",
                                .about = about,
                                .notes = notes,
                                .operand_name = "MODEL.onnx",
                                .is_operand_optional = true,
                                .operand = &options->model_path};
    split_goal_default(&options->goal);
    add_what(options, &line);
    add_how(options, &line);
    add_table(options, &line);
    if (!command_line_parse(&line, argc, argv, status))
        return false;
    struct split_network network;
    *status = check_together(options);
    if (!*status)
        *status = find_network(options->network_name, &network);
    if (*status)
        return false;
    split_conditions_default(&options->conditions, &network);
    options->conditions.has_radio_base = options->radio_base == 0;
    options->goal.objective = options->objective;
    if (options->cloud_load)
        *status = plan_grid_parse_load(options->cloud_load, &options->conditions.load);
    if (!*status && options->is_table)
        *status = find_grid(options);
    return !*status;
}
