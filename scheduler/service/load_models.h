/* The load of each model that takes requests: a page each (model_load.h), filled from the
 * dispatcher. */
#ifndef SCHEDULER_SERVICE_LOAD_MODELS_H
#define SCHEDULER_SERVICE_LOAD_MODELS_H

#include "shm/message.h"
#include "shm/model_load.h"
#include "shm/region.h"

struct service;

struct load_models_item {
    uint64_t since_ns; /* whose it is: when that model's packing began; 0: nobody's */
    struct region region; /* owned */
    struct load_page_writer page;
    bool has_page; /* false: too many cuts, or no memory */
    double rows; /* of its batches lately, a moving mean */
    uint64_t ran_ns; /* when the last one was over */
    uint64_t predicted_ns; /* when its times were last predicted; 0: anew at the next look */
    uint64_t published_ns;
    struct model_load load; /* as last published */
};

struct load_models {
    struct load_models_item items[MESSAGE_MAX_MODELS]; /* by number */
};

void load_models_fini(struct load_models *models); /* accepts NULL and zeroed */

/* So many rows of the model have run together. */
void load_models_note_batch(struct load_models *models, uint32_t number, uint32_t rows,
                            uint64_t now_ns);

/* Publishes what is due: a model that has requests each millisecond, others now and then. */
void load_models_look(struct service *service, uint64_t now_ns);

/* The model's page, NULL if it has none. False: it is not decided yet, ask again. */
bool load_models_page(const struct service *service, uint32_t number, const struct region **page);

#endif
