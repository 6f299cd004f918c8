/* The command line of `joint-dataplane`. */
#ifndef DATAPLANE_OPTIONS_H
#define DATAPLANE_OPTIONS_H

#include "shm/dataplane_setup.h"

struct options {
    int socket[DATAPLANE_MAX_QUEUES]; /* one a queue */
    unsigned socket_count;
};

/* -1: go on; else the exit status, after help or an error line were printed. */
int options_read(struct options *options, int argc, char **argv);

#endif
