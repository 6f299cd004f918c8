/* Metric families: those of the load, those of jointd's counters by a table, those of the
 * dataplane's queues as they are. */
#include "scheduler/api/metrics.h"
#include "scheduler/api/load_json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ULL(value) ((unsigned long long)(value))
#define NAME_BYTES 160u

struct family {
    const char *name; /* without _total */
    const char *unit; /* the end of the name, if it is a unit; NULL */
    const char *help;
    bool is_sum;
};

struct writer {
    struct page_text *text;
    bool is_open_metrics;
    const struct family *family;
};

static void begin(struct writer *writer, const struct family *family)
{
    const char *total = family->is_sum && !writer->is_open_metrics ? "_total" : "";
    writer->family = family;
    page_text_add(writer->text, "# HELP %s%s %s\n", family->name, total, family->help);
    page_text_add(writer->text, "# TYPE %s%s %s\n", family->name, total,
                  family->is_sum ? "counter" : "gauge");
    if (writer->is_open_metrics && family->unit)
        page_text_add(writer->text, "# UNIT %s %s\n", family->name, family->unit);
}

/* "name{label="value"} ", and its number is to follow. Without a label if that is NULL. */
static void sample(struct writer *writer, const char *label, const char *value)
{
    page_text_add(writer->text, "%s%s", writer->family->name,
                  writer->family->is_sum ? "_total" : "");
    if (label) {
        page_text_add(writer->text, "{%s=\"", label);
        page_text_add_label_value(writer->text, value);
        page_text_add(writer->text, "\"}");
    }
    page_text_add(writer->text, " ");
}

static void add_count(struct writer *writer, uint64_t value)
{
    page_text_add(writer->text, "%llu\n", ULL(value));
}

static void add_seconds(struct writer *writer, uint64_t ns)
{
    page_text_add(writer->text, "%llu.%09llu\n", ULL(ns / 1000000000u), ULL(ns % 1000000000u));
}

static void add_permille(struct writer *writer, uint64_t permille)
{
    page_text_add(writer->text, "%llu.%03llu\n", ULL(permille / 1000), ULL(permille % 1000));
}

enum how { COUNT, SECONDS, PERMILLE };

static void add_value(struct writer *writer, enum how how, uint64_t value)
{
    if (how == COUNT)
        add_count(writer, value);
    else if (how == SECONDS)
        add_seconds(writer, value);
    else
        add_permille(writer, value);
}

static void add_state(struct writer *writer, uint64_t state)
{
    static const struct family family = {"joint_state", NULL,
                                         "1 for the state that the service is in.", false};
    begin(writer, &family);
    for (uint64_t i = LOAD_READY; i <= LOAD_LOADING; i++) {
        sample(writer, "state", load_json_state(i));
        add_count(writer, i == state);
    }
}

static void add_whole(struct writer *writer, const struct load_report *report, uint64_t now_ns)
{
    const uint64_t age_ns = now_ns > report->generated_ns ? now_ns - report->generated_ns : 0;
    const struct {
        struct family family;
        enum how how;
        uint64_t value;
    } all[] = {
        {{"joint_workers", NULL, "Workers that take work.", false}, COUNT, report->workers},
        {{"joint_utilization_ratio", "ratio", "Share of the workers' time, lately.", false},
         PERMILLE,
         report->utilization_permille},
        {{"joint_requests_inflight", NULL, "Requests with workers.", false},
         COUNT,
         report->inflight},
        {{"joint_requests_queued", NULL, "Requests that wait.", false}, COUNT, report->queued},
        {{"joint_oldest_queued_seconds", "seconds", "How long the oldest one has waited.", false},
         SECONDS,
         report->oldest_queued_ns},
        {{"joint_predicted_wait_seconds", "seconds", "Of a request that came now.", false},
         SECONDS,
         report->predicted_wait_ns},
        {{"joint_load_age_seconds", "seconds", "Since these were measured.", false},
         SECONDS,
         age_ns},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        begin(writer, &all[i].family);
        sample(writer, NULL, NULL);
        add_value(writer, all[i].how, all[i].value);
    }
}

