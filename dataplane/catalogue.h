/* The models that requests may name: a queue's own list of tables, filled by jointd.
 *
 *   FREE ──add──> OFFERED ──withdraw──> WITHDRAWN ──nothing arrives for it──> said ──> FREE
 *
 * Private memory of one thread; the tables are sealed. */
#ifndef DATAPLANE_CATALOGUE_H
#define DATAPLANE_CATALOGUE_H

#include "dataplane/proto/wire.h"
#include "shm/ingress.h"
#include "shm/model_table.h"

#define CATALOGUE_MAX_MODELS INGRESS_MAX_MODELS

enum catalogue_state { CATALOGUE_FREE, CATALOGUE_OFFERED, CATALOGUE_WITHDRAWN };

struct catalogue_model {
    enum catalogue_state state;
    uint32_t name_crc, version;
    uint32_t arriving; /* requests whose SUBMIT may still follow */
    struct region region; /* owned */
    struct model_table table;
};

struct catalogue {
    struct catalogue_model *models; /* owned; CATALOGUE_MAX_MODELS, by jointd's number */
    uint16_t offered[CATALOGUE_MAX_MODELS]; /* numbers, in the order in which they came */
    uint32_t offered_count, withdrawn_count;
    uint64_t max_message_bytes;
};

/* What a request asks for, in numbers. */
struct catalogue_match {
    uint16_t model;
    uint32_t answer_bytes;
};

int catalogue_init(struct catalogue *catalogue, uint64_t max_message_bytes); /* 0 or -ENOMEM */
void catalogue_fini(struct catalogue *catalogue); /* accepts a zeroed one */

/* Takes fd. -EBADMSG: a number or name that cannot be; -EEXIST; or the errors of region_attach and
 * model_table_attach. */
int catalogue_add(struct catalogue *catalogue, const struct ingress_model *model, int fd);

/* No new request finds it. False: there is no such number. */
bool catalogue_withdraw(struct catalogue *catalogue, uint32_t number);

/* The number of a withdrawn model that nothing arrives for any more, which is free from now on; -1:
 * there is none. */
int catalogue_next_gone(struct catalogue *catalogue);

/* Whether a request can be served as it asks: 0, or the reason to reject it. */
uint8_t catalogue_check(const struct catalogue *catalogue, const struct jtp_open *open,
                        struct catalogue_match *match);

#endif
