/* From a path to its page. */
#include "scheduler/api/pages.h"
#include "scheduler/api/load_json.h"
#include "scheduler/api/metrics.h"
#include "scheduler/api/model_json.h"
#include "scheduler/api/openapi.h"
#include "scheduler/api/statistics_json.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define STALE_FACTOR 10u /* a load so many times older than it is valid: jointd does not move */

void pages_init(struct pages *pages, const struct view *view)
{
    memset(pages, 0, sizeof(*pages));
    pages->view = view;
}

void pages_fini(struct pages *pages)
{
    if (!pages)
        return;
    page_text_fini(&pages->load_body);
    page_text_fini(&pages->text);
    page_text_fini(&pages->orca);
}

bool pages_read_newest(struct pages *pages)
{
    if (view_has_newer(pages->view, &pages->load))
        (void)view_read_load(pages->view, &pages->load); /* else the one before, older by its age */
    return pages->load.sequence != 0;
}

uint64_t pages_age_ns(const struct pages *pages)
{
    const uint64_t then_ns = pages->load.report.generated_ns;
    return pages->now_ns > then_ns ? pages->now_ns - then_ns : 0;
}

static struct reply made(const struct page_text *text, unsigned status)
{
    return (struct reply){.status = text->has_failed ? 500 : status, .body = text};
}

static struct reply no_load(struct pages *pages)
{
    return reply_retry(&pages->text, 503, UINT64_C(1000000000),
                       "no load was published yet; ask again in a second");
}

unsigned pages_parts(const char *list)
{
    static const struct {
        const char *name;
        unsigned part;
    } names[] = {{"classes", LOAD_JSON_CLASSES}, {"models", LOAD_JSON_MODELS}};
    unsigned parts = 0;
    if (!list)
        return LOAD_JSON_ALL;
    for (const char *at = list;; at++) {
        const size_t length = strcspn(at, ",");
        unsigned part = 0;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
            if (strlen(names[i].name) == length && memcmp(names[i].name, at, length) == 0)
                part = names[i].part;
        if (!part)
            return 0;
        parts |= part;
        at += length;
        if (!*at)
            return parts;
    }
}

static bool has_class(const struct view *view, const char *name)
{
    for (uint32_t i = 0; i < view->setup.class_count; i++)
        if (strcmp(view->setup.class_name[i], name) == 0)
            return true;
    return false;
}

static void render_whole(struct pages *pages)
{
    static const struct load_json_wish whole = {.parts = LOAD_JSON_ALL};
    if (pages->body_sequence == pages->load.sequence &&
        pages->body_change_count == pages->view->change_count)
        return;
    page_text_clear(&pages->load_body);
    load_json_add(&pages->load_body, pages->view, &pages->load, &whole, &pages->age_at);
    snprintf(pages->etag, sizeof(pages->etag), "W/\"%016llx-%llu-%llu\"",
             (unsigned long long)pages->load.report.boot, (unsigned long long)pages->load.sequence,
             (unsigned long long)pages->view->change_count);
    pages->body_sequence = pages->load.sequence;
    pages->body_change_count = pages->view->change_count;
    pages->render_count++;
}

/* Only what was wished for. */
static struct reply load_part(struct pages *pages, const struct page_query *query)
{
    const struct view *view = pages->view;
    struct load_json_wish wish = {.parts = pages_parts(query->include),
                                  .model = query->model,
                                  .class_name = query->class_name};
    if (!wish.parts)
        return reply_error(&pages->text, 400,
                           "include=%s: names of parts with commas between: classes, models",
                           query->include);
    if (query->model && !view_find(view, query->model, 0))
        return reply_error(&pages->text, 404, "no model %s takes requests; /v2/models lists them",
                           query->model);
    if (query->class_name && !has_class(view, query->class_name))
        return reply_error(&pages->text, 404, "no class %s; /v2/load lists them",
                           query->class_name);
    size_t age_at;
    page_text_clear(&pages->text);
    load_json_add(&pages->text, view, &pages->load, &wish, &age_at);
    if (!pages->text.has_failed)
        load_json_set_age(pages->text.bytes + age_at, pages_age_ns(pages) / 1000);
    return made(&pages->text, 200);
}

/* Whether If-None-Match names the tag; compared weakly, so what stands between the quotes. */
static bool is_known(const char *if_none_match, const char *etag)
{
    if (!if_none_match)
        return false;
    return strstr(if_none_match, strchr(etag, '"')) || strcmp(if_none_match, "*") == 0;
}

static struct reply get_load(struct pages *pages, const struct page_query *query)
{
    if (!pages_read_newest(pages))
        return no_load(pages);
    render_whole(pages);
    struct reply reply;
    if (is_known(query->if_none_match, pages->etag)) {
        page_text_clear(&pages->text);
        reply = (struct reply){.status = 304, .body = &pages->text};
    } else if (query->model || query->class_name || query->include) {
        reply = load_part(pages, query);
    } else {
        if (!pages->load_body.has_failed)
            load_json_set_age(pages->load_body.bytes + pages->age_at, pages_age_ns(pages) / 1000);
        reply = made(&pages->load_body, 200);
        reply.is_whole_load = reply.status == 200;
    }
    if (reply.status < 400) {
        reply.etag = pages->etag;
        reply.has_orca = true;
    }
    return reply;
}