static void add_classes(struct writer *writer, const struct view *view,
                        const struct load_report *report)
{
    static const struct {
        struct family family;
        enum how how;
        size_t at; /* of a uint64_t in load_report_class */
    } all[] = {
        {{"joint_class_requests_queued", NULL, "Requests of the class that wait.", false},
         COUNT,
         offsetof(struct load_report_class, queued)},
        {{"joint_class_predicted_wait_seconds", "seconds", "Of a request of the class.", false},
         SECONDS,
         offsetof(struct load_report_class, predicted_wait_ns)},
        {{"joint_class_in_time_ratio", "ratio", "Answered by their deadline, of the last.", false},
         PERMILLE,
         offsetof(struct load_report_class, attained_permille)},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && report->class_count; i++) {
        begin(writer, &all[i].family);
        for (uint32_t c = 0; c < report->class_count; c++) {
            uint64_t value;
            memcpy(&value, (const char *)&report->classes[c] + all[i].at, sizeof(value));
            sample(writer, "class", view->setup.class_name[c]);
            add_value(writer, all[i].how, value);
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

static void add_outcomes(struct writer *writer, const struct view_counters *counters)
{
    static const struct family family = {"joint_requests", NULL, "Requests, by how they ended.",
                                         true};
    static const char *const outcomes[] = {"answered",    "overloaded", "late",
                                           "no_memory",   "refused",    "failed",
                                           "quarantined", "cancelled",  "orphaned"};
    begin(writer, &family);
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        char label[COUNTER_LABEL_BYTES];
        uint64_t value;
        snprintf(label, sizeof(label), "jointd.%s", outcomes[i]);
        if (!find_counter(counters, label, &value))
            continue;
        sample(writer, "outcome", outcomes[i]);
        add_count(writer, value);
    }
}

static void add_deaths(struct writer *writer, const struct view_counters *counters)
{
    static const struct family family = {"joint_process_deaths", NULL,
                                         "Ends of processes that nobody had asked for.", true};
    static const char *const processes[] = {"worker", "dataplane", "api"};
    begin(writer, &family);
    for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++) {
        char label[COUNTER_LABEL_BYTES];
        uint64_t value;
        snprintf(label, sizeof(label), "jointd.%s_deaths", processes[i]);
        if (!find_counter(counters, label, &value))
            continue;
        sample(writer, "process", processes[i]);
        add_count(writer, value);
    }
}

static void add_jointd(struct writer *writer, const struct view_counters *counters)
{
    static const struct {
        const char *label;
        struct family family;
        enum how how;
    } all[] = {
        {"jointd.submitted",
         {"joint_requests_submitted", NULL, "Requests that came whole.", true},
         COUNT},
        {"jointd.open", {"joint_requests_open", NULL, "Requests not ended yet.", false}, COUNT},
        {"jointd.answer_places",
         {"joint_answer_places", NULL, "Places of the response slab in use.", false},
         COUNT},
        {"jointd.dispatches", {"joint_dispatches", NULL, "Batches given to workers.", true}, COUNT},
        {"jointd.rows", {"joint_rows", NULL, "Rows in those batches.", true}, COUNT},
        {"jointd.batch_max", {"joint_batch_rows_max", NULL, "Rows of the largest.", false}, COUNT},
        {"jointd.requeued",
         {"joint_requests_requeued", NULL, "Requests that waited again, as a worker died.", true},
         COUNT},
        {"jointd.worker_hangs",
         {"joint_worker_hangs", NULL, "Workers killed for giving no sign of life.", true},
         COUNT},
        {"jointd.recovery_ns_max",
         {"joint_recovery_max_seconds", "seconds", "The longest repair after a death.", false},
         SECONDS},
        {"jointd.junk",
         {"joint_junk", NULL, "Words of a process that it may not say.", true},
         COUNT},
        {"jointd.queue_ns",
         {"joint_queue_seconds", "seconds", "Time that ended requests waited.", true},
         SECONDS},
        {"jointd.compute_ns",
         {"joint_compute_seconds", "seconds", "Time that ended requests computed.", true},
         SECONDS},
        {"jointd.loads",
         {"joint_load_snapshots", NULL, "Times the load was published.", true},
         COUNT},
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        uint64_t value;
        if (!find_counter(counters, all[i].label, &value))
            continue;
        begin(writer, &all[i].family);
        sample(writer, NULL, NULL);
        add_value(writer, all[i].how, value);
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
static void add_of_queues(struct writer *writer, const struct view *view, uint32_t index,
                          const struct counter_view *first, const char *name)
{
    char family_name[NAME_BYTES];
    const bool is_time = ends_in(name, "_ns");
    const int stem = (int)strlen(name) - (is_time ? 3 : 0);
    snprintf(family_name, sizeof(family_name), "joint_dataplane_%.*s%s", stem, name,
             is_time ? "_seconds" : "");
    const struct family family = {family_name,
                                  is_time                   ? "seconds"
                                  : ends_in(name, "_bytes") ? "bytes"
                                                            : NULL,
                                  "Of a queue of joint-dataplane.", first->kind == COUNTER_SUM};
    begin(writer, &family);
    for (uint32_t q = 1; q < API_MAX_COUNTERS; q++) {
        struct counter_view seen;
        char number[16];
        if (!view->counters[q].is_there || counters_read(&view->counters[q].reader, index, &seen))
            continue;
        const char *other = queue_name(seen.label);
        if (!other || strcmp(other, name) != 0)
            continue;
        snprintf(number, sizeof(number), "%u", q - 1);
        sample(writer, "queue", number);
        add_value(writer, is_time ? SECONDS : COUNT, seen.value);
    }
}

static void add_queues(struct writer *writer, const struct view *view)
{
    const struct view_counters *first = &view->counters[1];
    struct counter_view seen;
    for (uint32_t i = 0; first->is_there && counters_read(&first->reader, i, &seen) == 0; i++) {
        const char *name = queue_name(seen.label);
        if (name)
            add_of_queues(writer, view, i, &seen, name);
    }
}

static void add_models(struct writer *writer, const struct view *view)
{
    static const struct family family = {"joint_model_version", NULL,
                                         "Newest version of a model that takes requests.", false};
    begin(writer, &family);
    for (uint32_t i = 0; i < view->model_limit; i++) {
        const struct view_model *model = &view->models[i];
        if (!model->is_there || view_find(view, model->name, 0) != model)
            continue;
        sample(writer, "model", model->name);
        add_count(writer, model->version);
    }
}

void metrics_add(struct page_text *text, const struct view *view, const struct view_load *load,
                 uint64_t now_ns, bool is_open_metrics)
{
    static const struct family build = {"joint_build", NULL, "The version of Joint.", false};
    struct writer writer = {.text = text, .is_open_metrics = is_open_metrics};
    begin(&writer, &build);
    sample(&writer, "version", JOINT_VERSION);
    add_count(&writer, 1);
    if (load) {
        add_state(&writer, load->report.state);
        add_whole(&writer, &load->report, now_ns);
        add_classes(&writer, view, &load->report);
    }
    add_models(&writer, view);
    add_outcomes(&writer, &view->counters[0]);
    add_deaths(&writer, &view->counters[0]);
    add_jointd(&writer, &view->counters[0]);
    add_queues(&writer, view);
    if (is_open_metrics)
        page_text_add(text, "# EOF\n");
}
