/* Metric families: those of the load, those of jointd's counters by a table, those of the
 * dataplane's queues as they are. */
#include "scheduler/api/metrics.h"
#include "scheduler/api/load_json.h"
#include "scheduler/api/metrics_models.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 160u

enum how { COUNT, SECONDS, PERMILLE };

static void add(struct metric_text *out, const struct metric_label *label, enum how how,
                uint64_t value)
{
    const uint32_t count = label != NULL;
    if (how == COUNT)
        metric_count(out, label, count, value);
    else if (how == SECONDS)
        metric_seconds(out, label, count, value);
    else
        metric_permille(out, label, count, value);
}

static void add_state(struct metric_text *out, uint64_t state)
{
    static const struct metric_family family = {
        "joint_state", NULL, "1 for the state that the service is in.", METRIC_GAUGE};
    metric_begin(out, &family);
    for (uint64_t i = LOAD_READY; i <= LOAD_LOADING; i++) {
        const struct metric_label label = {"state", load_json_state(i)};
        metric_count(out, &label, 1, i == state);
    }
}

static void add_whole(struct metric_text *out, const struct load_report *report, uint64_t now_ns)
{
    const uint64_t age_ns = now_ns > report->generated_ns ? now_ns - report->generated_ns : 0;
    const struct {
        struct metric_family family;
        enum how how;
        uint64_t value;
    } all[] = {
        {{"joint_workers", NULL, "Workers that take work.", METRIC_GAUGE}, COUNT, report->workers},
        {{"joint_utilization_ratio", "ratio", "Share of the workers' time, lately.", METRIC_GAUGE},
         PERMILLE,
         report->utilization_permille},
        {{"joint_requests_inflight", NULL, "Requests with workers.", METRIC_GAUGE},
         COUNT,
         report->inflight},
        {{"joint_requests_queued", NULL, "Requests that wait.", METRIC_GAUGE},
         COUNT,
         report->queued},
        {{"joint_oldest_queued_seconds", "seconds", "How long the oldest one has waited.",
          METRIC_GAUGE},
         SECONDS,
         report->oldest_queued_ns},
        {{"joint_predicted_wait_seconds", "seconds", "Of a request that came now.", METRIC_GAUGE},
         SECONDS,
         report->predicted_wait_ns},
        {{"joint_backlog_seconds", "seconds", "Of one worker's time, what waits will take.",
          METRIC_GAUGE},
         SECONDS,
         report->backlog_ns},
        {{"joint_credits", NULL, "Requests that each client may have open; 0: any.", METRIC_GAUGE},
         COUNT,
         report->credits},
        {{"joint_load_age_seconds", "seconds", "Since these were measured.", METRIC_GAUGE},
         SECONDS,
         age_ns},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        metric_begin(out, &all[i].family);
        add(out, NULL, all[i].how, all[i].value);
    }
}

static void add_classes(struct metric_text *out, const struct view *view,
                        const struct load_report *report)
{
    static const struct {
        struct metric_family family;
        enum how how;
        size_t at; /* of a uint64_t in load_report_class */
    } all[] = {
        {{"joint_class_requests_queued", NULL, "Requests of the class that wait.", METRIC_GAUGE},
         COUNT,
         offsetof(struct load_report_class, queued)},
        {{"joint_class_predicted_wait_seconds", "seconds", "Of a request of the class.",
          METRIC_GAUGE},
         SECONDS,
         offsetof(struct load_report_class, predicted_wait_ns)},
        {{"joint_class_backlog_seconds", "seconds", "Of one worker's time, what waits will take.",
          METRIC_GAUGE},
         SECONDS,
         offsetof(struct load_report_class, backlog_ns)},
        {{"joint_class_in_time_ratio", "ratio", "Answered by their deadline, of the last.",
          METRIC_GAUGE},
         PERMILLE,
         offsetof(struct load_report_class, attained_permille)},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && report->class_count; i++) {
        metric_begin(out, &all[i].family);
        for (uint32_t c = 0; c < report->class_count; c++) {
            uint64_t value;
            memcpy(&value, (const char *)&report->classes[c] + all[i].at, sizeof(value));
            const struct metric_label label = {"class", view->setup.class_name[c]};
            add(out, &label, all[i].how, value);
        }
    }
}

static bool find_counter(const struct view_counters *counters, const char *label, uint64_t *value)
{
    struct counter_view seen;
    for (uint32_t i = 0; counters->is_there; i++) {
        const int error = counters_read(&counters->reader, i, &seen);
        if (error == 0 && strcmp(seen.label, label) == 0) {
            *value = seen.value;
            return true;
        }
        if (error)
            break;
    }
    return false;
}

