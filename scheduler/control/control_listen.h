/* The control socket's file: made, taken over from a dead jointd, refused where one lives. */
#ifndef SCHEDULER_CONTROL_CONTROL_LISTEN_H
#define SCHEDULER_CONTROL_CONTROL_LISTEN_H

#include "scheduler/control/control_path.h"

struct control_listen {
    int fd; /* owned; -1: none; does not block */
    char path[CONTROL_PATH_BYTES];
    int file_fd; /* owned (O_PATH): keeps the inode, to know the file again */
};

/* Listens at the path, for its owner alone (0600), or its group too (0660). 0; -EADDRINUSE:
 * somebody listens there; -EEXIST: something lies there that is no socket; -EBUSY: another process
 * has been making a socket in that folder for a second; or -errno. May sleep for that second. */
int control_listen_init(struct control_listen *file, const char *path, bool is_for_group);

/* Takes the file away unless it is another's by now. Accepts NULL, and one that is finished. */
void control_listen_fini(struct control_listen *file);

#endif
