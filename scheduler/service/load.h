/* The load as others see it: measured, published, and what refusals say of it. */
#ifndef SCHEDULER_SERVICE_LOAD_H
#define SCHEDULER_SERVICE_LOAD_H

#include "scheduler/service/attainment.h"
#include "shm/ingress.h"
#include "shm/load_report.h"
#include "shm/region.h"

#include <stdbool.h>

struct service;
struct request;

struct load {
    struct load_page_writer page;
    struct load_report report; /* as last published, or about to be */
    struct attainment attained[LOAD_REPORT_MAX_CLASSES];
    bool has_changed;
    uint64_t published_ns;
    uint64_t measured_ns, busy_ns; /* when utilization was, and the workers' time then */
    uint64_t refused_ns; /* last time that there was too much to do */
    uint64_t crowded_ns; /* or that somebody was refused for its own deadline or share */
};

/* 0 or -errno; the region must stay. */
int load_init(struct load *load, struct service *service);

/* Publishes if something changed a millisecond ago, or nothing for long; 1 if it did. */
int load_look(struct service *service, uint64_t now_ns);

/* What ended, and what was not taken: for the share that was in time, and the state. */
void load_note_end(struct load *load, const struct request *request, enum ingress_reason reason,
                   uint64_t now_ns);
void load_note_refused(struct load *load, uint32_t class_index, enum ingress_reason reason,
                       uint64_t now_ns);

/* When whoever was refused for that reason may come again; 0: that changes nothing. */
uint32_t load_retry_after_us(const struct load *load, enum ingress_reason reason);

#endif