static void add_deaths(struct metric_text *out, const struct view_counters *counters)
{
    static const struct metric_family family = {"joint_process_deaths", NULL,
                                                "Ends of processes that nobody had asked for.",
                                                METRIC_COUNTER};
    static const char *const processes[] = {"worker", "dataplane", "api"};
    metric_begin(out, &family);
    for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++) {
        char label[COUNTER_LABEL_BYTES];
        uint64_t value;
        snprintf(label, sizeof(label), "jointd.%s_deaths", processes[i]);
        if (!find_counter(counters, label, &value))
            continue;
        const struct metric_label named = {"process", processes[i]};
        metric_count(out, &named, 1, value);
    }
}

static void add_jointd(struct metric_text *out, const struct view_counters *counters)
{
    static const struct {
        const char *label;
        struct metric_family family;
        enum how how;
    } all[] = {
        {"jointd.submitted",
         {"joint_requests_submitted", NULL, "Requests that came whole.", METRIC_COUNTER},
         COUNT},
        {"jointd.open",
         {"joint_requests_open", NULL, "Requests not ended yet.", METRIC_GAUGE},
         COUNT},
        {"jointd.answer_places",
         {"joint_answer_places", NULL, "Places of the response slab in use.", METRIC_GAUGE},
         COUNT},
        {"jointd.dispatches",
         {"joint_dispatches", NULL, "Batches given to workers.", METRIC_COUNTER},
         COUNT},
        {"jointd.rows", {"joint_rows", NULL, "Rows in those batches.", METRIC_COUNTER}, COUNT},
        {"jointd.merged_rows",
         {"joint_merged_rows", NULL, "Rows that ran with rows which had entered at other cuts.",
          METRIC_COUNTER},
         COUNT},
        {"jointd.late_joins",
         {"joint_late_joins", NULL, "Rows given to a dispatch that ran already.", METRIC_COUNTER},
         COUNT},
        {"jointd.preempted",
         {"joint_dispatches_preempted", NULL, "Dispatches that others were put before.",
          METRIC_COUNTER},
         COUNT},
        {"jointd.saved_ns",
         {"joint_join_saved_seconds", "seconds", "Computing that joins saved, as predicted.",
          METRIC_COUNTER},
         SECONDS},
        {"jointd.dropped",
         {"joint_requests_dropped", NULL,
          "Requests that were let in, and then could not be in time.", METRIC_COUNTER},
         COUNT},
        {"jointd.request_log_lines",
         {"joint_request_log_lines", NULL, "Lines of the request log.", METRIC_COUNTER},
         COUNT},
        {"jointd.request_log_lost",
         {"joint_request_log_lost", NULL, "Lines that it could not keep up with.", METRIC_COUNTER},
         COUNT},
        {"jointd.batch_max",
         {"joint_batch_rows_max", NULL, "Rows of the largest.", METRIC_GAUGE},
         COUNT},
        {"jointd.requeued",
         {"joint_requests_requeued", NULL, "Requests that waited again, as a worker died.",
          METRIC_COUNTER},
         COUNT},
        {"jointd.worker_hangs",
         {"joint_worker_hangs", NULL, "Workers killed for giving no sign of life.", METRIC_COUNTER},
         COUNT},
        {"jointd.recovery_ns_max",
         {"joint_recovery_max_seconds", "seconds", "The longest repair after a death.",
          METRIC_GAUGE},
         SECONDS},
        {"jointd.junk",
         {"joint_junk", NULL, "Words of a process that it may not say.", METRIC_COUNTER},
         COUNT},
        {"jointd.queue_ns",
         {"joint_queue_seconds", "seconds", "Time that ended requests waited.", METRIC_COUNTER},
         SECONDS},
        {"jointd.compute_ns",
         {"joint_compute_seconds", "seconds", "Time that ended requests computed.", METRIC_COUNTER},
         SECONDS},
        {"jointd.loads",
         {"joint_load_snapshots", NULL, "Times the load was published.", METRIC_COUNTER},
         COUNT},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        uint64_t value;
        if (!find_counter(counters, all[i].label, &value))
            continue;
        metric_begin(out, &all[i].family);
        add(out, NULL, all[i].how, value);
    }
}

/* "rx_bytes" of "dataplane.3.rx_bytes"; NULL if it is of another kind or no name for a metric. */
static const char *queue_name(const char *label)
{
    unsigned queue;
    int used = 0;
    if (sscanf(label, "dataplane.%u.%n", &queue, &used) != 1 || used == 0)
        return NULL;
    const char *name = label + used;
    for (const char *at = name; *at; at++)
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '_')
            return NULL;
    return *name ? name : NULL;
}

