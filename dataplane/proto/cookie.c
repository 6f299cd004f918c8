/* A cookie is the second it was made in and a keyed hash of that second, address and port. */
#include "dataplane/proto/cookie.h"

#define NS_PER_S UINT64_C(1000000000)

static uint64_t sign(const struct jtp_key *key, const struct jtp_address *address, uint32_t made_s)
{
    uint8_t text[22];
    memcpy(text, address->ip, 16);
    jtp_put_u16(text + 16, address->port);
    jtp_put_u32(text + 18, made_s);
    return jtp_siphash(key, text, sizeof(text));
}

void jtp_cookie_jar_init(struct jtp_cookie_jar *jar, const struct jtp_key *key,
                         uint64_t lifetime_ns)
{
    *jar = (struct jtp_cookie_jar){*key, *key, lifetime_ns};
}

void jtp_cookie_jar_rotate(struct jtp_cookie_jar *jar, const struct jtp_key *key)
{
    jar->previous = jar->current;
    jar->current = *key;
}

struct jtp_cookie jtp_cookie_make(const struct jtp_cookie_jar *jar,
                                  const struct jtp_address *address, uint64_t now_ns)
{
    uint32_t made_s = (uint32_t)(now_ns / NS_PER_S);
    return (struct jtp_cookie){made_s, sign(&jar->current, address, made_s)};
}

bool jtp_cookie_is_valid(const struct jtp_cookie_jar *jar, const struct jtp_cookie *cookie,
                         const struct jtp_address *address, uint64_t now_ns)
{
    /* Seconds wrap after 136 years: the difference is right all the same. */
    uint32_t age_s = (uint32_t)(now_ns / NS_PER_S) - cookie->made_s;
    if (age_s * NS_PER_S > jar->lifetime_ns)
        return false;
    return cookie->signature == sign(&jar->current, address, cookie->made_s) ||
           cookie->signature == sign(&jar->previous, address, cookie->made_s);
}
