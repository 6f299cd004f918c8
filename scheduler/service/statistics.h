/* What is counted of each model that takes requests (shm/model_statistics.h): a region each. */
#ifndef SCHEDULER_SERVICE_STATISTICS_H
#define SCHEDULER_SERVICE_STATISTICS_H

#include "scheduler/dispatch/dispatch.h"
#include "shm/ingress.h"
#include "shm/message.h"
#include "shm/model_statistics.h"
#include "shm/region.h"

struct service;
struct request;

struct statistics_item {
    uint64_t since_ns; /* whose it is: when that model's packing began; 0: nobody's */
    struct region region; /* owned; zeroed if there was no memory */
};

struct statistics {
    struct statistics_item items[MESSAGE_MAX_MODELS]; /* by number */
};

void statistics_fini(struct statistics *statistics); /* accepts NULL and zeroed */

/* Now and then: makes those of models that have begun to serve. */
void statistics_look(struct service *service);

/* A request has ended, or was not taken; of an unknown model nothing is noted. */
void statistics_note_end(struct service *service, const struct request *request,
                         enum ingress_reason reason, uint64_t now_ns);
void statistics_note_refused(struct service *service, uint32_t model, uint32_t class_index);
/* So many rows ran together from one cut to another. */
void statistics_note_segment(struct service *service, uint32_t model, uint32_t rows, uint64_t ns);
/* A dispatch has computed so long. */
void statistics_note_run(struct service *service, uint32_t model, uint64_t compute_ns,
                         uint64_t predicted_ns);
/* A RUN or JOIN of the dispatcher is on its way to its worker. */
void statistics_note_given(struct service *service, const struct dispatch_action *action);

/* The model's region, NULL if it has none. False: it is not decided yet, ask again. */
bool statistics_region(const struct service *service, uint32_t number,
                       const struct region **region);

#endif
