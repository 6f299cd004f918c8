/* Where jointd's control socket lies. */
#ifndef SCHEDULER_CONTROL_CONTROL_PATH_H
#define SCHEDULER_CONTROL_CONTROL_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CONTROL_PATH_BYTES 108u /* of sockaddr_un */

/* What the place depends on. */
struct control_user {
    uid_t uid;
    const char *runtime_folder; /* $XDG_RUNTIME_DIR; NULL or "": none */
};

/* Of this process: its effective user. */
struct control_user control_user_of_process(void);

/* The places in the order in which they are tried, `place` counted from 0:
 *
 *   root      /run/joint/NAME.sock
 *   others    $XDG_RUNTIME_DIR/joint-NAME.sock if that is set, else /tmp/joint-UID/NAME.sock;
 *             a client also tries /run/joint/NAME.sock after them
 *
 * 0; -ENOENT: no more places; -ENAMETOOLONG. */
int control_path(char *path, const char *name, const struct control_user *user, bool is_client,
                 unsigned place);

/* For the server: makes the folder that such a path stands in, if it is not there. 0; -EPERM: it is
 * not this user's alone, so somebody else could stand in for the socket; or -errno. */
int control_path_make_folder(const char *path, const struct control_user *user);

#endif
