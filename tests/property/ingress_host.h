/* What jointd will be to joint-dataplane, as far as tests of it need: it starts the process, offers
 * channels and models, and computes answers that anyone can compute again. */
#ifndef TESTS_PROPERTY_INGRESS_HOST_H
#define TESTS_PROPERTY_INGRESS_HOST_H

#include "shm/channel.h"
#include "shm/dataplane_setup.h"
#include "shm/ingress.h"
#include "shm/load_report.h"
#include "shm/model_table.h"
#include "shm/slab.h"

#include <sys/types.h>

#define HOST_MAX_QUEUES 4u
#define HOST_MAX_PENDING 4096u
#define HOST_CUTS 4u

/* A made-up model: one tensor a cut, but two at the second, of which one holds integers. */
struct host_model {
    const char *name;
    uint32_t number, version;
    uint32_t row_elements[HOST_CUTS];
    uint8_t mark; /* its fingerprint is this byte 16 times */
};

/* 600 KB, 170 KB, 36 KB and 4 KB a row, as alexnet; and a small one. */
extern const struct host_model host_large, host_small, host_small_2;

/* A SUBMIT without FINISHED. */
struct host_request {
    struct ingress_submit submit;
    uint32_t queue;
    bool is_cancelled;
};

struct ingress_host {
    struct dataplane_setup setup; /* may be changed before the start */
    uint32_t ring_capacity; /* both ways; 1024 */
    uint64_t response_bytes;
    bool holds; /* answers nothing by itself */
    bool is_deaf; /* does not read its rings */
    pid_t pid;
    int socket[HOST_MAX_QUEUES];
    struct channel channel[HOST_MAX_QUEUES];
    struct region requests, responses, load, counters[HOST_MAX_QUEUES];
    struct load_page_writer load_writer;
    struct slab *answers;
    struct slab_ref answer_of[HOST_MAX_PENDING]; /* by slot, its owner in answer_queue */
    uint8_t answer_queue[HOST_MAX_PENDING];
    const struct host_model *models[16]; /* by number */
    struct host_request pending[HOST_MAX_PENDING];
    uint32_t pending_count;
    /* Asked about and not refused, until SUBMIT or CANCEL. */
    struct host_request expected[HOST_MAX_PENDING];
    uint64_t expected_count;
    bool holds_verdicts; /* says none by itself */
    uint32_t refuse_each; /* one question in so many is refused; 0: none, 1: all */
    uint64_t asked, started, submitted, cancelled, finished, sent, withdrawn, drained;
    uint64_t most_pending;
    uint64_t faults; /* what joint-dataplane must not have said */
    char fault[120]; /* the first */
};

uint64_t host_now_ns(void);

/* Settings for the kernel's port at 127.0.0.1, any free UDP port; large slabs. Then regions. */
void ingress_host_default(struct ingress_host *host, uint32_t queue_count);
/* Takes all memory; starts nothing. False: it could not. */
bool ingress_host_open(struct ingress_host *host);
void ingress_host_close(struct ingress_host *host); /* kills what still runs */

/* Starts the program and settles all channels; also again, after a death. */
bool ingress_host_start(struct ingress_host *host, const char *program);
/* Waits for its end; the exit status, -1: by a signal, -2: it still ran after 20 s. */
int ingress_host_wait(struct ingress_host *host);
void ingress_host_kill(struct ingress_host *host);
/* As the kernel does when jointd dies. */
void ingress_host_hang_up(struct ingress_host *host);

/* Hands a model to every queue, or takes it back. */
bool ingress_host_offer_model(struct ingress_host *host, const struct host_model *model);
void ingress_host_say(struct ingress_host *host, uint32_t queue, const union ingress_message *what);
void ingress_host_say_all(struct ingress_host *host, enum ingress_kind kind, uint16_t model);

void ingress_host_publish_load(struct ingress_host *host, const struct load_report *report);

/* Hears what was said and answers it unless it holds; how many messages. */
int ingress_host_poll(struct ingress_host *host);
/* The verdict on the expected request `index`, which is not expected any more if it is a bad one.
 */
void ingress_host_judge(struct ingress_host *host, uint32_t index, enum ingress_reason reason);
/* Ends the pending request `index`: by its answer, or a reason. False: no place for the answer. */
bool ingress_host_finish(struct ingress_host *host, uint32_t index, enum ingress_reason reason);

uint64_t host_model_row_bytes(const struct host_model *model, uint32_t cut);
bool host_model_is_f32(uint32_t cut);
/* Bytes of a message, from PROTOCOL.md. */
uint32_t host_model_message_bytes(const struct host_model *model, uint32_t cut, uint32_t rows,
                                  uint32_t encoding);
/* Its sealed table, to be finished by the caller. */
bool host_model_table(const struct host_model *model, struct region *region);
/* The answer that the model gives. */
void host_model_compute(const struct host_model *model, uint32_t to, const uint8_t *in,
                        uint32_t in_bytes, uint8_t *out, uint32_t out_bytes);

/* A counter of queue's, by its name after "dataplane.0."; UINT64_MAX: it has none. */
uint64_t ingress_host_counter(const struct ingress_host *host, uint32_t queue, const char *name);

#endif
