/* The signals that jointd is told by: SIGTERM, SIGINT: end; SIGHUP: read the configuration anew. */
#ifndef SCHEDULER_SERVICE_SIGNALS_H
#define SCHEDULER_SERVICE_SIGNALS_H

struct service;
struct idle;

struct signals {
    int fd; /* owned; meaningful while is_open */
    int is_open;
};

/* Blocks them for this thread. 0 or -errno. */
int signals_init(struct signals *signals, struct idle *idle);
void signals_fini(struct signals *signals); /* accepts NULL and zeroed */
/* Does what they ask for; how many there were. */
int signals_look(struct service *service);

#endif
