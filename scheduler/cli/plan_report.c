/* The report of `joint plan` for people: the plan as it happens, and what it is better than. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/plan.h"
#include "scheduler/cli/plan_names.h"
#include "scheduler/cli/table.h"
#include "scheduler/plan/timeline.h"

#include <math.h>
#include <stdio.h>

/* Two decimals, or two digits of a small number. */
static void add_number(struct table *table, double value)
{
    if (value > 0 && value < 0.095)
        table_add(table, "%.2g", value);
    else
        table_add(table, "%.2f", value);
}

static void add_blanks(struct table *table, int count)
{
    for (int i = 0; i < count; i++)
        table_add(table, "%s", "");
}

static void add_crossing(struct table *table, const struct split_crossing *crossing, bool is_up)
{
    table_add(table, "%s", is_up ? "  upload" : "  download");
    table_add(table, "%s",
              crossing->weight_bytes <= 0                ? ""
              : crossing->weight_bytes < crossing->bytes ? "with trained weights"
                                                         : "trained weights");
    add_blanks(table, 1);
    table_add(table, "%.0f", crossing->bytes);
    add_number(table, crossing->transfer_ms + crossing->round_trip_ms);
    add_number(table, crossing->transfer_mj);
    if (crossing->wait_ms > 0) {
        table_add(table, "  wait");
        table_add(table, "for the server");
        add_blanks(table, 2);
        add_number(table, crossing->wait_ms);
        add_blanks(table, 1);
    }
}

static void add_segment(struct table *table, const struct plan *plan,
                        const struct split_segment *segment)
{
    char names[320];
    const bool is_mobile = segment->side == SPLIT_MOBILE;
    plan_names_print(names, sizeof(names), &plan->file.profile, segment->first, segment->last);
    table_add(table, "%s", is_mobile ? "mobile" : "cloud");
    table_add(table, "%s", names);
    table_add(table, "%u", segment->last - segment->first + 1);
    add_blanks(table, 1);
    add_number(table, segment->compute_ms);
    if (is_mobile)
        add_number(table, segment->compute_mj);
    else
        add_blanks(table, 1);
}

/* Prints and releases. */
static int finish_table(struct table *table)
{
    int err = table_print(table);
    table_fini(table);
    return err ? command_fail("plan", COMMAND_FAILED, "out of memory for the report")
               : COMMAND_DONE;
}

static int report_timeline(const struct plan *plan, const struct split_plan *split)
{
    static const char *const titles[] = {"where", "layers", ">steps", ">bytes", ">ms", ">mJ"};
    struct split_timeline timeline;
    if (split_timeline_init(&timeline, &plan->problem, &plan->options->conditions, split->parts,
                            split->part_count))
        return command_fail("plan", COMMAND_FAILED, "out of memory for the report");
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    enum split_side side = SPLIT_MOBILE;
    for (uint32_t i = 0; i < timeline.segment_count; i++) {
        const struct split_segment *segment = &timeline.segments[i];
        if (segment->side != side)
            add_crossing(&table, &segment->entry, segment->side == SPLIT_CLOUD);
        side = segment->side;
        add_segment(&table, plan, segment);
    }
    if (side == SPLIT_CLOUD)
        add_crossing(&table, &timeline.exit, false);
    split_timeline_fini(&timeline);
    return finish_table(&table);
}

static void add_totals(struct table *table, const char *name, const struct split_totals *totals,
                       bool is_complete)
{
    table_add(table, "%s", name);
    add_number(table, totals->latency_ms);
    add_number(table, totals->energy_mj);
    if (is_complete) {
        add_number(table, totals->cloud_ms);
        table_add(table, "%.0f", totals->upload_bytes);
        table_add(table, "%.0f", totals->download_bytes);
        table_add(table, "%u", totals->transfers);
    } else {
        add_blanks(table, 4);
    }
}

static int report_totals(const struct split_plan *split)
{
    static const char *const titles[] = {"",        ">latency ms", ">energy mJ", ">cloud ms",
                                         ">upload", ">download",   ">transfers"};
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    if (split->is_feasible)
        add_totals(&table, "this plan", &split->totals, true);
    add_totals(&table, "mobile only", &split->mobile_only, false);
    add_totals(&table, "cloud only", &split->cloud_only, false);
    return finish_table(&table);
}

static void report_gain(const struct plan *plan, const struct split_plan *split)
{
    const bool is_energy = plan->options->objective == SPLIT_ENERGY;
    const double mobile = is_energy ? split->mobile_only.energy_mj : split->mobile_only.latency_ms;
    const double cloud = is_energy ? split->cloud_only.energy_mj : split->cloud_only.latency_ms;
    const double best = mobile <= cloud ? mobile : cloud;
    const double value = is_energy ? split->totals.energy_mj : split->totals.latency_ms;
    const char *other = mobile <= cloud ? "mobile only" : "cloud only";
    if (value > 0 && best / value >= 1.005)
        printf("\n%.2f times %s than %s.\n", best / value, is_energy ? "less energy" : "faster",
               other);
    else if (best / value > 0.995)
        printf("\nAs %s as %s.\n", is_energy ? "little energy" : "fast", other);
    else
        printf("\nThe bounds cost %.2f times the %s of %s.\n", value / best,
               is_energy ? "energy" : "latency", other);
}

