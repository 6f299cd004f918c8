/* A socket that listens for HTTP. */
#ifndef SCHEDULER_API_LISTEN_H
#define SCHEDULER_API_LISTEN_H

#include <stddef.h>
#include <stdint.h>

#define LISTEN_TEXT_BYTES 64u

/* Address: IPv6, or IPv4 as ::ffff:a.b.c.d. A descriptor that does not block; or -errno. */
int listen_open(const uint8_t address[16], uint16_t port);

/* "127.0.0.1:4471", "[::1]:4471" */
void listen_print(const uint8_t address[16], uint16_t port, char text[LISTEN_TEXT_BYTES]);

#endif
