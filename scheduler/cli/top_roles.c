/* From joint.status/1 to processes. */
#include "scheduler/cli/top_roles.h"
#include "scheduler/cli/report.h"
#include "scheduler/control/control_message.h"
#include "scheduler/control/control_watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 500

static void add(struct roles *roles, const json_t *json)
{
    if (roles->count == ROLES_MAX)
        return;
    struct role *role = &roles->items[roles->count++];
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *state = json_string_value(json_object_get(json, "state"));
    const json_t *starts = json_object_get(json, "starts");
    *role = (struct role){.pid = (int)json_integer_value(json_object_get(json, "pid")),
                          .starts = starts ? (uint64_t)json_integer_value(starts) : 1};
    snprintf(role->name, sizeof(role->name), "%s", name ? name : "?");
    snprintf(role->state, sizeof(role->state), "%s", state ? state : "?");
}

/* jointd itself first; a loader is shown only while there is one. */
static void take(struct roles *roles, const json_t *status)
{
    size_t index;
    const json_t *child;
    add(roles, status);
    snprintf(roles->items[0].name, sizeof(roles->items[0].name), "jointd");
    json_array_foreach(json_object_get(status, "children"), index, child)
    {
        add(roles, child);
        if (strcmp(roles->items[roles->count - 1].name, "loader") == 0 &&
            roles->items[roles->count - 1].pid == 0)
            roles->count--;
    }
}

int top_roles_ask(int fd, struct roles *roles, uint64_t now_ns)
{
    char *text = malloc(CONTROL_STATUS_BYTES + 1);
    *roles = (struct roles){.at_ns = now_ns};
    if (!text)
        return -ENOMEM;
    int error = control_ask(fd, "status", text, CONTROL_STATUS_BYTES + 1, PATIENCE_MS);
    json_t *status = error ? NULL : json_loads(text, 0, NULL);
    free(text);
    if (!error && !json_is_array(json_object_get(status, "children")))
        error = -EBADMSG;
    if (!error) {
        take(roles, status);
        roles_measure(roles, now_ns);
    }
    json_decref(status);
    return error;
}

json_t *top_roles_json(const struct roles *before, const struct roles *now)
{
    json_t *processes = json_array();
    for (uint32_t i = 0; i < now->count; i++) {
        const struct role *role = &now->items[i];
        const double busy = roles_busy(before, now, i);
        json_t *json =
            json_pack("{s:o, s:i, s:o, s:I}", "name", report_text(role->name), "pid", role->pid,
                      "state", report_text(role->state), "starts", (json_int_t)role->starts);
        if (role->is_measured)
            json_object_update_new(json, json_pack("{s:i, s:o, s:I}", "core", role->core,
                                                   "may_run_on", report_text(role->cores),
                                                   "memory_bytes", (json_int_t)role->memory_bytes));
        if (busy >= 0)
            json_object_set_new(json, "busy_cores", json_real(busy));
        json_array_append_new(processes, json);
    }
    return processes;
}
