/* Changes that somebody asks for over HTTP: checked, begun, and answered once they are done.
 * joint-api is not trusted with them: the secret is compared here. */
#ifndef SCHEDULER_SERVICE_CHANGE_H
#define SCHEDULER_SERVICE_CHANGE_H

#include "scheduler/service/token.h"
#include "shm/api_setup.h"

#include <stdbool.h>

struct service;

#define CHANGES_MAX 16u /* that are not answered yet */

struct change {
    bool is_there;
    struct api_change asked;
    bool is_answered; /* and the answer is still to be sent */
    enum api_verdict verdict;
    char text[API_TEXT_BYTES];
    uint64_t order; /* of the model that is to serve; the newest of those that are to go */
};

struct changes {
    struct token token;
    struct change items[CHANGES_MAX];
};

/* Reads the secret, as the configuration says now; says in the log if it cannot be used. */
void changes_read_token(struct service *service);

/* Checks and begins one. */
void changes_take(struct service *service, const struct api_change *asked);
/* Which are done; sends answers over the socket. How much was done. */
int changes_look(struct service *service, int socket);
/* Whether some are not answered. */
bool changes_wait(const struct changes *changes);
/* Whoever asked is gone; what was begun goes on. */
void changes_forget(struct changes *changes);

#endif
