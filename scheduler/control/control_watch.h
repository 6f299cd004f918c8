/* The other end of the control socket, for `joint top` and tests: asks, and maps what can be
 * watched.
 *
 *   int fd = control_connect(NULL, "joint", why, sizeof(why));
 *   struct control_watch watch;
 *   int error = control_watch_init(&watch, fd);          // takes fd
 *   while (control_watch_poll(&watch, 1000) >= 0) ... watch.regions[0..region_count-1] ...
 *   control_watch_fini(&watch); */
#ifndef SCHEDULER_CONTROL_CONTROL_WATCH_H
#define SCHEDULER_CONTROL_CONTROL_WATCH_H

#include "scheduler/control/control_message.h"
#include "shm/region.h"

#include <stdbool.h>

struct control_watched {
    char name[CONTROL_NAME_BYTES];
    enum control_kind kind;
    struct region region; /* owned, read-only */
};

struct control_list {
    struct control_watched *items; /* owned */
    uint32_t count, wanted; /* wanted: of a list that is still coming */
};

struct control_watch {
    int fd; /* owned */
    struct control_list now; /* whole */
    struct control_list coming;
    uint32_t skipped_count; /* of the newest list: could not be mapped */
};

/* To the socket at path; NULL: where the server of that name has it (control_path.h). A descriptor,
 * or -errno and why, one line. */
int control_connect(const char *path, const char *name, char *why, size_t why_bytes);

/* Says a word and waits for the answer, a text. 0; -ETIMEDOUT; -EPIPE; -EMSGSIZE; -errno. */
int control_ask(int fd, const char *word, char *text, size_t text_bytes, int timeout_ms);

/* Takes fd, on success only. 0 or -errno. */
int control_watch_init(struct control_watch *watch, int fd);
void control_watch_fini(struct control_watch *watch); /* accepts NULL and zeroed */

/* Takes in what has come, waiting so long for the first of it. 1: `now` is a new list; 0: it is
 * what it was; -EPIPE: jointd is gone; -EBADMSG: what it says makes no sense. */
int control_watch_poll(struct control_watch *watch, int timeout_ms);

#endif
