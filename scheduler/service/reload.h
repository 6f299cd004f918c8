/* SIGHUP: the configuration is read anew, and what can be taken over is. */
#ifndef SCHEDULER_SERVICE_RELOAD_H
#define SCHEDULER_SERVICE_RELOAD_H

#include "scheduler/config/jointd_config.h"
#include "scheduler/dispatch/dispatch.h"

struct service;

/* A file with a fault changes nothing; each fault is a line of the log. */
void reload(struct service *service);

/* A class as the dispatcher is told of it. */
struct dispatch_class reload_class(const struct class_section *class);

#endif
