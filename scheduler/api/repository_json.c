/* Reads and writes the bodies of the model repository. */
#include "scheduler/api/repository_json.h"
#include "scheduler/api/json_reader.h"

#include <stdio.h>
#include <string.h>

/* The object that the body is; an empty one for no body. */
static bool read_object(const struct page_text *body, struct json_value *members, char *why,
                        size_t why_bytes)
{
    struct json_fault fault;
    *members = (struct json_value){0};
    if (body->length == 0)
        return true;
    if (!json_reader_check(body->bytes, body->length, &fault)) {
        snprintf(why, why_bytes, "the body is no JSON: at byte %zu: %s", fault.offset, fault.what);
        return false;
    }
    const struct json_value root = json_reader_root(body->bytes, body->length);
    if (json_reader_kind_of(root) != JSON_READER_OBJECT) {
        snprintf(why, why_bytes, "the body is not an object of JSON");
        return false;
    }
    *members = json_reader_inside(root);
    return true;
}

static bool refuse_key(struct json_value key, const char *where, const char *known, char *why,
                       size_t why_bytes)
{
    char name[64] = "...";
    (void)json_reader_string(key, name, sizeof(name));
    snprintf(why, why_bytes, "%s\"%s\" is not known here, but %s", where, name, known);
    return false;
}

bool repository_json_read_index(const struct page_text *body, bool *only_ready, char *why,
                                size_t why_bytes)
{
    struct json_value rest, key, value;
    *only_ready = false;
    if (!read_object(body, &rest, why, why_bytes))
        return false;
    while (rest.at && json_reader_next_member(&rest, &key, &value)) {
        if (!json_reader_is(key, "ready"))
            return refuse_key(key, "", "\"ready\" is", why, why_bytes);
        const enum json_reader_kind kind = json_reader_kind_of(value);
        if (kind != JSON_READER_TRUE && kind != JSON_READER_FALSE) {
            snprintf(why, why_bytes, "\"ready\" is true or false");
            return false;
        }
        *only_ready = kind == JSON_READER_TRUE;
    }
    return true;
}

/* A number, or a string of one as the rest of the protocol has versions. */
static bool read_version(struct json_value value, uint32_t *version)
{
    char text[16];
    uint64_t number = 0;
    if (json_reader_kind_of(value) == JSON_READER_STRING) {
        if (!json_reader_string(value, text, sizeof(text)) || !text[0] ||
            strspn(text, "0123456789") != strlen(text))
            return false;
        for (const char *at = text; *at; at++)
            number = number * 10 + (uint64_t)(*at - '0');
    } else if (!json_reader_count(value, &number)) {
        return false;
    }
    *version = (uint32_t)number;
    return number > 0 && number <= UINT32_MAX;
}

static bool read_parameter(struct json_value key, struct json_value value,
                           struct api_change *change, char *why, size_t why_bytes)
{
    const bool is_load = change->kind == API_LOAD;
    if (!is_load && json_reader_is(key, "unload_dependents"))
        return true; /* there are none */
    if (is_load && json_reader_is(key, "version")) {
        snprintf(why, why_bytes, "\"version\" is a whole number from 1 on");
        return read_version(value, &change->version);
    }
    if (is_load && json_reader_is(key, "path")) {
        snprintf(why, why_bytes, "\"path\" is a string of at most %u bytes", API_PATH_BYTES - 1);
        return json_reader_string(value, change->path, sizeof(change->path)) && change->path[0];
    }
    return refuse_key(
        key, "parameters: ", is_load ? "\"path\" and \"version\" are" : "\"unload_dependents\" is",
        why, why_bytes);
}

bool repository_json_read_change(const struct page_text *body, struct api_change *change, char *why,
                                 size_t why_bytes)
{
    struct json_value rest, key, value;
    if (!read_object(body, &rest, why, why_bytes))
        return false;
    while (rest.at && json_reader_next_member(&rest, &key, &value)) {
        if (!json_reader_is(key, "parameters"))
            return refuse_key(key, "", "\"parameters\" are", why, why_bytes);
        if (json_reader_kind_of(value) != JSON_READER_OBJECT) {
            snprintf(why, why_bytes, "\"parameters\" is not an object");
            return false;
        }
        struct json_value parameters = json_reader_inside(value), name, what;
        while (json_reader_next_member(&parameters, &name, &what))
            if (!read_parameter(name, what, change, why, why_bytes))
                return false;
    }
    return true;
}

static const char *name_of_state(uint32_t state)
{
    static const char *const names[] = {[API_MODEL_LOADING] = "LOADING",
                                        [API_MODEL_READY] = "READY",
                                        [API_MODEL_UNLOADING] = "UNLOADING",
                                        [API_MODEL_UNAVAILABLE] = "UNAVAILABLE"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "UNKNOWN";
}

void repository_json_add_index(struct page_text *text, const struct view *view, bool only_ready)
{
    const char *comma = "";
    page_text_add(text, "[");
    for (uint32_t i = 0; i < view->row_count; i++) {
        const struct api_message *row = &view->rows[i];
        if (only_ready && row->status != API_MODEL_READY)
            continue;
        page_text_add(text, "%s{\"name\":", comma);
        comma = ",";
        page_text_add_json_string(text, row->name);
        page_text_add(text, ",\"version\":\"%u\",\"state\":\"%s\",\"reason\":", row->version,
                      name_of_state(row->status));
        page_text_add_json_string(text, row->text);
        page_text_add(text, "}");
    }
    page_text_add(text, "]\n");
}
