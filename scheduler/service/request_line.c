/* Writes lines of the request log, one column after the other by one table. */
#include "scheduler/service/request_line.h"
#include "scheduler/service/reason.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct request_path request_path_start(void)
{
    return (struct request_path){.merged = REQUEST_PATH_NEVER, .worker = REQUEST_PATH_NEVER};
}

void request_path_add(struct request_path *path, uint32_t worker, uint32_t dispatch, uint32_t from,
                      uint32_t to, uint32_t rows, bool is_merged)
{
    if (is_merged && path->merged == REQUEST_PATH_NEVER)
        path->merged = (uint16_t)from;
    const bool is_same =
        path->count && path->worker == (uint16_t)worker && path->dispatch == dispatch;
    const uint32_t last = path->count ? path->count - 1u : 0;
    path->worker = (uint16_t)worker;
    path->dispatch = dispatch;
    if (is_same && path->part[last].rows == rows) {
        if (path->part[last].from <= from && path->part[last].to >= to)
            return; /* another of its rows */
        if (path->part[last].to == from) {
            path->part[last].to = (uint16_t)to;
            return;
        }
    }
    if (path->count == REQUEST_PATH_PARTS) {
        path->is_cut_off = true;
        return;
    }
    path->part[path->count].from = (uint16_t)from;
    path->part[path->count].to = (uint16_t)to;
    path->part[path->count++].rows = (uint16_t)rows;
}

struct text {
    char *bytes;
    size_t length;
    bool is_json;
    bool has_column;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int more =
        vsnprintf(text->bytes + text->length, REQUEST_LINE_BYTES - text->length, format, arguments);
    va_end(arguments);
    text->length += more > 0 ? (size_t)more : 0;
    if (text->length >= REQUEST_LINE_BYTES)
        text->length = REQUEST_LINE_BYTES - 1;
}

/* Before each value. */
static void begin(struct text *text, const char *name)
{
    if (text->is_json)
        add(text, "%s\"%s\":", text->has_column ? "," : "{", name);
    else if (text->has_column)
        add(text, "\t");
    text->has_column = true;
}

/* What would break a line, a column or a string is written as '?'. */
static void add_text(struct text *text, const char *name, const char *value)
{
    const char *quote = text->is_json ? "\"" : "";
    begin(text, name);
    add(text, "%s", quote);
    for (const char *at = value; *at; at++)
        add(text, "%c", (unsigned char)*at < ' ' || *at == '"' || *at == '\\' ? '?' : *at);
    add(text, "%s", quote);
}

static void add_nothing(struct text *text, const char *name)
{
    begin(text, name);
    add(text, text->is_json ? "null" : "-");
}

static void add_number(struct text *text, const char *name, uint64_t value)
{
    begin(text, name);
    add(text, "%" PRIu64, value);
}

static void add_ms(struct text *text, const char *name, uint64_t ns)
{
    begin(text, name);
    add(text, "%" PRIu64 ".%03" PRIu64, ns / 1000000, ns / 1000 % 1000);
}

static void add_time(struct text *text, const char *name, uint64_t unix_ns)
{
    char when[40], whole[64];
    const time_t seconds = (time_t)(unix_ns / 1000000000u);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm)) {
        add_nothing(text, name);
        return;
    }
    snprintf(whole, sizeof(whole), "%s.%06uZ", when, (unsigned)(unix_ns / 1000 % 1000000));
    add_text(text, name, whole);
}

static void add_path(struct text *text, const char *name, const struct request_path *path)
{
    char parts[REQUEST_PATH_PARTS * 20 + 8] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < path->count; i++)
        used += (size_t)snprintf(parts + used, sizeof(parts) - used, "%s%u-%u:%u", i ? "," : "",
                                 path->part[i].from, path->part[i].to, path->part[i].rows);
    if (path->is_cut_off)
        snprintf(parts + used, sizeof(parts) - used, ",...");
    if (path->count)
        add_text(text, name, parts);
    else
        add_nothing(text, name);
}

/* "yes"; "no", for which `reason` says why, or that it was answered too late; "none" was set. */
static const char *met(const struct request_line *line)
{
    if (line->deadline_ns == UINT64_MAX)
        return "none";
    return line->reason == INGRESS_ANSWERED && line->total_ns <= line->deadline_ns ? "yes" : "no";
}

const char *request_line_titles(enum request_line_format format)
{
    return format == REQUEST_LINE_JSON
               ? ""
               : "time\tid\tclient\tmodel\tversion\tclass\tfrom\tto\trows\tbytes\tpath\tmerged\t"
                 "predicted_wait_ms\twait_ms\tpredicted_execution_ms\texecution_ms\ttotal_ms\t"
                 "deadline_ms\tmet\treason\tworker\n";
}

static void add_request(struct text *text, const struct request_line *line, const char *class_name)
{
    char client[24];
    snprintf(client, sizeof(client), "%016" PRIx64, line->client);
    add_time(text, "time", line->ended_unix_ns);
    add_number(text, "id", line->id);
    add_text(text, "client", client);
    if (line->model[0])
        add_text(text, "model", line->model);
    else
        add_nothing(text, "model");
    add_number(text, "version", line->version);
    add_text(text, "class", class_name);
    add_number(text, "from", line->from);
    add_number(text, "to", line->to);
    add_number(text, "rows", line->rows);
    add_number(text, "bytes", line->bytes);
}

static void add_way(struct text *text, const struct request_line *line)
{
    const bool has_run = line->path.worker != REQUEST_PATH_NEVER;
    add_path(text, "path", &line->path);
    if (line->path.merged != REQUEST_PATH_NEVER)
        add_number(text, "merged", line->path.merged);
    else
        add_nothing(text, "merged");
    add_ms(text, "predicted_wait_ms", line->predicted_wait_ns);
    add_ms(text, "wait_ms", line->wait_ns);
    add_ms(text, "predicted_execution_ms", line->predicted_compute_ns);
    add_ms(text, "execution_ms", line->compute_ns);
    add_ms(text, "total_ms", line->total_ns);
    if (line->deadline_ns != UINT64_MAX)
        add_ms(text, "deadline_ms", line->deadline_ns);
    else
        add_nothing(text, "deadline_ms");
    add_text(text, "met", met(line));
    add_text(text, "reason", reason_name(line->reason));
    if (has_run)
        add_number(text, "worker", line->path.worker);
    else
        add_nothing(text, "worker");
}

size_t request_line_write(const struct request_line *line, const char *class_name,
                          enum request_line_format format, char *bytes)
{
    struct text text = {.bytes = bytes, .is_json = format == REQUEST_LINE_JSON};
    add_request(&text, line, class_name);
    add_way(&text, line);
    add(&text, text.is_json ? "}\n" : "\n");
    return text.length;
}

size_t request_line_write_lost(uint64_t count, enum request_line_format format, char *bytes)
{
    struct text text = {.bytes = bytes};
    add(&text, format == REQUEST_LINE_JSON ? "{\"lost\":%" PRIu64 "}\n" : "# lost: %" PRIu64 "\n",
        count);
    return text.length;
}
