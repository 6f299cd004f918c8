/* The settings that jointd sent, checked, and what follows from them for one queue. */
#ifndef DATAPLANE_SETUP_H
#define DATAPLANE_SETUP_H

#include "dataplane/proto/server.h"
#include "shm/dataplane_setup.h"

/* Waits for the settings on the first socket. 0; -EBADMSG: not settings, or no sound ones: *what
 * says which; -EPIPE: jointd is gone; or -errno. */
int setup_receive(struct dataplane_setup *setup, int socket, unsigned socket_count,
                  const char **what);

/* One queue's share of the limits, without the ops; largest_bytes: of a datagram. */
void setup_server_config(const struct dataplane_setup *setup, uint32_t largest_bytes,
                         struct jtp_server_config *config);

#endif
