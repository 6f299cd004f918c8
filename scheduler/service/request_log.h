/* The request log: one line for each request that ended, in a file of its own ([log] of the
 * configuration). jointd only puts what it knows into a ring; a thread writes it out. A ring that
 * is full, or a file that cannot be written, costs lines, which are counted, and never time.
 *
 *   request_end, submit ── request_line ──> ring ──> thread ──> file
 *                                            │ full            │ cannot be written
 *                                            └──── lost ───────┘ ──> the log itself, a counter
 *
 * All calls are jointd's thread's. */
#ifndef SCHEDULER_SERVICE_REQUEST_LOG_H
#define SCHEDULER_SERVICE_REQUEST_LOG_H

#include "scheduler/config/jointd_config.h"
#include "scheduler/service/request_line.h"

#include <pthread.h>

#define REQUEST_LOG_LINES 4096u /* in the ring */

/* What the thread is told; a copy under the lock. */
struct request_log_order {
    char file[CONFIG_PATH_BYTES];
    enum request_line_format format;
    uint64_t number; /* 0: none yet; a new one opens the file again */
};

struct request_log {
    enum config_requests requests; /* jointd: rw, as all up to the ring */
    uint64_t sample;
    uint64_t random;
    uint64_t next_id;
    bool is_running;
    int said_error;
    bool had_error; /* kept for whoever tells people */
    pthread_t thread;
    pthread_mutex_t lock; /* over order; held for a copy */
    struct request_log_order order;
    const struct class_section *classes; /* borrowed; do not change */
    struct request_line *ring; /* owned; [REQUEST_LOG_LINES] */
    char apart_from_jointd[SHM_APART_BYTES];
    _Atomic uint64_t pushed; /* jointd: rw, thread: ro */
    _Atomic uint64_t lost; /* for want of room; jointd: rw, thread: ro */
    _Atomic bool is_ending; /* jointd: rw, thread: ro */
    char apart_from_thread[SHM_APART_BYTES];
    _Atomic uint64_t popped; /* thread: rw, jointd: ro */
    _Atomic uint64_t written, unwritten; /* thread: rw, jointd: ro */
    _Atomic int error; /* -errno of the file, 0: all is well; thread: rw, jointd: ro */
};

/* 0 or -errno. The classes must stay. */
int request_log_init(struct request_log *log, const struct jointd_config *config);
/* Writes what is in the ring, and ends the thread. */
void request_log_fini(struct request_log *log); /* accepts NULL and zeroed */

/* New options, or the same: the file is opened again in any case. 0 or -errno. */
int request_log_reload(struct request_log *log, const struct log_section *section);

static inline bool request_log_is_on(const struct request_log *log)
{
    return log->requests != CONFIG_REQUESTS_OFF;
}

/* Numbers the line and puts it into the ring, if it is one of those to log. */
void request_log_add(struct request_log *log, struct request_line *line);

/* Lines in the file, and lost, since the beginning. */
uint64_t request_log_written(const struct request_log *log);
uint64_t request_log_lost(const struct request_log *log);
/* How the file does, in *error: 0 or -errno. True if that has changed since the last call. */
bool request_log_has_news(struct request_log *log, int *error);

#endif
