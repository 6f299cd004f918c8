/* A client of the service over a real UDP socket, whose answers an oracle knows. */
#ifndef TESTS_PROPERTY_SERVICE_CALLER_H
#define TESTS_PROPERTY_SERVICE_CALLER_H

#include "dataplane/proto/client.h"
#include "tests/property/service_oracle.h"

struct service_caller;

/* One request: what it asks, and what came of it. */
struct service_call {
    struct oracle *oracle;
    const char *model; /* its name */
    uint32_t version; /* 0: the newest */
    uint32_t input, from, to;
    uint64_t deadline_ns; /* from now on; 0: none */
    uint8_t *answer; /* owned */
    uint32_t request;
    bool is_over;
    struct jtp_event event;
};

struct service_caller {
    int fd;
    struct jtp_client *client; /* owned */
    uint32_t open_count;
};

void service_caller_open(struct service_caller *caller, uint16_t port, uint64_t seed);
void service_caller_close(struct service_caller *caller);

/* Sends a request. False: the client takes no more. */
bool service_caller_call(struct service_caller *caller, struct service_call *call);
void service_caller_cancel(struct service_caller *caller, const struct service_call *call);
void service_call_free(struct service_call *call);
/* It was answered, to the bit. */
bool service_call_is_right(const struct service_call *call);
bool service_call_is_rejected(const struct service_call *call, enum jtp_reason reason);

/* A turn: what came, what time it is, what leaves; how much there was. */
int service_caller_poll(struct service_caller *caller);
/* Turns until all of these are over, or fails. */
void service_caller_finish(struct service_caller *caller, const struct service_call *calls,
                           uint32_t count);

#endif
