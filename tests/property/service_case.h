/* A running service with LeNet, a client, and the answers it should give. */
#ifndef TESTS_PROPERTY_SERVICE_CASE_H
#define TESTS_PROPERTY_SERVICE_CASE_H

#include "tests/property/service_caller.h"
#include "tests/property/service_host.h"

#define CASE_MAX_CALLS 64u

struct service_case {
    struct service_host *host;
    struct oracle oracle;
    struct service_caller caller;
    struct service_call calls[CASE_MAX_CALLS];
    char path[128]; /* of the model */
};

/* Starts it with LeNet as "lenet" and waits until it is ready; `more` stands in the configuration.
 */
void service_case_init(struct service_case *test, struct shm_random *random, const char *more);
/* SIGTERM; it ends with 0, and says that nothing is left. */
void service_case_end(struct service_case *test);
/* Frees it; kills what still runs. */
void service_case_fini(struct service_case *test);

/* Sends requests of random ranges and inputs, not yet waited for. */
void service_case_ask(struct service_case *test, struct shm_random *random, uint32_t count);
/* Waits for them; how many were answered rightly. */
uint32_t service_case_finish(struct service_case *test, uint32_t count);
/* One request from the first cut to the last, again and again until it is answered rightly. */
void service_case_until_served(struct service_case *test);

#endif
