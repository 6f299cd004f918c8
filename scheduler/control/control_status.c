/* Writes the status. By hand: jointd has no other use for a JSON library. */
#include "scheduler/control/control_status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int control_status_init(struct control_status *status, size_t bytes)
{
    *status = (struct control_status){.text = calloc(1, bytes), .bytes = bytes};
    return status->text ? 0 : -ENOMEM;
}

void control_status_fini(struct control_status *status)
{
    if (!status)
        return;
    free(status->text);
    *status = (struct control_status){0};
}

static __attribute__((format(printf, 2, 3))) void add(struct control_status *status,
                                                      const char *format, ...)
{
    if (status->is_full)
        return;
    va_list arguments;
    va_start(arguments, format);
    const size_t room = status->bytes - status->length;
    const int length = vsnprintf(status->text + status->length, room, format, arguments);
    va_end(arguments);
    status->is_full = length < 0 || (size_t)length >= room;
    if (!status->is_full)
        status->length += (size_t)length;
}

/* A string in quotes. Bytes beyond ASCII become '?', so that it is JSON whatever they are. */
static void add_string(struct control_status *status, const char *key, const char *text)
{
    add(status, "\"%s\":\"", key);
    for (; *text && !status->is_full; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            add(status, "\\%c", byte);
        else if (byte < ' ')
            add(status, "\\u%04x", byte);
        else
            add(status, "%c", byte < 0x7f ? byte : '?');
    }
    add(status, "\"");
}

void control_status_begin(struct control_status *status, const char *name, const char *state)
{
    status->length = 0;
    status->is_full = false;
    status->child_count = status->model_count = 0;
    add(status, "{\"schema\":\"joint.status/1\",");
    add_string(status, "name", name);
    add(status, ",\"pid\":%d,", (int)getpid());
    add_string(status, "state", state);
    add(status, ",\"children\":[");
}

void control_status_child(struct control_status *status, const struct child *child, uint64_t now_ns)
{
    static const char *const states[] = {[CHILD_IDLE] = "waiting",
                                         [CHILD_RUNNING] = "running",
                                         [CHILD_STOPPING] = "stopping",
                                         [CHILD_DEAD] = "dead"};
    char last[256];
    child_describe(child, last, sizeof(last));
    const bool is_alive = child->state == CHILD_RUNNING || child->state == CHILD_STOPPING;
    add(status, "%s{", status->child_count++ ? "," : "");
    add_string(status, "name", child->config->name);
    add(status, ",\"pid\":%d,\"state\":\"%s\",\"for_ms\":%llu,\"starts\":%llu,\"deaths\":%llu,",
        is_alive ? (int)child->pid : 0, states[child->state],
        is_alive ? (unsigned long long)((now_ns - child->started_ns) / 1000000) : 0,
        (unsigned long long)child->start_count, (unsigned long long)child->death_count);
    add_string(status, "last", last);
    add(status, "}");
}

void control_status_model(struct control_status *status, const char *name, uint32_t version,
                          const char *state)
{
    add(status, "%s{", status->model_count++ ? "," : "],\"models\":[");
    add_string(status, "name", name);
    add(status, ",\"version\":%u,", version);
    add_string(status, "state", state);
    add(status, "}");
}

void control_status_end(struct control_status *status)
{
    if (status->model_count == 0)
        add(status, "],\"models\":[");
    add(status, "]}\n");
    if (status->is_full)
        control_status_error(status, "the status does not fit into one message");
}

void control_status_error(struct control_status *status, const char *what)
{
    status->length = 0;
    status->is_full = false;
    add(status, "{");
    add_string(status, "error", what);
    add(status, "}\n");
}
