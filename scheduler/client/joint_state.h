/* What libjoint's files share: the object behind joint.h, its calls, and who touches what.
 *
 *   caller or worker                        I/O thread
 *   call_before: layers before `from`
 *        │ inbox ──────────────────────────> server_link_submit ── datagrams ──> server
 *        │ <───────────── call_ended ─────── server_link_turn   <──────────────
 *   call_after: layers from `to`, or from `from`
 *
 * One mutex guards all that is not marked otherwise. The I/O thread holds it for a turn, but not
 * while it sleeps; computing is done without it. A call belongs to the thread that computes it, but
 * between inbox and call_ended, when it is the I/O thread's. */
#ifndef SCHEDULER_CLIENT_JOINT_STATE_H
#define SCHEDULER_CLIENT_JOINT_STATE_H

#include "compute/engine.h"
#include "scheduler/client/joint.h"
#include "scheduler/client/planner.h"
#include "scheduler/client/server_link.h"

#include <pthread.h>

#define JOINT_MAX_CALLS 64
#define JOINT_MAX_CONTEXTS 17

enum call_stage { CALL_FREE, CALL_NEW, CALL_REMOTE, CALL_ENDED, CALL_DONE };

struct call {
    struct joint *joint;
    struct call *next; /* in the one list it is in */
    enum call_stage stage;
    struct joint_call said;
    bool is_submitted; /* by joint_submit(): a worker computes, not the caller */
    joint_done *done;
    void *user;
    int status;
    struct joint_report report;
    uint64_t begun_ns, deadline_ns; /* deadline 0: none */
    /* Memory for any cut: of the state that the server's part starts from, of the message, of the
     * answer. state and answer are message_state_bytes(), 64-byte aligned. */
    uint8_t *state, *message, *answer;
    const void **input_rows; /* pointers for one run of the engine */
    void **output_rows;
    /* The server's part. */
    struct server_link_request request;
    uint64_t handed_ns;
    pthread_cond_t ended; /* for joint_run() */
};

struct call_list {
    struct call *first, *last;
};

/* The last one of a JOINT_AUTO call: what was known, and what followed. */
struct decision {
    uint64_t number, made_ns; /* number 0: none yet */
    enum joint_why why;
    struct planner_wish wish;
    struct planner_choice chosen, best, held;
    bool has_held;
    double credit_wait_ms;
    int32_t server; /* -1: none was there */
    struct joint_server known;
};

struct joint {
    /* Constant after joint_open(). */
    uint32_t last_cut, max_rows, threads;
    struct engine_model *model;
    uint8_t fingerprint[16];
    uint32_t name_crc;
    uint32_t call_count, worker_count, context_count, link_count;
    bool is_paced, has_energy;
    int wake_fd, done_fd;
    pthread_t io_thread, worker_threads[JOINT_MAX_CONTEXTS - 1];
    uint32_t started_workers; /* threads to be joined */
    bool has_io_thread;

    pthread_mutex_t mutex;
    pthread_cond_t work, context_free; /* for the workers; for who wants a context */
    pthread_cond_t heard; /* for who waits for word of the load: the I/O thread has had a turn */
    uint32_t listener_count; /* of those */
    bool is_closing; /* nothing new begins, and what is open at a server is given up */
    bool is_over; /* the I/O thread has ended: no more calls will come to the workers */
    struct engine_context *contexts[JOINT_MAX_CONTEXTS]; /* those nobody uses */
    uint64_t *layer_ns[JOINT_MAX_CONTEXTS]; /* for the context's runs */
    uint32_t free_contexts;
    struct call *calls;
    struct call_list free_calls, inbox, to_compute, to_fetch;
    struct planner planner;
    struct decision decision;
    struct server_link links[JOINT_MAX_SERVERS];
};

/* ---- call.c ---- */

/* Checks what was said, takes a free call and plans it. The mutex is not held. may_wait: for word
 * of a server's load, as long as that is worth it. */
int call_begin(struct joint *joint, const struct joint_call *said, bool may_wait,
               struct call **call);

/* The parts that are computed here; neither holds the mutex. They leave the call's status. */
void call_before(struct call *call);
void call_after(struct call *call);

/* Whether there is a part for the server, and no error yet. */
bool call_is_remote(const struct call *call);

/* All is computed: the report's last numbers. */
void call_finish(struct call *call);

/* ---- With the mutex held ---- */

/* Where the server's part is to be: fills from, to, server, why of the report. choice.c */
void choice_make(struct call *call, uint64_t now_ns);
/* Waits until what is known of the load is fresh, where it has expired and that is worth it; the
 * mutex is let go meanwhile. */
void choice_await_load(struct joint *joint, const struct joint_call *said);
/* What is known of a server. */
void choice_describe(const struct server_link *link, uint64_t now_ns, struct joint_server *server);

void call_list_add(struct call_list *list, struct call *call);
struct call *call_list_take(struct call_list *list); /* NULL: it is empty */

/* Hands the server's part over. */
void io_hand_over(struct joint *joint, struct call *call);
/* The server's part has ended, well or not: the I/O thread gives the call back. */
void call_ended(struct call *call);
/* The load as it is told to the application. */
void call_tell_load(struct joint_load *told, const struct jtp_load *load);
/* Its report has been taken: it is free. */
void call_release(struct call *call);
/* The server that new requests go to; NULL: none. It may start a probe of one that was away. */
struct server_link *io_choose_link(struct joint *joint, uint64_t now_ns);
/* Has a server asked for its load, at once. */
void io_ask(struct joint *joint, struct server_link *link);

/* ---- Threads ---- */
int io_start(struct joint *joint);
void io_stop(struct joint *joint);
int compute_start(struct joint *joint);
void compute_stop(struct joint *joint);

/* Runs layers between two cuts; pointers are the call's. Waits for a context. */
int compute_run(struct call *call, uint32_t from, uint32_t to);

uint64_t joint_now_ns(void); /* monotonic */

#endif
