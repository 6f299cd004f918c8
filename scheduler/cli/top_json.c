/* Packs what `joint top` shows; names are those of the load API. */
#include "scheduler/cli/top_json.h"
#include "scheduler/cli/report.h"
#include "scheduler/cli/top_roles.h"
#include "scheduler/top/traffic.h"

#include <stdio.h>

static json_t *milliseconds(uint64_t ns)
{
    return json_real((double)ns / 1e6);
}

static json_t *pack_classes(const struct load_report *load)
{
    json_t *classes = json_array();
    for (uint64_t i = 0; i < load->class_count; i++) {
        const struct load_report_class *class = &load->classes[i];
        json_array_append_new(
            classes,
            json_pack("{s:I, s:o, s:o, s:s, s:o, s:f}", "queued", (json_int_t) class->queued,
                      "deadline_ms", milliseconds(class->deadline_ns), "predicted_wait_ms",
                      milliseconds(class->predicted_wait_ns), "admit", overview_admit(class->admit),
                      "retry_after_ms", milliseconds(class->retry_after_ns), "slo_attainment",
                      (double)class->attained_permille / 1000));
    }
    return classes;
}

static json_t *pack_load(const struct sample *now)
{
    const struct load_report *load = &now->load;
    if (!now->has_load)
        return json_null();
    const uint64_t age_ns = now->at_ns > load->generated_ns ? now->at_ns - load->generated_ns : 0;
    return json_pack("{s:s, s:o, s:o, s:I, s:f, s:I, s:I, s:o, s:o, s:I, s:o, s:o}", "state",
                     overview_state(load->state), "age_ms", milliseconds(age_ns), "valid_ms",
                     milliseconds(load->valid_ns), "workers", (json_int_t)load->workers,
                     "utilization", (double)load->utilization_permille / 1000, "inflight",
                     (json_int_t)load->inflight, "queued", (json_int_t)load->queued,
                     "oldest_queued_ms", milliseconds(load->oldest_queued_ns), "predicted_wait_ms",
                     milliseconds(load->predicted_wait_ns), "credits", (json_int_t)load->credits,
                     "retry_after_ms", milliseconds(load->retry_after_ns), "classes",
                     pack_classes(load));
}

static json_t *pack_overview(const struct rates *rates)
{
    const struct overview overview = overview_of(rates);
    json_t *json = json_object();
    for (int i = 0; i < OVERVIEW_LINE_COUNT; i++)
        json_object_set_new(json, overview_key((enum overview_line)i),
                            overview.line[i].is_known
                                ? json_pack("{s:f, s:I}", "per_s", overview.line[i].per_s, "total",
                                            (json_int_t)overview.line[i].value)
                                : json_null());
    return json;
}

static json_t *pack_counters(const struct rates *rates)
{
    static const char *const kinds[] = {
        [COUNTER_SUM] = "sum", [COUNTER_GAUGE] = "gauge", [COUNTER_MAX] = "max"};
    json_t *counters = json_array();
    for (uint32_t i = 0; i < rates->count; i++) {
        const struct rate *rate = &rates->items[i];
        json_t *json = json_pack("{s:o, s:o, s:s, s:I}", "source", report_text(rate->source),
                                 "label", report_text(rate->label), "kind", kinds[rate->kind],
                                 "value", (json_int_t)rate->value);
        if (rate->kind == COUNTER_SUM)
            json_object_set_new(json, "per_s", json_real(rate->per_s));
        json_array_append_new(counters, json);
    }
    return counters;
}

static json_t *pack_quantiles(const struct distribution_view *view)
{
    if (!view->count)
        return json_null();
    return json_pack(
        "{s:o, s:o, s:o}", "p50",
        milliseconds((uint64_t)distribution_quantile(view, &distribution_time, 0.5)), "p90",
        milliseconds((uint64_t)distribution_quantile(view, &distribution_time, 0.9)), "p99",
        milliseconds((uint64_t)distribution_quantile(view, &distribution_time, 0.99)));
}

/* Of the requests that were answered between the two samples. */
static json_t *pack_latency(const struct sample *before, const struct sample *now)
{
    json_t *classes = json_array();
    struct traffic_class traffic;
    for (uint32_t i = 0; traffic_class(before, now, i, &traffic); i++)
        json_array_append_new(
            classes,
            json_pack("{s:o, s:f, s:f, s:f, s:o, s:o, s:o}", "class", report_text(traffic.name),
                      "answers_per_s", traffic.answers_per_s, "late_per_s", traffic.late_per_s,
                      "rejects_per_s", traffic.rejects_per_s, "request_ms",
                      pack_quantiles(&traffic.request), "queue_ms", pack_quantiles(&traffic.queue),
                      "execution_ms", pack_quantiles(&traffic.execution)));
    return classes;
}

static json_t *pack_models(const struct sample *before, const struct sample *now)
{
    json_t *models = json_array();
    for (uint32_t i = 0; i < now->model_count; i++) {
        struct traffic_model traffic;
        traffic_model(before, now, i, &traffic);
        json_t *batches = json_object();
        for (uint32_t n = 0; n < MODEL_STATISTICS_MAX_ROWS; n++) {
            char rows[16];
            snprintf(rows, sizeof(rows), "%u", (unsigned)(n + 1));
            if (traffic.share[n] > 0)
                json_object_set_new(batches, rows, json_real(traffic.share[n]));
        }
        json_array_append_new(
            models,
            json_pack("{s:o, s:I, s:f, s:f, s:f, s:f, s:o}", "name", report_text(traffic.name),
                      "version", (json_int_t)traffic.version, "rows_per_s", traffic.rows_per_s,
                      "joined_rows_per_s", traffic.joined_per_s, "batches_per_s",
                      traffic.batches_per_s, "batch_rows", traffic.mean_rows, "batches", batches));
    }
    return models;
}

json_t *top_json(const struct screen *screen)
{
    const struct sample *before = screen->before, *now = screen->now;
    struct rates sums = {0};
    struct rates each = {0};
    json_t *json = NULL;
    if (rates_init(&sums, before, now, false) == 0 && rates_init(&each, before, now, true) == 0)
        json = json_pack("{s:s, s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", "joint.top/1",
                         "seconds", each.seconds, "load", pack_load(now), "processes",
                         screen->roles_now ? top_roles_json(screen->roles_before, screen->roles_now)
                                           : json_null(),
                         "latency", pack_latency(before, now), "models", pack_models(before, now),
                         "overview", pack_overview(&sums), "counters", pack_counters(&each));
    rates_fini(&sums);
    rates_fini(&each);
    return json;
}
