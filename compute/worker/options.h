/* The command line of `joint-worker`. */
#ifndef COMPUTE_WORKER_OPTIONS_H
#define COMPUTE_WORKER_OPTIONS_H

#include "compute/worker/worker.h"
#include "shm/idle.h"

struct options {
    struct worker_config worker;
    struct idle_config idle;
    bool is_loader; /* --pack: of the worker's config, only socket and cpus are of meaning */
};

/* -1: go on; else the exit status, after help or an error line were printed. */
int options_read(struct options *options, int argc, char **argv);

#endif
