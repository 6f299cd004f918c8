/* The report of `joint loadtest` as JSON; scheduler/loadtest/README.md lists its fields. */
#include "scheduler/cli/loadtest_details.h"
#include "scheduler/cli/report.h"

#include <stdio.h>

static json_int_t number(uint64_t value)
{
    return (json_int_t)value;
}

static json_t *make_percentiles(const struct loadtest_histogram *histogram)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "samples", number(histogram->count),
                     "mean", loadtest_histogram_mean_ns(histogram) / 1e6, "p50",
                     (double)loadtest_histogram_percentile(histogram, 0.5) / 1e6, "p90",
                     (double)loadtest_histogram_percentile(histogram, 0.9) / 1e6, "p99",
                     (double)loadtest_histogram_percentile(histogram, 0.99) / 1e6, "p99_9",
                     (double)loadtest_histogram_percentile(histogram, 0.999) / 1e6, "max",
                     (double)histogram->max_ns / 1e6);
}

static json_t *make_ends(const uint64_t *ends)
{
    json_t *json = json_object();
    for (uint32_t i = 0; i < LOADTEST_END_COUNT; i++)
        json_object_set_new(json, loadtest_end_name((enum loadtest_end)i),
                            json_integer(number(ends[i])));
    return json;
}

static json_t *make_reasons(const struct loadtest_tally *tally)
{
    json_t *json = json_array();
    for (uint32_t i = 0; i < LOADTEST_REASONS; i++)
        if (tally->reasons[i] > 0)
            json_array_append_new(json, json_pack("{s:I, s:s, s:I}", "reason", number(i), "name",
                                                  loadtest_reason_name(i), "count",
                                                  number(tally->reasons[i])));
    return json;
}

static json_t *make_cuts(const struct loadtest_report *report)
{
    const struct loadtest_plan *plan = report->plan;
    json_t *json = json_array();
    for (uint32_t i = 0; i < plan->mix->count; i++) {
        const struct loadtest_cut_tally *cut = &report->outcome->tally->cuts[i];
        const uint32_t from = plan->mix->cuts[i];
        json_array_append_new(
            json,
            json_pack("{s:I, s:o, s:I, s:f, s:f, s:I, s:o, s:o}", "cut", number(from), "after",
                      report_text(engine_model_cut(plan->model->engine, from)->name), "bytes",
                      number(plan->messages->pools[i].bytes), "deadline_ms",
                      (double)loadtest_plan_deadline_ns(plan, i) / 1e6, "unloaded_ms",
                      (double)report->unloaded_ns[i] / 1e6, "offered", number(cut->offered), "ends",
                      make_ends(cut->ends), "latency_ms", make_percentiles(&cut->latency)));
    }
    return json;
}

static json_t *make_batches(const struct loadtest_tally *tally)
{
    json_t *json = json_array();
    for (uint32_t i = 0; i <= LOADTEST_MAX_BATCH; i++)
        if (tally->batches[i] > 0)
            json_array_append_new(json, json_pack("{s:I, s:I}", "rows", number(i), "answers",
                                                  number(tally->batches[i])));
    return json;
}

static json_t *make_range(const struct loadtest_range *range, double unit)
{
    return json_pack("{s:I, s:f, s:f, s:f}", "samples", number(range->count), "min",
                     (double)range->least * unit, "mean", loadtest_range_mean(range) * unit, "max",
                     (double)range->most * unit);
}

static json_t *make_network(const struct loadtest_outcome *outcome)
{
    const struct jtp_client_stats *stats = &outcome->stats;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
                     "datagrams_out", number(stats->datagrams_out), "bytes_out",
                     number(stats->bytes_out), "datagrams_in", number(stats->datagrams_in),
                     "bytes_in", number(stats->bytes_in), "lost_packets", number(stats->lost),
                     "probe_timeouts", number(stats->probe_timeouts), "retries",
                     number(stats->retries), "refusals", number(stats->refusals), "missed",
                     number(outcome->port.missed), "unsent", number(outcome->port.unsent), "errors",
                     number(outcome->port.errors), "stray", number(outcome->stray));
}

static json_t *make_generator(const struct loadtest_report *report)
{
    const struct loadtest_tally *tally = report->outcome->tally;
    const struct loadtest_plan *plan = report->plan;
    return json_pack("{s:I, s:I, s:f, s:f, s:f, s:I, s:I}", "threads",
                     number(report->options->sockets), "real_time_threads",
                     number(report->outcome->real_time_threads), "cpu_share",
                     loadtest_report_cpu_share(report), "longest_turn_ms",
                     (double)report->outcome->longest_turn_ns / 1e6, "adherence",
                     plan->schedule ? loadtest_adherence(tally) : 1.0, "sent_late",
                     number(plan->schedule ? tally->sent_late : 0), "bytes_per_client",
                     number(loadtest_plan_bytes_per_client(plan)));
}

