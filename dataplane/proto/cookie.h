/* Stateless cookies: whoever sends one back has received at its address what was sent there. */
#ifndef DATAPLANE_PROTO_COOKIE_H
#define DATAPLANE_PROTO_COOKIE_H

#include "dataplane/proto/address.h"
#include "dataplane/proto/siphash.h"
#include "dataplane/proto/wire.h"

struct jtp_cookie_jar {
    struct jtp_key current, previous; /* previous: what it signed is accepted until it expires */
    uint64_t lifetime_ns;
};

void jtp_cookie_jar_init(struct jtp_cookie_jar *jar, const struct jtp_key *key,
                         uint64_t lifetime_ns);

/* From now on cookies are signed with key. Call it less often than once in a lifetime. */
void jtp_cookie_jar_rotate(struct jtp_cookie_jar *jar, const struct jtp_key *key);

/* A cookie for the address, as of now. */
struct jtp_cookie jtp_cookie_make(const struct jtp_cookie_jar *jar,
                                  const struct jtp_address *address, uint64_t now_ns);

/* Whether the jar made it for this address, no longer than a lifetime ago. */
bool jtp_cookie_is_valid(const struct jtp_cookie_jar *jar, const struct jtp_cookie *cookie,
                         const struct jtp_address *address, uint64_t now_ns);

#endif