static bool ends_in(const char *name, const char *end)
{
    const size_t length = strlen(name), end_length = strlen(end);
    return length > end_length && strcmp(name + length - end_length, end) == 0;
}

/* One number of all queues, which count the same in the same order. */
static void add_of_queues(struct metric_text *out, const struct view *view, uint32_t index,
                          const struct counter_view *first, const char *name)
{
    char family_name[NAME_BYTES];
    const bool is_time = ends_in(name, "_ns");
    const int stem = (int)strlen(name) - (is_time ? 3 : 0);
    snprintf(family_name, sizeof(family_name), "joint_dataplane_%.*s%s", stem, name,
             is_time ? "_seconds" : "");
    const struct metric_family family = {family_name,
                                         is_time                   ? "seconds"
                                         : ends_in(name, "_bytes") ? "bytes"
                                                                   : NULL,
                                         "Of a queue of joint-dataplane.",
                                         first->kind == COUNTER_SUM ? METRIC_COUNTER
                                                                    : METRIC_GAUGE};
    metric_begin(out, &family);
    for (uint32_t q = 1; q < API_MAX_COUNTERS; q++) {
        struct counter_view seen;
        char number[16];
        if (!view->counters[q].is_there || counters_read(&view->counters[q].reader, index, &seen))
            continue;
        const char *other = queue_name(seen.label);
        if (!other || strcmp(other, name) != 0)
            continue;
        snprintf(number, sizeof(number), "%u", q - 1);
        const struct metric_label label = {"queue", number};
        add(out, &label, is_time ? SECONDS : COUNT, seen.value);
    }
}

static void add_queues(struct metric_text *out, const struct view *view)
{
    const struct view_counters *first = &view->counters[1];
    struct counter_view seen;
    for (uint32_t i = 0; first->is_there && counters_read(&first->reader, i, &seen) == 0; i++) {
        const char *name = queue_name(seen.label);
        if (name)
            add_of_queues(out, view, i, &seen, name);
    }
}

/* "no_memory" of "jointd.rejects.no_memory". */
static void add_rejects(struct metric_text *out, const struct view_counters *counters)
{
    static const struct metric_family family = {
        "joint_rejects", NULL, "Requests that were not computed, by the reason.", METRIC_COUNTER};
    static const char start[] = "jointd.rejects.";
    struct counter_view seen;
    metric_begin(out, &family);
    for (uint32_t i = 0; counters->is_there && counters_read(&counters->reader, i, &seen) == 0; i++)
        if (strncmp(seen.label, start, sizeof(start) - 1) == 0) {
            const struct metric_label label = {"reason", seen.label + sizeof(start) - 1};
            metric_count(out, &label, 1, seen.value);
        }
}

static void add_workers(struct metric_text *out, const struct view_counters *counters)
{
    static const struct metric_family family = {"joint_worker_busy_seconds", "seconds",
                                                "Time that a worker has computed.", METRIC_COUNTER};
    struct counter_view seen;
    metric_begin(out, &family);
    for (uint32_t i = 0; counters->is_there && counters_read(&counters->reader, i, &seen) == 0;
         i++) {
        unsigned worker;
        int used = 0;
        if (sscanf(seen.label, "jointd.worker.%u.busy_ns%n", &worker, &used) != 1 || used == 0)
            continue;
        char number[16];
        snprintf(number, sizeof(number), "%u", worker);
        const struct metric_label label = {"worker", number};
        metric_seconds(out, &label, 1, seen.value);
    }
}

void metrics_add(struct page_text *text, const struct view *view, const struct view_load *load,
                 uint64_t now_ns, bool is_open_metrics)
{
    static const struct metric_family build = {"joint_build", NULL, "The version of Joint.",
                                               METRIC_INFO};
    const struct metric_label version = {"version", JOINT_VERSION};
    struct metric_text out = {.text = text, .is_open_metrics = is_open_metrics};
    metric_begin(&out, &build);
    metric_count(&out, &version, 1, 1);
    if (load) {
        add_state(&out, load->report.state);
        add_whole(&out, &load->report, now_ns);
        add_classes(&out, view, &load->report);
    }
    metrics_models_add(&out, view);
    add_rejects(&out, &view->counters[0]);
    add_workers(&out, &view->counters[0]);
    add_deaths(&out, &view->counters[0]);
    add_jointd(&out, &view->counters[0]);
    add_queues(&out, view);
    if (is_open_metrics)
        page_text_add(text, "# EOF\n");
}
