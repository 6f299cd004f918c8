/* One role's process as jointd keeps it: started with sockets to jointd, watched, ended, started
 * again after a pause that doubles.
 *
 *          start            beats, sockets              it ended, or did not beat and was killed
 *   IDLE ─────────> RUNNING ─────────────> RUNNING ─────────────────────────────┐
 *    ^  ^             │ stop                                                    v
 *    │  │             v          ended                       restart after    DEAD
 *    │  │          STOPPING ─────────────────────────────────────────────────> │
 *    │  └────────────────────────── child_clear, nothing of it is left ────────┘
 *
 * DEAD means proven dead (its pidfd said so and it was waited for): only then may its memory be
 * repaired, by whoever owns the child. One thread uses a child; no function blocks but child_fini.
 * What the process inherits stands in spawn.h. SIGCHLD must not be ignored. */
#ifndef SCHEDULER_SUPERVISE_CHILD_H
#define SCHEDULER_SUPERVISE_CHILD_H

#include "scheduler/supervise/core_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_MAX_SOCKETS 64u
#define CHILD_MAX_ARGUMENTS 30u
#define CHILD_MAX_SPARED 10u

enum child_state { CHILD_IDLE, CHILD_RUNNING, CHILD_STOPPING, CHILD_DEAD };

struct child_config {
    const char *name; /* for the log: "worker 2"; borrowed, as is all here, for the child's life */
    const char *program; /* path */
    /* argv after the program, NULL at the end. The sockets are descriptors 3 and up, and each "%s"
     * alone among the words is replaced by their numbers with commas between ("3,4"). Up to
     * CHILD_MAX_ARGUMENTS. */
    const char *const *arguments;
    unsigned socket_count; /* SOCK_SEQPACKET pairs to make; 1 */
    bool is_confined; /* runs as this user and group, without supplementary groups */
    uid_t uid;
    gid_t gid;
    uint64_t restart_delay_ns, restart_delay_max_ns; /* 10 ms, 10 s */
    uint64_t stable_ns; /* having run so long, its next pause is the first again; 10 s */
};

struct child {
    const struct child_config *config;
    enum child_state state;
    pid_t pid;
    int pidfd; /* owned; readable when it has ended; -1 */
    /* Owned, our ends; -1 once taken by the caller or closed. They do not block: poll first. */
    int socket[CHILD_MAX_SOCKETS];
    uint64_t started_ns;
    uint64_t restart_ns; /* DEAD, IDLE: not to be started before */
    uint64_t delay_ns; /* the next pause */
    int start_error; /* IDLE: why it did not start, -errno; 0 */
    const char *start_step; /* what could not be done then */
    int exit_status; /* DEAD: as waitpid says it */
    bool was_killed_for_hanging;
    uint64_t beat_ns; /* the newest sign of life that child_watch saw */
    uint64_t watched_ns; /* when child_watch looked last */
    uint64_t silent_ns; /* for how long of the watched time it has given none */
    bool is_doubted; /* it is silent for half of what it may be: had is as of then */
    struct core_time had;
    unsigned spared_count; /* how often in this silence it was let live for want of a core */
    uint64_t start_count, death_count;
};

void child_init(struct child *child, const struct child_config *config);
/* Kills what still runs and waits for it. Accepts NULL and zeroed. */
void child_fini(struct child *child);

/* From IDLE. 0, with its sockets made; or -errno, and it is IDLE with a pause. The process ends
 * when this thread does, however that happens. */
int child_start(struct child *child, uint64_t now_ns);
/* SIGTERM, once: it should end in good order. */
void child_stop(struct child *child);
/* SIGKILL. Its end is noticed by child_poll. */
void child_kill(struct child *child);

/* Looks whether it has ended: true if it just became DEAD. After a stop there is no pause. */
bool child_poll(struct child *child, uint64_t now_ns);
/* Its newest sign of life, whatever it says, must change: kills it after hang_ns in which it did
 * not, and says so, once. To be called some times in each hang_ns: the time between two calls
 * counts for half of hang_ns at most, so that a pause of our own is not taken for its. One that
 * was not let run for half of the second half is given that half again, CHILD_MAX_SPARED times. */
bool child_watch(struct child *child, uint64_t beat_ns, uint64_t hang_ns, uint64_t now_ns);
/* DEAD to IDLE, after the caller has repaired; closes what is left of the sockets. */
void child_clear(struct child *child);

/* Whether it is IDLE and its pause is over. */
bool child_is_due(const struct child *child, uint64_t now_ns);

/* "worker 2 (pid 4711) was killed by signal 9 (Killed)"; for the log. */
void child_describe(const struct child *child, char *text, size_t text_bytes);

#endif
