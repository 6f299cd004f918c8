/* SIGHUP: the configuration is read anew, and what can be taken over is. */
#ifndef SCHEDULER_SERVICE_RELOAD_H
#define SCHEDULER_SERVICE_RELOAD_H

struct service;

/* A file with a fault changes nothing; each fault is a line of the log. */
void reload(struct service *service);

#endif
