/* HOST:PORT, and whether that is an address to send load to. */
#ifndef SCHEDULER_LOADTEST_SERVER_ADDRESS_H
#define SCHEDULER_LOADTEST_SERVER_ADDRESS_H

#include "dataplane/proto/address.h"

#include <stddef.h>

#define LOADTEST_ADDRESS_TEXT_BYTES 64

/* "192.0.2.1:4470", "[2001:db8::1]:4470", "edge.lan:4470"; asks the resolver for names. 0, or a
 * negative errno with one line in text. */
int loadtest_server_address_resolve(const char *host_port, struct jtp_address *address, char *text,
                                    size_t text_bytes);

/* As it can be given to resolve. */
void loadtest_server_address_print(const struct jtp_address *address, char *text,
                                   size_t text_bytes);

/* Anyone on the Internet may own it: not loopback, link-local, private (RFC 1918, 4193), shared
 * (6598), for benchmarks (2544) or for documents (5737, 3849, 9637). Multicast and broadcast count
 * as public: they are nobody's own. */
bool loadtest_server_address_is_public(const struct jtp_address *address);

#endif
