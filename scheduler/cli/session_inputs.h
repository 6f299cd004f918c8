/* What a session learns from --dim and from the --input files. */
#ifndef SCHEDULER_CLI_SESSION_INPUTS_H
#define SCHEDULER_CLI_SESSION_INPUTS_H

#include "scheduler/cli/session.h"

/* --dim SYMBOL=N into session->dimensions. Returns an exit status, as all here. */
int session_parse_dimensions(struct session *session);

/* Lists the network's inputs, reads the files given for them, and fills bindings, rows, and those
 * dimensions that --dim left open. */
int session_read_inputs(struct session *session);

/* COMMAND_MISUSED, with the error line, where an input that decides shapes was not given. */
int session_check_bound(struct session *session);

/* Checks that a file holds elements of this type; what: "input 'x'" for the error line. */
int session_check_type(const struct session *session, const struct named_file *file,
                       const char *what, enum tensor_type type, const char *shape);

#endif
