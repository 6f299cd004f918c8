/* Decides by what would be sent: two snapshots that read the same are one event. */
#include "scheduler/api/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INTERVAL_MS 3600000u

bool watch_init(struct watch *watch, const struct page_query *query, const char *interval_ms)
{
    *watch = (struct watch){.parts = pages_parts(query->include)};
    snprintf(watch->model, sizeof(watch->model), "%s", query->model ? query->model : "");
    snprintf(watch->class_name, sizeof(watch->class_name), "%s",
             query->class_name ? query->class_name : "");
    if (!interval_ms)
        return true;
    char *end;
    errno = 0;
    const unsigned long ms = strtoul(interval_ms, &end, 10);
    if (errno || *end || interval_ms[0] < '0' || interval_ms[0] > '9' || ms > MAX_INTERVAL_MS)
        return false;
    watch->interval_ns = (uint64_t)ms * 1000000u;
    return true;
}

/* FNV-1a; never 0. */
static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

static uint64_t interval_of(const struct watch *watch, const struct pages *pages)
{
    const uint64_t least_ns = pages->load.report.min_poll_ns;
    const uint64_t asked_ns =
        watch->interval_ns > WATCH_LEAST_NS ? watch->interval_ns : WATCH_LEAST_NS;
    return asked_ns > least_ns ? asked_ns : least_ns;
}

/* Whether it is an event; if it is not, the text is as it was. */
static bool add_event(struct watch *watch, struct pages *pages, struct page_text *text)
{
    const struct load_json_wish wish = {.parts = watch->parts,
                                        .model = watch->model[0] ? watch->model : NULL,
                                        .class_name =
                                            watch->class_name[0] ? watch->class_name : NULL};
    const size_t before = text->length;
    size_t age_at;
    watch->sequence = pages->load.sequence;
    page_text_add(text, "%sid: %llu\nevent: load\ndata: ", watch->hash ? "" : "retry: 1000\n",
                  (unsigned long long)pages->load.sequence);
    load_json_add(text, pages->view, &pages->load, &wish, &age_at);
    page_text_add(text, "\n");
    if (text->has_failed)
        return false;
    const size_t told_at = age_at + LOAD_JSON_AGE_DIGITS;
    const uint64_t hash = hash_of(text->bytes + told_at, text->length - told_at);
    if (hash == watch->hash) {
        text->length = before;
        return false;
    }
    load_json_set_age(text->bytes + age_at, pages_age_ns(pages) / 1000);
    watch->hash = hash;
    watch->event_ns = watch->sent_ns = pages->now_ns;
    return true;
}

static uint64_t due_ns(const struct watch *watch, const struct pages *pages)
{
    return watch->hash ? watch->event_ns + interval_of(watch, pages) : 0;
}

static void look_later(struct watch *watch, const struct pages *pages)
{
    const uint64_t then_ns = pages->now_ns + WATCH_LEAST_NS, event_ns = due_ns(watch, pages);
    watch->look_ns = then_ns > event_ns ? then_ns : event_ns;
}

static bool has_newer(const struct watch *watch, struct pages *pages)
{
    return pages->now_ns >= due_ns(watch, pages) && pages_read_newest(pages) &&
           pages->load.sequence != watch->sequence;
}

static bool is_silent(const struct watch *watch, const struct pages *pages)
{
    return pages->now_ns >= watch->sent_ns + WATCH_BEAT_NS;
}

bool watch_is_due(struct watch *watch, struct pages *pages)
{
    if (has_newer(watch, pages) || is_silent(watch, pages))
        return true;
    look_later(watch, pages);
    return false;
}

bool watch_next(struct watch *watch, struct pages *pages, struct page_text *text)
{
    if (has_newer(watch, pages) && add_event(watch, pages, text))
        return true;
    look_later(watch, pages);
    if (!is_silent(watch, pages))
        return false;
    watch->sent_ns = pages->now_ns;
    page_text_add(text, ": nothing new\n\n");
    return true;
}
