/* Writes the load field by field. */
#include "scheduler/api/load_json.h"

#include <string.h>

#define ULL(value) ((unsigned long long)(value))
#define PERMILLE(value) ULL((value) / 1000), ULL((value) % 1000)

const char *load_json_state(uint64_t state)
{
    static const char *const names[] = {[LOAD_READY] = "ready",
                                        [LOAD_DEGRADED] = "degraded",
                                        [LOAD_OVERLOADED] = "overloaded",
                                        [LOAD_DRAINING] = "draining",
                                        [LOAD_LOADING] = "loading"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "loading";
}

static const char *name_of_admit(uint64_t admit)
{
    return admit == LOAD_OPEN ? "open" : admit == LOAD_PROBABILISTIC ? "probabilistic" : "closed";
}

static void add_key_ms(struct page_text *text, const char *key, uint64_t ns)
{
    page_text_add(text, ",\"%s\":", key);
    page_text_add_ms(text, ns);
}

static void add_class(struct page_text *text, const char *name,
                      const struct load_report_class *class)
{
    page_text_add(text, "{\"name\":");
    page_text_add_json_string(text, name);
    if (class->deadline_ns)
        add_key_ms(text, "deadline_ms", class->deadline_ns);
    page_text_add(text, ",\"queued\":%llu", ULL(class->queued));
    add_key_ms(text, "predicted_wait_ms", class->predicted_wait_ns);
    page_text_add(text, ",\"admit\":\"%s\"", name_of_admit(class->admit));
    add_key_ms(text, "retry_after_ms", class->retry_after_ns);
    page_text_add(text, ",\"slo_attainment\":%llu.%03llu}", PERMILLE(class->attained_permille));
}

static void add_classes(struct page_text *text, const struct view *view,
                        const struct load_report *report, const char *only)
{
    const char *comma = "";
    page_text_add(text, ",\"classes\":[");
    for (uint32_t i = 0; i < report->class_count; i++) {
        const char *name = view->setup.class_name[i];
        if (only && strcmp(only, name) != 0)
            continue;
        page_text_add(text, "%s", comma);
        comma = ",";
        add_class(text, name, &report->classes[i]);
    }
    page_text_add(text, "]");
}

static void add_cut_times(struct page_text *text, const char *key, const struct model_load *load,
                          uint32_t cut_count, size_t at)
{
    page_text_add(text, ",\"%s\":[", key);
    for (uint32_t cut = 0; cut < cut_count; cut++) {
        uint64_t ns;
        memcpy(&ns, (const char *)&load->cuts[cut] + at, sizeof(ns));
        page_text_add(text, "%s", cut ? "," : "");
        page_text_add_ms(text, ns);
    }
    page_text_add(text, "]");
}

static void add_model_load(struct page_text *text, const struct view_model *model)
{
    const uint32_t cut_count = model->table.cut_count;
    struct model_load load;
    if (!view_read_model_load(model, &load))
        return;
    page_text_add(text, ",\"k\":%llu.%03llu", PERMILLE(load.slowdown_permille));
    add_cut_times(text, "remaining_ms", &load, cut_count,
                  offsetof(struct model_load_cut, remaining_ns));
    add_cut_times(text, "marginal_ms", &load, cut_count,
                  offsetof(struct model_load_cut, marginal_ns));
    page_text_add(text, ",\"queued_at\":[");
    for (uint32_t cut = 0; cut < cut_count; cut++)
        page_text_add(text, "%s%llu", cut ? "," : "", ULL(load.cuts[cut].queued));
    page_text_add(text, "]");
}

static void add_model(struct page_text *text, const struct view_model *model)
{
    page_text_add(text, "{\"name\":");
    page_text_add_json_string(text, model->name);
    page_text_add(text, ",\"version\":%u,\"ready\":true,\"cuts\":[", model->version);
    for (uint32_t cut = 0; cut < model->table.cut_count; cut++)
        page_text_add(text, "%s%u", cut ? "," : "", cut);
    page_text_add(text, "]");
    add_model_load(text, model);
    page_text_add(text, "}");
}

static void add_models(struct page_text *text, const struct view *view, const char *only)
{
    const char *comma = "";
    page_text_add(text, ",\"models\":[");
    for (uint32_t i = 0; i < view->model_limit; i++) {
        const struct view_model *model = &view->models[i];
        if (!model->is_there || (only && strcmp(only, model->name) != 0))
            continue;
        page_text_add(text, "%s", comma);
        comma = ",";
        add_model(text, model);
    }
    page_text_add(text, "]");
}

void load_json_add(struct page_text *text, const struct view *view, const struct view_load *load,
                   const struct load_json_wish *wish, size_t *age_at)
{
    const struct load_report *report = &load->report;
    page_text_add(text, "{\"schema\":\"joint.load/1\",\"server\":");
    page_text_add_json_string(text, view->setup.server);
    page_text_add(text,
                  ",\"boot_id\":\"%016llx\",\"seq\":%llu,\"generated_unix_ns\":%llu,\"age_us\":",
                  ULL(report->boot), ULL(load->sequence), ULL(report->generated_unix_ns));
    *age_at = text->length;
    page_text_add(text, "%*u", (int)LOAD_JSON_AGE_DIGITS, 0u);
    add_key_ms(text, "valid_ms", report->valid_ns);
    add_key_ms(text, "min_poll_ms", report->min_poll_ns);
    page_text_add(text, ",\"state\":\"%s\",\"workers\":%llu,\"utilization\":%llu.%03llu",
                  load_json_state(report->state), ULL(report->workers),
                  PERMILLE(report->utilization_permille));
    page_text_add(text, ",\"inflight\":%llu,\"queued\":%llu", ULL(report->inflight),
                  ULL(report->queued));
    add_key_ms(text, "oldest_queued_ms", report->oldest_queued_ns);
    add_key_ms(text, "predicted_wait_ms", report->predicted_wait_ns);
    page_text_add(text, ",\"credits\":%llu", ULL(report->credits));
    if (wish->parts & LOAD_JSON_CLASSES)
        add_classes(text, view, report, wish->class_name);
    if (wish->parts & LOAD_JSON_MODELS)
        add_models(text, view, wish->model);
    const uint64_t gain = (report->switch_gain_255 * 1000 + 127) / 255;
    page_text_add(text, ",\"switch_gain\":%llu.%03llu}\n", PERMILLE(gain));
}

void load_json_set_age(char *at, uint64_t age_us)
{
    for (uint32_t i = LOAD_JSON_AGE_DIGITS; i > 0; i--) {
        at[i - 1] = i == LOAD_JSON_AGE_DIGITS || age_us ? (char)('0' + age_us % 10) : ' ';
        age_us /= 10;
    }
}

void load_json_add_orca(struct page_text *text, const struct load_report *report, bool is_json)
{
    page_text_add(text,
                  is_json ? "JSON {\"application_utilization\":%llu.%03llu,\"named_metrics\":{"
                          : "TEXT application_utilization=%llu.%03llu",
                  PERMILLE(report->utilization_permille));
    const struct {
        const char *name;
        uint64_t value;
        bool is_time;
    } named[] = {{"queued", report->queued, false},
                 {"inflight", report->inflight, false},
                 {"predicted_wait_ms", report->predicted_wait_ns, true}};
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        page_text_add(text, is_json ? "%s\"%s\":" : "%snamed_metrics.%s=",
                      is_json && i == 0 ? ""
                      : is_json         ? ","
                                        : ", ",
                      named[i].name);
        if (named[i].is_time)
            page_text_add_ms(text, named[i].value);
        else
            page_text_add(text, "%llu", ULL(named[i].value));
    }
    page_text_add(text, "%s", is_json ? "}}" : "");
}