static json_t *make_steps(const struct loadtest_rate_steps *steps)
{
    json_t *json = json_array();
    for (uint32_t i = 0; i < steps->count; i++)
        json_array_append_new(json,
                              json_pack("{s:f, s:f}", "rate_per_s", steps->items[i].rate_per_s,
                                        "seconds", steps->items[i].seconds));
    return json;
}

static json_t *make_settings(const struct loadtest_report *report)
{
    static const char *const encodings[] = {"f32", "f16", "u8"};
    const struct loadtest_options *options = report->options;
    const bool is_open = report->plan->schedule;
    char fingerprint[33];
    for (uint32_t i = 0; i < 16; i++)
        snprintf(fingerprint + (size_t)2 * i, 3, "%02x", report->plan->model->fingerprint[i]);
    json_t *json = json_pack(
        "{s:o, s:o, s:s, s:s, s:f, s:f, s:I, s:I, s:I, s:I, s:o, s:f, s:f, s:s, s:I, s:I}",
        "server", report_text(options->server), "model", report_text(report->plan->model->name),
        "fingerprint", fingerprint, "loop", is_open ? "open" : "closed", "duration_s",
        options->duration_s, "warmup_s", options->warmup_s, "clients", number(options->clients),
        "client_requests", number(options->requests_per_client), "sockets",
        number(options->sockets), "first_client", number(options->first_client), "split",
        report_text(options->split), "deadline_factor", options->deadline_factor, "late_ms",
        options->late_ms, "encoding", encodings[options->encoding], "class",
        number(options->class_index), "seed", number(options->seed));
    if (is_open) {
        json_object_set_new(json, "rate_per_s", json_real(options->steps.items[0].rate_per_s));
        json_object_set_new(json, "steps", make_steps(&options->steps));
    } else {
        json_object_set_new(json, "in_flight", json_integer(number(options->closed_count)));
    }
    return json;
}

static json_t *make_admitted(const struct loadtest_tally *tally)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:f}", "count", number(loadtest_tally_admitted(tally)),
                     "answered_late", number(tally->ends[LOADTEST_ANSWERED_LATE]), "dropped",
                     number(tally->dropped), "given_up", number(tally->given_up), "missed_share",
                     loadtest_tally_missed_share(tally));
}

static json_t *make_counts(const struct loadtest_report *report)
{
    const struct loadtest_tally *tally = report->outcome->tally;
    const double seconds = loadtest_report_seconds(report);
    const uint64_t answered = loadtest_tally_answered(tally);
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "offered", number(tally->offered),
        "completed", number(answered), "goodput", number(tally->ends[LOADTEST_IN_TIME]), "rejected",
        number(tally->ends[LOADTEST_REJECTED]), "late",
        number(tally->ends[LOADTEST_LATE] + tally->ends[LOADTEST_ANSWERED_LATE]), "lost",
        number(tally->ends[LOADTEST_LOST]), "fallback", number(loadtest_tally_fallback(tally)),
        "offered_per_s", (double)tally->offered / seconds, "completed_per_s",
        (double)answered / seconds, "goodput_per_s",
        (double)tally->ends[LOADTEST_IN_TIME] / seconds);
}

int loadtest_report_print_json(const struct loadtest_report *report)
{
    static const char *const verdicts[] = {"good",        "interrupted", "silent",     "lost",
                                           "not_adhered", "wrong",       "unanswered", "empty"};
    const struct loadtest_tally *tally = report->outcome->tally;
    json_t *load = json_pack("{s:o, s:o}", "predicted_wait_ms", make_range(&tally->wait_us, 1e-3),
                             "utilization", make_range(&tally->utilization_permille, 1e-3));
    json_t *verified = json_pack("{s:I, s:I, s:f}", "compared", number(report->verified.compared),
                                 "wrong", number(report->verified.wrong), "largest_difference",
                                 report->verified.largest_difference);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:f, s:o, s:o, s:o}",
        "schema", "joint.loadtest/1", "verdict", verdicts[report->verdict], "problem",
        report->problem, "seconds", loadtest_report_seconds(report), "settings",
        make_settings(report), "counts", make_counts(report), "ends", make_ends(tally->ends),
        "rejects", make_reasons(tally), "latency_ms", make_percentiles(&tally->latency), "queue_ms",
        make_percentiles(&tally->queue), "compute_ms", make_percentiles(&tally->compute), "cuts",
        make_cuts(report), "batches", make_batches(tally), "mean_batch",
        loadtest_tally_mean_batch(tally), "server_load", load, "network",
        make_network(report->outcome), "generator", make_generator(report));
    if (json) {
        json_object_set_new(json, "verified", verified);
        json_object_set_new(json, "admitted", make_admitted(tally));
    } else {
        json_decref(verified);
    }
    if (json && loadtest_details_pack(report, json)) {
        json_decref(json);
        json = NULL;
    }
    return report_json_print("loadtest", json);
}