static void report_blocks(const struct plan *plan, const struct split_plan *split)
{
    const char *before = "Fused blocks: ";
    for (uint32_t i = 0; i < split->part_count; i++) {
        const struct split_part *part = &split->parts[i];
        if (part->first == part->last ||
            !split_problem_group(&plan->problem, part->first, part->last))
            continue;
        printf("%s%u-%u", before, part->first, part->last);
        before = ", ";
    }
    if (*before == ',')
        puts(".");
}

/* Where the model itself is to be cut, in the numbers of `joint cuts`. */
static void report_cuts(const struct plan *plan, const struct split_plan *split)
{
    const struct profile_about *about = &plan->file.about;
    const char *before = "Cuts of the model: ";
    for (uint32_t i = 1; i < split->part_count && split->parts[i].last <= plan->problem.layer_count;
         i++)
        for (uint32_t cut = 0;
             split->parts[i].side != split->parts[i - 1].side && cut < about->cut_count; cut++)
            if (about->cut_layers[cut] + 1 == split->parts[i].first) {
                printf("%s%u", before, cut);
                before = ", ";
            }
    if (*before == ',')
        puts(".");
}

static void report_bound(const char *option, const char *unit, double bound,
                         const struct split_nearest *nearest, bool has_others)
{
    if (!isfinite(bound))
        return;
    printf("  --%s %g: ", option, bound);
    if (isfinite(nearest->alone))
        printf("the least possible is %.10g %s", nearest->alone, unit);
    else
        printf("no value would do");
    if (has_others && isfinite(nearest->beside_others))
        printf(", beside the other bounds %.10g %s", nearest->beside_others, unit);
    else if (has_others)
        printf("; beside the other bounds no value would do");
    puts("");
}

static void report_infeasible(const struct plan *plan, const struct split_plan *split)
{
    const struct split_goal *goal = &plan->options->goal;
    const int bounds = (isfinite(goal->max_latency_ms) ? 1 : 0) +
                       (isfinite(goal->max_energy_mj) ? 1 : 0) +
                       (isfinite(goal->max_cloud_ms) ? 1 : 0);
    puts("Infeasible: no plan meets the bounds.");
    report_bound("max-latency-ms", "ms", goal->max_latency_ms, &split->latency_ms, bounds > 1);
    report_bound("max-energy-mj", "mJ", goal->max_energy_mj, &split->energy_mj, bounds > 1);
    report_bound("max-cloud-ms", "ms", goal->max_cloud_ms, &split->cloud_ms, bounds > 1);
    puts("");
}

/* Text of a file on the terminal: no control codes, and an end. */
static void print_text(const char *text)
{
    for (int i = 0; text[i] && i < 100; i++)
        putchar((unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i]);
}

static void report_source(const char *name, const char *text)
{
    if (!text || !*text)
        return;
    fputs(name, stdout);
    print_text(text);
    putchar('\n');
}

static void report_head(const struct plan *plan)
{
    const struct plan_options *options = plan->options;
    const struct split_conditions *conditions = &options->conditions;
    const struct profile_about *about = &plan->file.about;
    const char *model = plan->file.profile.model;
    print_text(model && *model ? model : options->profile_path);
    printf(", %u layers, %s, for the least %s\n", plan->problem.layer_count,
           options->mode == SPLIT_TRAINING ? "a training step" : "inference",
           options->objective == SPLIT_ENERGY ? "energy" : "latency");
    report_source("mobile:  ", about->device);
    report_source("energy:  ", about->energy_source);
    report_source("cloud:   ", about->cloud_device);
    printf("server:  %g ms of wait, times of the profile x %g\n", conditions->load.wait_ms,
           conditions->load.k);
    printf("network: %s, %g Mbit/s up, %g Mbit/s down, round trip %g ms%s\n\n",
           options->network_name, conditions->network.up_mbps, conditions->network.down_mbps,
           conditions->network.rtt_ms,
           conditions->has_radio_base ? "" : ", without the radio's base power");
}

int plan_report_table(const struct plan *plan, const struct plan_result *result)
{
    const struct split_plan *split = &result->plan;
    int status = COMMAND_DONE;
    report_head(plan);
    if (split->is_feasible) {
        status = report_timeline(plan, split);
        puts("");
    } else {
        report_infeasible(plan, split);
    }
    if (!status)
        status = report_totals(split);
    if (status)
        return status;
    if (split->is_feasible) {
        report_gain(plan, split);
        report_blocks(plan, split);
        report_cuts(plan, split);
    }
    const char *note = plan_note(plan);
    if (note)
        printf("%s%s\n", split->is_feasible ? "" : "\n", note);
    printf("%sSolved by %s in %.1f us.\n", split->is_feasible || note ? "" : "\n", split->solver,
           result->solve_us);
    return command_finish("plan");
}
