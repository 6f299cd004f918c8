/* The models that inference requests may name: joint-api's own list of tables, filled by jointd as
 * every ingress's is.
 *
 *   FREE ──add──> OFFERED ──withdraw──> WITHDRAWN ──nothing arrives for it──> SAID ──> FREE
 *
 * Its table stays until no request is open; jointd gives its number to no other before. */
#ifndef SCHEDULER_API_INFER_MODELS_H
#define SCHEDULER_API_INFER_MODELS_H

#include "shm/api_setup.h"
#include "shm/ingress.h"
#include "shm/model_table.h"

enum infer_model_state {
    INFER_MODEL_FREE,
    INFER_MODEL_OFFERED,
    INFER_MODEL_WITHDRAWN,
    INFER_MODEL_SAID,
};

struct infer_model {
    enum infer_model_state state;
    uint32_t version;
    uint64_t order; /* of its coming */
    uint32_t arriving; /* requests whose SUBMIT may still follow */
    uint32_t open; /* submitted, not finished */
    char name[INGRESS_NAME_BYTES];
    struct region region; /* owned */
    struct model_table table;
};

struct infer_models {
    struct infer_model *items; /* owned; [API_MAX_MODELS], by jointd's number */
    uint64_t next_order;
    uint32_t withdrawn_count;
};

int infer_models_init(struct infer_models *models); /* 0 or -ENOMEM */
void infer_models_fini(struct infer_models *models); /* accepts a zeroed one */

/* Takes fd. -EBADMSG: a number, name or version that cannot be; -EEXIST; or the errors of
 * region_attach and model_table_attach. */
int infer_models_add(struct infer_models *models, const struct ingress_model *said, int fd);
/* False: there is no such number on offer. */
bool infer_models_withdraw(struct infer_models *models, uint32_t number);
/* A request of it was finished. */
void infer_models_finish(struct infer_models *models, uint32_t number);
/* The number of a withdrawn one that nothing arrives for, which counts as said; -1: none. */
int infer_models_next_gone(struct infer_models *models);

/* The number of the one with that version, 0 for the newest; of two equal ones the later. -1. */
int infer_models_find(const struct infer_models *models, const char *name, uint32_t version);

#endif
