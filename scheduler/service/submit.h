/* ASK and SUBMIT: the edge where a request becomes jointd's. */
#ifndef SCHEDULER_SERVICE_SUBMIT_H
#define SCHEDULER_SERVICE_SUBMIT_H

#include "shm/ingress.h"

struct service;
struct ingress;

/* Whether one may send its tensor: checks as of a SUBMIT, and says VERDICT. */
void submit_ask(struct service *service, struct ingress *ingress,
                const struct ingress_submit *submit, uint64_t now_ns);

/* Checks every field of a descriptor (a private copy) and takes the request, or answers why not.
 * One that names no place for an answer to go to, or a place in use, is junk: counted only. */
void submit_take(struct service *service, struct ingress *ingress,
                 const struct ingress_submit *submit, uint64_t now_ns);

#endif
