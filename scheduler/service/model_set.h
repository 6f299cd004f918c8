/* The models of the configuration and their lives, by number.
 *
 *   EMPTY ── add ──> WAITING ── its turn ──> PACKING ── packed ──> LOADING ── a worker has it ──┐
 *     ^                                         │ failed                                        │
 *     │                                         v                                               v
 *     └── no worker has it ── UNLOADING <── WITHDRAWING <── removed, or replaced ───────────
 * SERVING
 *
 * One loader runs at a time. A replacement has a number of its own; the old one serves until the
 * new one does, so a file that cannot be loaded changes nothing. A number is free again when all
 * ingresses have said that no SUBMIT of it follows, none is open, and no worker has it. */
#ifndef SCHEDULER_SERVICE_MODEL_SET_H
#define SCHEDULER_SERVICE_MODEL_SET_H

#include "scheduler/config/jointd_config.h"
#include "scheduler/service/loader.h"
#include "shm/dataplane_setup.h"
#include "shm/ingress.h"
#include "shm/message.h"
#include "shm/model_table.h"

struct service;
struct ingress;

#define MODEL_NONE UINT32_MAX

enum model_state {
    MODEL_EMPTY,
    MODEL_WAITING,
    MODEL_PACKING,
    MODEL_LOADING,
    MODEL_SERVING,
    MODEL_WITHDRAWING,
    MODEL_UNLOADING,
};

/* Which bytes lie at a path. */
struct model_mark {
    uint64_t device, inode, bytes, changed_ns;
};

struct model {
    enum model_state state;
    bool is_known; /* to the dispatcher */
    uint32_t version;
    uint64_t order; /* which of two under one name is the newer */
    struct model_mark mark; /* of the file, when it was added */
    uint32_t open_count; /* requests that are not ended */
    uint64_t told, withdraw_told, withdrawn; /* ingresses, a bit each */
    uint64_t since_ns; /* when its packing began */
    char name[INGRESS_NAME_BYTES];
    struct message_model_file file;
    struct region weights, table_region; /* owned; sealed */
    struct model_table table;
};

struct model_set {
    struct model *items; /* owned; [MESSAGE_MAX_MODELS] */
    struct loader loader;
    uint32_t loading; /* number that the loader packs; MODEL_NONE */
    uint64_t next_order;
    uint32_t used_count; /* not EMPTY */
    uint32_t limit; /* all beyond are EMPTY */
};

static_assert(DATAPLANE_MAX_QUEUES + 1 <= 64, "a bit for each, and one for joint-api");

int model_set_init(struct model_set *set, struct service *service);
void model_set_fini(struct model_set *set); /* accepts NULL and zeroed */

/* A model of the configuration. If that very one is there or on its way, nothing; else it is
 * loaded, and takes the place of those of that name when it serves. 0; -EINVAL, -ENOSPC or what the
 * path said, said in the log. */
int model_set_want(struct service *service, const struct model_section *section);
void model_set_remove(struct service *service, uint32_t number);

/* Now and then: what can go on. How much was done. */
int model_set_look(struct service *service, uint64_t now_ns);
/* Tells an ingress what it does not know yet, as far as its socket takes it. */
int model_set_tell(struct service *service, struct ingress *ingress);
/* The ingress is dead; its successor knows nothing. */
void model_set_forget_told(struct model_set *set, uint32_t ingress);
/* Whether it was told of that model. */
bool model_set_is_told(const struct model_set *set, uint32_t number, uint32_t ingress);
/* An ingress has said so. */
void model_set_withdrawn(struct model_set *set, uint32_t number, uint32_t ingress);

/* Whether workers should have it. */
bool model_set_is_wanted(const struct model_set *set, uint32_t number);
/* A worker has it, or cannot have it. */
void model_set_ready(struct service *service, uint32_t number);
void model_set_failed(struct service *service, uint32_t number, const char *worker, int error);

/* Of a model that takes requests; NULL. */
const struct model_table *model_set_table(const struct model_set *set, uint32_t number);
void model_set_hold(struct model_set *set, uint32_t number);
void model_set_release(struct model_set *set, uint32_t number);

/* None is on its way: each serves or could not be loaded. */
bool model_set_is_settled(const struct model_set *set);
uint32_t model_set_serving(const struct model_set *set);

#endif