const struct view_load *pages_load(struct pages *pages)
{
    return pages_read_newest(pages) ? &pages->load : NULL;
}

const char *pages_orca(struct pages *pages, const char *format)
{
    if (!pages_read_newest(pages))
        return NULL;
    page_text_clear(&pages->orca);
    load_json_add_orca(&pages->orca, &pages->load.report,
                       format && strcasecmp(format, "json") == 0);
    return pages->orca.has_failed ? NULL : pages->orca.bytes;
}

static struct reply get_metrics(struct pages *pages, const struct page_query *query)
{
    const bool is_open = query->accept && strstr(query->accept, "application/openmetrics-text");
    page_text_clear(&pages->text);
    metrics_add(&pages->text, pages->view, pages_read_newest(pages) ? &pages->load : NULL,
                pages->now_ns, is_open);
    struct reply reply = made(&pages->text, 200);
    reply.type = is_open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                         : "text/plain; version=0.0.4; charset=utf-8";
    return reply;
}

static struct reply get_server(struct pages *pages)
{
    page_text_clear(&pages->text);
    page_text_add(&pages->text,
                  "{\"name\":\"joint\",\"version\":\"%s\",\"server\":", JOINT_VERSION);
    page_text_add_json_string(&pages->text, pages->view->setup.server);
    page_text_add(&pages->text,
                  ",\"extensions\":[\"binary_tensor_data\",\"model_repository\",\"statistics\","
                  "\"joint.load/1\",\"joint.cuts/1\"]}\n");
    return made(&pages->text, 200);
}

static struct reply get_ready(struct pages *pages, const struct page_query *query)
{
    const char *why = NULL;
    if (!pages_read_newest(pages)) {
        why = "loading";
    } else {
        const struct load_report *report = &pages->load.report;
        const bool is_strict = query->fail_on_overload && strcmp(query->fail_on_overload, "0") != 0;
        if (report->state == LOAD_LOADING || report->state == LOAD_DRAINING ||
            (is_strict && report->state == LOAD_OVERLOADED))
            why = load_json_state(report->state);
        else if (pages_age_ns(pages) > STALE_FACTOR * report->valid_ns)
            why = "stale";
    }
    page_text_clear(&pages->text);
    page_text_add(&pages->text, "{\"ready\":%s,\"state\":\"%s\"}\n", why ? "false" : "true",
                  why ? why : load_json_state(pages->load.report.state));
    struct reply reply = made(&pages->text, why ? 503 : 200);
    reply.retry_ns = why ? UINT64_C(1000000000) : 0;
    return reply;
}

static struct reply get_live(struct pages *pages)
{
    page_text_clear(&pages->text);
    page_text_add(&pages->text, "{\"live\":true}\n");
    return made(&pages->text, 200);
}

static struct reply get_model(struct pages *pages, const struct route_match *match)
{
    const struct view_model *model = view_find(pages->view, match->model, match->version);
    if (!model)
        return reply_error(&pages->text, 404, "no model %s%s takes requests; /v2/models lists them",
                           match->model, match->version ? " of that version" : "");
    page_text_clear(&pages->text);
    if (match->route->page == ROUTE_MODEL)
        model_json_add(&pages->text, pages->view, model);
    else if (match->route->page == ROUTE_MODEL_STATS)
        statistics_json_add(&pages->text, pages->view, model);
    else
        page_text_add(&pages->text, "{\"ready\":true}\n");
    return made(&pages->text, 200);
}

static struct reply get_models(struct pages *pages)
{
    page_text_clear(&pages->text);
    model_json_add_list(&pages->text, pages->view);
    return made(&pages->text, 200);
}

static struct reply get_statistics(struct pages *pages)
{
    page_text_clear(&pages->text);
    statistics_json_add(&pages->text, pages->view, NULL);
    return made(&pages->text, 200);
}

static struct reply get_openapi(struct pages *pages)
{
    page_text_clear(&pages->text);
    openapi_add(&pages->text);
    return made(&pages->text, 200);
}

struct reply pages_get(struct pages *pages, const struct route_match *match,
                       const struct page_query *query)
{
    switch (match->route->page) {
    case ROUTE_SERVER:
        return get_server(pages);
    case ROUTE_OPENAPI:
        return get_openapi(pages);
    case ROUTE_LIVE:
        return get_live(pages);
    case ROUTE_READY:
        return get_ready(pages, query);
    case ROUTE_LOAD:
        return get_load(pages, query);
    case ROUTE_MODELS:
        return get_models(pages);
    case ROUTE_MODEL:
    case ROUTE_MODEL_READY:
    case ROUTE_MODEL_STATS:
        return get_model(pages, match);
    case ROUTE_STATS:
        return get_statistics(pages);
    case ROUTE_METRICS:
        return get_metrics(pages, query);
    case ROUTE_INFER: /* infer.h has it */
    case ROUTE_INDEX: /* repository.h has these */
    case ROUTE_LOAD_MODEL:
    case ROUTE_UNLOAD_MODEL:
        break;
    }
    return reply_error(&pages->text, 500, "no page is written for %s", match->route->pattern);
}

struct reply pages_missing(struct pages *pages, enum route_result result)
{
    if (result == ROUTE_NO_VERSION)
        return reply_error(&pages->text, 404, "a version is a number from 1 on");
    return reply_error(&pages->text, 404, "no such page; /v2/openapi.json lists all there are");
}
