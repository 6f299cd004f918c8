/* jointd's state as a line of JSON (schema joint.status/1), written in this order:
 *
 *   control_status_begin(status, "edge-1", "serving");
 *   control_status_child(status, &worker->child, now_ns);      // any number
 *   control_status_model(status, "alexnet", 1, "ready");       // any number
 *   control_status_end(status);
 *
 * {"schema":"joint.status/1","name":"edge-1","pid":7,"state":"serving",
 *  "children":[{"name":"worker 0","pid":8,"state":"running","for_ms":120,"starts":1,"deaths":0,
 *               "last":"worker 0 (pid 8) runs"}],
 *  "models":[{"name":"alexnet","version":1,"state":"ready"}]} */
#ifndef SCHEDULER_CONTROL_CONTROL_STATUS_H
#define SCHEDULER_CONTROL_CONTROL_STATUS_H

#include "scheduler/supervise/child.h"

struct control_status {
    char *text; /* owned; ends with a line's end and 0 */
    size_t bytes, length;
    bool is_full; /* what did not fit is missing: text is then an error in JSON */
    uint32_t child_count, model_count;
};

/* 0 or -ENOMEM. */
int control_status_init(struct control_status *status, size_t bytes);
void control_status_fini(struct control_status *status); /* accepts NULL and zeroed */

/* Empties it first. Names may hold any bytes. */
void control_status_begin(struct control_status *status, const char *name, const char *state);
void control_status_child(struct control_status *status, const struct child *child,
                          uint64_t now_ns);
void control_status_model(struct control_status *status, const char *name, uint32_t version,
                          const char *state);
void control_status_end(struct control_status *status);

/* Instead of all that: {"error":"..."}. */
void control_status_error(struct control_status *status, const char *what);

#endif
