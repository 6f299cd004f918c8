/* The report of `joint infer`: what each call cost, and where it ran. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/infer.h"
#include "scheduler/cli/infer_explain.h"
#include "scheduler/cli/report.h"
#include "scheduler/cli/stopwatch.h"
#include "scheduler/cli/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

/* "server", "device", or "device: overloaded". */
static const char *where(const struct joint_report *report, char *text, size_t room)
{
    if (report->is_on_server)
        snprintf(text, room, "server");
    else if (report->reason == JOINT_REJECTED)
        snprintf(text, room, "device: %s", joint_reject_text(report->reject));
    else if (report->reason != JOINT_AS_PLANNED)
        snprintf(text, room, "device: %s", joint_reason_text(report->reason));
    else
        snprintf(text, room, "device");
    return text;
}

static const char *split(const struct joint_report *report, char *text, size_t room)
{
    if (report->from == report->to)
        snprintf(text, room, "-");
    else
        snprintf(text, room, "%" PRIu32 "-%" PRIu32, report->from, report->to);
    return text;
}

static int print_table(const struct joint_report *reports, uint32_t count)
{
    static const char *const titles[] = {">call",  ">rows",     ">cuts",    "ran on",   ">before",
                                         ">up",    ">queue",    ">compute", ">down",    ">in vain",
                                         ">after", ">total ms", ">KB up",   ">KB down", ">batch"};
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    for (uint32_t i = 0; i < count; i++) {
        const struct joint_report *report = &reports[i];
        const uint64_t times_ns[] = {report->before_ns,  report->uplink_ns,   report->queue_ns,
                                     report->compute_ns, report->downlink_ns, report->vain_ns,
                                     report->after_ns,   report->total_ns};
        char text[64];
        table_add(&table, "%" PRIu32, i + 1);
        table_add(&table, "%" PRIu32, report->rows);
        table_add(&table, "%s", split(report, text, sizeof(text)));
        table_add(&table, "%s%s", where(report, text, sizeof(text)),
                  report->is_late ? ", late" : "");
        for (size_t t = 0; t < sizeof(times_ns) / sizeof(times_ns[0]); t++)
            table_add(&table, times_ns[t] > 0 ? "%.2f" : "-", ms(times_ns[t]));
        table_add(&table, "%.1f", (double)report->up_bytes / 1e3);
        table_add(&table, "%.1f", (double)report->down_bytes / 1e3);
        table_add(&table, report->batch > 0 ? "%" PRIu32 : "-", report->batch);
    }
    int err = table_print(&table);
    table_fini(&table);
    return err;
}

static json_t *load_json(const struct joint_report *report)
{
    static const char *const states[] = {"ready", "degraded", "overloaded", "draining", "loading"};
    const struct joint_load *load = &report->load;
    if (!report->has_load)
        return json_null();
    return json_pack("{s:s, s:f, s:f, s:I, s:f, s:I, s:f}", "state",
                     load->state < 5 ? states[load->state] : "unknown", "predicted_wait_ms",
                     load->predicted_wait_us / 1e3, "utilization", load->utilization_permille / 1e3,
                     "queued", (json_int_t)load->queued, "age_ms", load->age_us / 1e3, "credits",
                     (json_int_t)load->credits, "switch_gain", load->switch_gain);
}

static json_t *call_json(const struct joint_report *report)
{
    json_t *json = json_pack(
        "{s:I, s:I, s:I, s:s, s:s, s:b, s:I, s:I, s:I, s:I}", "rows", (json_int_t)report->rows,
        "from", (json_int_t)report->from, "to", (json_int_t)report->to, "ran_on",
        report->is_on_server ? "server" : "device", "reason", joint_reason_text(report->reason),
        "late", (int)report->is_late, "server", (json_int_t)report->server, "batch",
        (json_int_t)report->batch, "up_bytes", (json_int_t)report->up_bytes, "down_bytes",
        (json_int_t)report->down_bytes);
    json_t *times =
        json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "wait_ms", ms(report->wait_ns),
                  "before_ms", ms(report->before_ns), "uplink_ms", ms(report->uplink_ns),
                  "queue_ms", ms(report->queue_ns), "compute_ms", ms(report->compute_ns),
                  "downlink_ms", ms(report->downlink_ns), "vain_ms", ms(report->vain_ns),
                  "after_ms", ms(report->after_ns), "total_ms", ms(report->total_ns));
    json_object_update(json, times);
    json_decref(times);
    json_object_set_new(json, "reject",
                        report->reason == JOINT_REJECTED
                            ? json_string(joint_reject_text(report->reject))
                            : json_null());
    json_object_set_new(json, "planned_ms",
                        report->planned_ms > 0 ? json_real(report->planned_ms) : json_null());
    json_object_set_new(json, "why", json_string(joint_why_text(report->why)));
    json_object_set_new(json, "load", load_json(report));
    return json;
}

static int print_json(const struct infer_options *options, const struct joint_report *reports,
                      uint32_t count, double median_ms, uint32_t there,
                      const struct infer_explanation *why)
{
    json_t *calls = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(calls, call_json(&reports[i]));
    json_t *json = json_pack("{s:o, s:s, s:I, s:I, s:f, s:o}", "model", report_text(options->model),
                             "split", options->split, "on_server", (json_int_t)there, "on_device",
                             (json_int_t)(count - there), "median_ms", median_ms, "calls", calls);
    if (json && why)
        json_object_set_new(json, "explanation", infer_explanation_json(why));
    return report_json_print("infer", json);
}

int infer_report_each(const struct infer_options *options, const struct joint_report *report)
{
    char cuts[64], place[64];
    if (!options->is_json) {
        printf("%s on the %s%s, %.2f ms (%s)\n",
               report->from == report->to ? "all" : split(report, cuts, sizeof(cuts)),
               where(report, place, sizeof(place)), report->is_late ? ", late" : "",
               ms(report->total_ns), joint_why_text(report->why));
        fflush(stdout);
        return COMMAND_DONE;
    }
    json_t *json = call_json(report);
    int err = !json || json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(json);
    if (err || putchar('\n') == EOF || fflush(stdout))
        return command_fail("infer", COMMAND_FAILED, "cannot write a call");
    return COMMAND_DONE;
}

int infer_report(const struct infer_options *options, const struct joint_report *reports,
                 uint32_t count, const struct infer_explanation *why)
{
    uint64_t *times_ns = calloc(count, sizeof(*times_ns));
    uint32_t there = 0;
    if (!times_ns)
        return command_fail("infer", COMMAND_FAILED, "out of memory");
    for (uint32_t i = 0; i < count; i++) {
        times_ns[i] = reports[i].total_ns;
        there += reports[i].is_on_server;
    }
    double median_ms = stopwatch_median_ms(times_ns, count);
    free(times_ns);
    if (options->is_json)
        return options->prints_each && !why
                   ? command_finish("infer")
                   : print_json(options, reports, count, median_ms, there, why);
    if (!options->prints_each && print_table(reports, count))
        return command_fail("infer", COMMAND_FAILED, "out of memory");
    if (count > 1)
        printf("\n%" PRIu32 " calls, %" PRIu32 " on the server, %" PRIu32
               " on this device; median %.2f ms\n",
               count, there, count - there, median_ms);
    if (why && infer_explanation_print(why))
        return COMMAND_FAILED;
    return command_finish("infer");
}
