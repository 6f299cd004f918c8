/* What the fake server's files share: its link, its model and its thread. */
#ifndef TESTS_PROPERTY_FAKE_SERVER_STATE_H
#define TESTS_PROPERTY_FAKE_SERVER_STATE_H

#include "compute/engine.h"
#include "tests/property/fake_server.h"

#include <pthread.h>

#define FAKE_MAX_SLOTS 4096

/* A datagram under way. */
struct fake_flight {
    struct fake_flight *next;
    uint64_t at_ns;
    struct jtp_address address; /* from or to */
    uint32_t count;
    uint8_t bytes[];
};

/* One direction of the link: first in, first out. */
struct fake_link {
    struct fake_flight *first, *last;
    uint64_t free_ns; /* busy until then */
};

struct fake_slot {
    uint8_t *bytes, *answer; /* NULL: not there */
    uint32_t total_bytes, answer_bytes;
    struct jtp_open open;
    struct jtp_request_ref ref;
    uint64_t delivered_ns, due_ns;
};

/* The server's owner: model, memory, and the queue of what is to be computed. */
struct fake_model {
    struct engine_model *model;
    struct engine_context *context;
    const void **inputs; /* pointers for one run */
    void **outputs;
    uint8_t fingerprint[16];
    uint32_t name_crc;
    struct fake_slot slots[FAKE_MAX_SLOTS]; /* slot number n is slots[n - 1] */
    uint32_t free_slots[FAKE_MAX_SLOTS], free_count;
    uint32_t queue[FAKE_MAX_SLOTS]; /* of slots, a ring */
    uint32_t queue_first, queue_count;
    uint64_t slab_used;
    uint64_t busy_ns; /* computing until then */
};

struct fake_server {
    struct fake_server_config config;
    char address[64];
    uint16_t port;
    struct fake_model model;
    /* The thread's alone. */
    struct fake_link in, out;
    int fd; /* -1: dead */
    void *memory;
    struct jtp_server *jtp;
    uint64_t random, boot;
    uint32_t received; /* requests since the last change of behaviour */
    bool must_die;
    /* Under the mutex. */
    pthread_mutex_t mutex;
    pthread_cond_t turned;
    uint64_t turns, wishes; /* turns begun; the turn that the last wish waits for */
    struct fake_server_behaviour wished;
    bool has_behaviour, has_kill, has_revive, has_stop;
    int revived;
    struct fake_server_counts counts;
    /* The thread's copy. */
    struct fake_server_behaviour now;
    struct fake_server_counts count;
    int wake_fd;
    pthread_t thread;
};

uint64_t fake_now_ns(void);
double fake_chance(struct fake_server *server);

/* A datagram enters a link, and perhaps does not, or twice. */
void fake_link_push(struct fake_server *server, struct fake_link *link,
                    const struct jtp_address *address, const uint8_t *bytes, size_t count);
/* The next one that is due; the caller frees it. NULL: none. */
struct fake_flight *fake_link_pop(struct fake_link *link, uint64_t now_ns);
void fake_link_clear(struct fake_link *link);

/* 0 or a negative errno, with a line on stdout. */
int fake_model_init(struct fake_model *model, const struct fake_server_config *config);
void fake_model_fini(struct fake_model *model);
/* Forgets every request. */
void fake_model_clear(struct fake_model *model);
/* Answers what is due. */
void fake_model_turn(struct fake_server *server, uint64_t now_ns);
uint64_t fake_model_due_ns(const struct fake_server *server);

bool fake_message_can(const struct engine_cut *cut, uint8_t encoding);
uint64_t fake_message_bytes(const struct engine_cut *cut, uint32_t rows, uint8_t encoding);
/* Puts memory with the other form in the place of *bytes. False: there is none. */
bool fake_message_code(const struct engine_cut *cut, uint32_t rows, uint8_t encoding,
                       bool is_decoded, uint8_t **bytes);

extern const struct jtp_server_ops fake_server_ops;

#endif
