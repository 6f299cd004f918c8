/* Asks jointd which processes it has, for `joint top`. */
#ifndef SCHEDULER_CLI_TOP_ROLES_H
#define SCHEDULER_CLI_TOP_ROLES_H

#include "scheduler/top/roles.h"

#include <jansson.h>

/* Over a connection to the control socket that is nobody else's. 0 or -errno; roles is then empty.
 */
int top_roles_ask(int fd, struct roles *roles, uint64_t now_ns);

json_t *top_roles_json(const struct roles *before, const struct roles *now);

#endif
