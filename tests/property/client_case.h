/* A network, a fake server and a client of it: what libjoint's tests begin with. */
#ifndef TESTS_PROPERTY_CLIENT_CASE_H
#define TESTS_PROPERTY_CLIENT_CASE_H

#include "scheduler/client/joint.h"
#include "tests/property/fake_server.h"

#define CASE_MAX_ROWS 4
#define CASE_ROW_FLOATS 1024 /* lenet: 1x32x32 */
#define CASE_ANSWER_FLOATS 10

struct client_case {
    char path[64];
    struct fake_server *server;
    struct joint *joint;
    float x[CASE_MAX_ROWS * CASE_ROW_FLOATS];
    float whole[CASE_MAX_ROWS + 1][CASE_MAX_ROWS * CASE_ANSWER_FLOATS]; /* [rows]: run here */
};

/* Opens all three; config may be NULL. server and path of the configs are filled in. */
bool client_case_open(struct client_case *subject, const struct fake_server_behaviour *behaviour,
                      const struct joint_config *config);
void client_case_close(struct client_case *subject);

/* One call of so many rows, from cut to cut on the server; its answer compared to the bit with the
 * whole run here. False: it failed, or the answer is another. */
bool client_case_call(struct client_case *subject, uint32_t rows, uint32_t from, uint32_t to,
                      uint64_t deadline_ns, struct joint_report *report);

/* Waits until the client has heard the server, for ten seconds at most. */
bool client_case_wait_heard(struct client_case *subject);

uint64_t client_case_now_ns(void);

#endif
