/* Writes lines of the request log, one column after the other by one table. */
#include "scheduler/service/request_line.h"
#include "scheduler/service/reason.h"

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

/* By hand: printf took twelve times as long, and there may be 15,000 lines a second. */
static void add(struct text *text, const char *bytes, size_t length)
{
    const size_t room = REQUEST_LINE_BYTES - 1 - text->length;
    const size_t taken = length < room ? length : room;
    memcpy(text->bytes + text->length, bytes, taken);
    text->length += taken;
}

static void add_word(struct text *text, const char *word)
{
    add(text, word, strlen(word));
}

/* At least so many digits. */
static void add_digits(struct text *text, uint64_t value, unsigned least)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0 || sizeof(digits) - at < least);
    add(text, digits + at, sizeof(digits) - at);
}

/* Before each value. */
static void begin(struct text *text, const char *name)
{
    if (text->is_json) {
        add_word(text, text->has_column ? ",\"" : "{\"");
        add_word(text, name);
        add_word(text, "\":");
    } else if (text->has_column) {
        add(text, "\t", 1);
    }
    text->has_column = true;
}

/* What would break a line, a column or a string is written as '?'. */
static void add_text(struct text *text, const char *name, const char *value)
{
    const size_t quotes = text->is_json;
    begin(text, name);
    add(text, "\"", quotes);
    const size_t start = text->length;
    add_word(text, value);
    for (char *at = text->bytes + start; at < text->bytes + text->length; at++)
        if ((unsigned char)*at < ' ' || *at == '"' || *at == '\\')
            *at = '?';
    add(text, "\"", quotes);
}

static void add_nothing(struct text *text, const char *name)
{
    begin(text, name);
    add_word(text, text->is_json ? "null" : "-");
}

static void add_number(struct text *text, const char *name, uint64_t value)
{
    begin(text, name);
    add_digits(text, value, 1);
}

static void add_ms(struct text *text, const char *name, uint64_t ns)
{
    begin(text, name);
    add_digits(text, ns / 1000000, 1);
    add(text, ".", 1);
    add_digits(text, ns / 1000 % 1000, 3);
}

static void add_time(struct text *text, const char *name, uint64_t unix_ns)
{
    const char *quote = text->is_json ? "\"" : "";
    const time_t seconds = (time_t)(unix_ns / 1000000000u);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm)) {
        add_nothing(text, name);
        return;
    }
    const struct {
        int value;
        unsigned digits;
        const char *after;
    } parts[] = {{tm.tm_year + 1900, 4, "-"}, {tm.tm_mon + 1, 2, "-"}, {tm.tm_mday, 2, "T"},
                 {tm.tm_hour, 2, ":"},        {tm.tm_min, 2, ":"},     {tm.tm_sec, 2, "."}};
    begin(text, name);
    add_word(text, quote);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        add_digits(text, (uint64_t)parts[i].value, parts[i].digits);
        add_word(text, parts[i].after);
    }
    add_digits(text, unix_ns / 1000 % 1000000, 6);
    add(text, "Z", 1);
    add_word(text, quote);
}

static void add_client(struct text *text, const char *name, uint64_t client)
{
    char digits[16];
    for (int i = 0; i < 16; i++)
        digits[i] = "0123456789abcdef"[client >> (60 - 4 * i) & 15];
    const size_t quotes = text->is_json;
    begin(text, name);
    add(text, "\"", quotes);
    add(text, digits, sizeof(digits));
    add(text, "\"", quotes);
}

static void add_path(struct text *text, const char *name, const struct request_path *path)
{
    if (path->count == 0) {
        add_nothing(text, name);
        return;
    }
    const size_t quotes = text->is_json;
    begin(text, name);
    add(text, "\"", quotes);
    for (uint32_t i = 0; i < path->count; i++) {
        add(text, ",", i > 0);
        add_digits(text, path->part[i].from, 1);
        add(text, "-", 1);
        add_digits(text, path->part[i].to, 1);
        add(text, ":", 1);
        add_digits(text, path->part[i].rows, 1);
    }
    if (path->is_cut_off)
        add_word(text, ",...");
    add(text, "\"", quotes);
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
    add_time(text, "time", line->ended_unix_ns);
    add_number(text, "id", line->id);
    add_client(text, "client", line->client);
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
    add_word(&text, text.is_json ? "}\n" : "\n");
    bytes[text.length] = '\0';
    return text.length;
}

size_t request_line_write_lost(uint64_t count, enum request_line_format format, char *bytes)
{
    struct text text = {.bytes = bytes};
    add_word(&text, format == REQUEST_LINE_JSON ? "{\"lost\":" : "# lost: ");
    add_digits(&text, count, 1);
    add_word(&text, format == REQUEST_LINE_JSON ? "}\n" : "\n");
    bytes[text.length] = '\0';
    return text.length;
}
