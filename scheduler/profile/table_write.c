/* Writes tables of plans, as JSON and as CSV. */
#include "scheduler/profile/json_print.h"
#include "scheduler/profile/plan_json.h"
#include "scheduler/profile/table_file.h"
#include "scheduler/profile/text_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 12

static json_t *bound(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *describe_network(const struct split_network *network)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "up_mbps", network->up_mbps, "down_mbps",
                     network->down_mbps, "rtt_ms", network->rtt_ms, "alpha_up_mw_per_mbps",
                     network->alpha_up_mw_per_mbps, "alpha_down_mw_per_mbps",
                     network->alpha_down_mw_per_mbps, "beta_mw", network->beta_mw);
}

static json_t *describe_plan(const struct split_table *table, const struct table_about *about,
                             uint32_t up, uint32_t load)
{
    const struct split_plan *plan = split_table_plan(table, up, load);
    json_t *json =
        json_pack("{s:f, s:f, s:f, s:f, s:b, s:o, s:o}", "up_mbps", table->up_mbps[up], "down_mbps",
                  split_table_network(table, up).down_mbps, "wait_ms", table->loads[load].wait_ms,
                  "k", table->loads[load].k, "feasible", plan->is_feasible, "segments",
                  plan_json_segments(plan), "blocks", plan_json_blocks(about->problem, plan));
    if (!json)
        return NULL;
    plan_json_set_totals(json, plan);
    json_object_set_new(json, "mobile_only", plan_json_alone(&plan->mobile_only));
    json_object_set_new(json, "cloud_only", plan_json_alone(&plan->cloud_only));
    return json;
}

static json_t *describe_head(const struct split_table *table, const struct table_about *about)
{
    const struct split_goal *goal = about->goal;
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:b, s:o, s:o, s:o, s:o, s:b}", "schema", TABLE_FILE_SCHEMA, "mode",
        about->problem->mode == SPLIT_TRAINING ? "training" : "inference", "objective",
        goal->objective == SPLIT_ENERGY ? "energy" : "latency", "steps",
        (json_int_t)about->problem->count, "radio_base", about->has_radio_base, "max_latency_ms",
        bound(goal->max_latency_ms), "max_energy_mj", bound(goal->max_energy_mj), "max_cloud_ms",
        bound(goal->max_cloud_ms), "network", describe_network(&table->network), "fixed_down",
        table->has_fixed_down);
}

/* Prints json, without what closes it if it is to stay open. */
static int print_json(FILE *stream, json_t *json, bool stays_open)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS)) : NULL;
    json_decref(json);
    if (!text)
        return -ENOMEM;
    size_t length = strlen(text) - stays_open;
    fwrite(text, 1, length, stream);
    free(text);
    return 0;
}

int table_file_print(FILE *stream, const struct split_table *table, const struct table_about *about)
{
    int err = print_json(stream, describe_head(table, about), true);
    if (err)
        return err;
    if (about->model) {
        fputs(",\n \"model\":", stream);
        json_print_text(stream, about->model);
    }
    fputs(",\n \"plans\":[", stream);
    const char *between = "\n";
    for (uint32_t up = 0; !err && up < table->up_count; up++)
        for (uint32_t load = 0; !err && load < table->load_count; load++) {
            fputs(between, stream);
            err = print_json(stream, describe_plan(table, about, up, load), false);
            between = ",\n";
        }
    fputs("]}\n", stream);
    return err ? err : ferror(stream) ? -EIO : 0;
}

void table_file_print_segments(char *text, size_t room, const struct split_plan *plan)
{
    size_t length = 0;
    snprintf(text, room, "-");
    for (uint32_t i = 0, next; i < plan->part_count && length < room; i = next) {
        for (next = i + 1; next < plan->part_count; next++)
            if (plan->parts[next].side != plan->parts[i].side)
                break;
        const uint32_t first = plan->parts[i].first, last = plan->parts[next - 1].last;
        int more = snprintf(text + length, room - length, "%s%c%u", i ? " " : "",
                            plan->parts[i].side == SPLIT_MOBILE ? 'M' : 'C', first);
        if (more > 0 && first < last && length + (size_t)more < room)
            more += snprintf(text + length + more, room - length - (size_t)more, "-%u", last);
        length += more > 0 ? (size_t)more : 0;
    }
}

static int print_csv_line(FILE *stream, const struct split_table *table, uint32_t up, uint32_t load)
{
    const struct split_plan *plan = split_table_plan(table, up, load);
    const struct split_totals *totals = &plan->totals;
    const size_t room = (size_t)plan->part_count * 24 + 2;
    char *segments = malloc(room);
    if (!segments)
        return -ENOMEM;
    table_file_print_segments(segments, room, plan);
    fprintf(stream, "%.*g,%.*g,%.*g,%.*g,%d,%s", DIGITS, table->up_mbps[up], DIGITS,
            split_table_network(table, up).down_mbps, DIGITS, table->loads[load].wait_ms, DIGITS,
            table->loads[load].k, plan->is_feasible, segments);
    free(segments);
    if (plan->is_feasible)
        fprintf(stream, ",%.*g,%.*g,%.*g,%.*g,%.*g,%u", DIGITS, totals->latency_ms, DIGITS,
                totals->energy_mj, DIGITS, totals->cloud_ms, DIGITS, totals->upload_bytes, DIGITS,
                totals->download_bytes, totals->transfers);
    else
        fputs(",,,,,,", stream);
    fprintf(stream, ",%.*g,%.*g,%.*g,%.*g\n", DIGITS, plan->mobile_only.latency_ms, DIGITS,
            plan->mobile_only.energy_mj, DIGITS, plan->cloud_only.latency_ms, DIGITS,
            plan->cloud_only.energy_mj);
    return 0;
}

int table_file_print_csv(FILE *stream, const struct split_table *table)
{
    int err = 0;
    fputs("up_mbps,down_mbps,wait_ms,k,feasible,segments,latency_ms,energy_mj,cloud_ms,"
          "upload_bytes,download_bytes,transfers,mobile_only_latency_ms,mobile_only_energy_mj,"
          "cloud_only_latency_ms,cloud_only_energy_mj\n",
          stream);
    for (uint32_t up = 0; !err && up < table->up_count; up++)
        for (uint32_t load = 0; !err && load < table->load_count; load++)
            err = print_csv_line(stream, table, up, load);
    return err ? err : ferror(stream) ? -EIO : 0;
}

int table_file_write(const char *path, bool is_csv, const struct split_table *table,
                     const struct table_about *about, struct file_error *error)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    int err = -ENOMEM;
    if (stream)
        err = is_csv ? table_file_print_csv(stream, table) : table_file_print(stream, table, about);
    if (stream && fclose(stream) && !err)
        err = -ENOMEM;
    err = err ? file_error_set(error, -ENOMEM, path, "out of memory")
              : text_file_replace(path, bytes, size, error);
    free(bytes);
    return err;
}
