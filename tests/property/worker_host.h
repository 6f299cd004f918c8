/* What jointd will be to a worker, as far as tests of joint-worker need it: a model, its shared
 * weights, two slabs, and real processes; and the same engine in this process to compare with. */
#ifndef TESTS_PROPERTY_WORKER_HOST_H
#define TESTS_PROPERTY_WORKER_HOST_H

#include "compute/engine.h"
#include "shm/channel.h"
#include "shm/message.h"

#include <sys/types.h>

#define HOST_MODEL 3u /* its number */

struct worker_host {
    char path[96];
    struct message_model_file file;
    struct engine_model *model;
    struct engine_context *context; /* this process's, over the same weights */
    struct region weights;
    struct region request, response;
    uint32_t cut_count;
    uint32_t max_batch;
    uint64_t cut_bytes[512];
    uint64_t place_bytes; /* room for any cut, aligned */
};

/* One worker process. */
struct worker_peer {
    struct channel channel;
    int socket;
    pid_t pid;
    const char *options[4]; /* further words of the command line; NULL at the end; default none */
};

/* Slabs of payload_bytes each. Asserts by CUnit, as do all here. */
void worker_host_init(struct worker_host *host, const char *network, uint32_t width_divisor,
                      uint32_t input_size, uint32_t max_batch, uint32_t threads,
                      uint64_t payload_bytes);
void worker_host_fini(struct worker_host *host);

/* The channel's first life; then start, and after a death channel_renew and start again. */
void worker_peer_init(struct worker_peer *peer);
/* Starts the program, hands over channel and model; waits for READY. */
void worker_peer_start(struct worker_peer *peer, const struct worker_host *host);
/* As above, and returns before the model is loaded. */
void worker_peer_begin(struct worker_peer *peer, const struct worker_host *host);
/* Kills the process and waits for it; the channel stays. */
void worker_peer_kill(struct worker_peer *peer);
/* Waits for the process to end; its exit status, or -1. */
int worker_peer_wait(struct worker_peer *peer);
void worker_peer_fini(struct worker_peer *peer); /* the process has ended */

/* Waits for one message. */
union message worker_peer_hear(struct worker_peer *peer);
void worker_peer_say(struct worker_peer *peer, const union message *message);

/* What a worker should compute: [from, to) for rows in packed places. */
void worker_host_run(struct worker_host *host, uint32_t from, uint32_t to, uint32_t row_count,
                     const unsigned char *const *in, unsigned char *const *out);

/* The model's file, sealed weights and channel offered over `socket`, without a process. */
void worker_host_offer(const struct worker_host *host, struct channel *channel, int socket);
void worker_host_send_model(const struct worker_host *host, int socket);

#endif
