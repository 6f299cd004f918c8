/* Fuzz target: the server's state machine, driven by datagrams, answers and time out of the input.
 *
 * The input is a sequence of steps: a byte that says what happens, then what that takes. Checksums,
 * and on request cookies, are made right, since nobody guesses those. */
#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/server.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS 4
#define SLOT_BYTES 5000

struct slot {
    enum { FREE, RECEIVING, WORKING, ANSWERING } state;
    bool is_held; /* RECEIVING, and not granted yet */
    struct jtp_request_ref ref;
    uint8_t bytes[SLOT_BYTES];
};

struct owner {
    struct slot slots[SLOTS];
    bool answers_at_once;
    struct jtp_server *server;
    uint64_t now_ns;
};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static uint8_t check(void *user, const struct jtp_open *open)
{
    (void)user;
    return open->total_bytes > SLOT_BYTES ? JTP_BAD_SIZE : 0;
}

static int reserve(void *user, const struct jtp_open *open, struct jtp_reservation *reservation)
{
    struct owner *owner = user;
    if (open->class_index == 7)
        return JTP_OVERLOADED;
    for (uint64_t i = 0; i < SLOTS; i++)
        if (owner->slots[i].state == FREE) {
            owner->slots[i].state = RECEIVING;
            owner->slots[i].is_held = reservation->is_held = open->class_index == 6;
            owner->slots[i].ref = reservation->request;
            require(reservation->whole_ns > owner->now_ns);
            reservation->slot = i + 1;
            reservation->bytes = owner->slots[i].bytes;
            return 0;
        }
    return -ENOMEM;
}

static void release(void *user, uint64_t slot)
{
    struct owner *owner = user;
    require(owner->slots[slot - 1].state == RECEIVING);
    owner->slots[slot - 1].state = FREE;
}

static void answer(struct owner *owner, uint64_t slot)
{
    const struct jtp_answering answering = {.bytes = owner->slots[slot - 1].bytes,
                                            .total_bytes = (uint32_t)(slot * 1300 - 1300),
                                            .slot = slot};
    require(owner->slots[slot - 1].state == WORKING);
    owner->slots[slot - 1].state = ANSWERING;
    if (jtp_server_answer(owner->server, owner->slots[slot - 1].ref, &answering, owner->now_ns))
        owner->slots[slot - 1].state = FREE;
}

static void deliver(void *user, struct jtp_request_ref ref, const struct jtp_open *open,
                    uint64_t slot, uint64_t deadline_ns, uint64_t now_ns)
{
    struct owner *owner = user;
    require(owner->slots[slot - 1].state == RECEIVING);
    owner->slots[slot - 1].state = WORKING;
    owner->slots[slot - 1].ref = ref;
    require(deadline_ns == JTP_NEVER || open->deadline_us > 0);
    if (owner->answers_at_once)
        answer(owner, slot);
    (void)now_ns;
}

static void cancelled(void *user, struct jtp_request_ref ref, uint64_t slot)
{
    struct owner *owner = user;
    require(owner->slots[slot - 1].state == WORKING);
    require(owner->slots[slot - 1].ref.generation == ref.generation);
}

static void sent(void *user, uint64_t slot)
{
    struct owner *owner = user;
    require(owner->slots[slot - 1].state == ANSWERING);
    owner->slots[slot - 1].state = FREE;
}

static void load(void *user, uint64_t client, struct jtp_load *load)
{
    (void)user;
    *load = (struct jtp_load){.credits = (uint16_t)client};
}

static const struct jtp_server_ops ops = {check, reserve, release, deliver, cancelled, sent, load};

static void config_of(struct jtp_server_config *config, struct owner *owner, uint8_t flags)
{
    jtp_server_config_default(config);
    config->ops = &ops;
    config->user = owner;
    config->validate_address = flags & 1;
    config->max_clients = 3;
    config->max_requests = 6;
    config->max_requests_per_client = 3;
    config->max_receiving = 3;
    config->max_waiting = 2;
    config->max_ranges = 3;
    config->max_sent = 12;
    config->idle_ns = UINT64_C(3000000000);
    config->give_up_ns = UINT64_C(2000000000);
}

static void send_all(struct owner *owner)
{
    struct jtp_datagram datagram;
    struct jtp_packet packet;
    uint8_t bytes[JTP_LARGEST_PROBE_BYTES];
    for (int i = 0; jtp_server_next_datagram(owner->server, owner->now_ns, &datagram); i++) {
        require(i < 10000);
        size_t count = jtp_datagram_join(&datagram, bytes);
        require(count <= 1472 && jtp_packet_read(bytes, count, &packet) == 0);
        require(packet.header.kind == JTP_SERVER);
    }
}

/* Corrects what the fuzzer cannot guess: checksum and cookie. */
static void on_datagram(struct owner *owner, const struct jtp_cookie_jar *jar, const uint8_t *input,
                        size_t count, uint8_t port)
{
    struct jtp_datagram reply;
    struct jtp_address from = {.ip = {[15] = 1}, .port = port & 3};
    uint8_t *bytes = malloc(count ? count : 1);
    require(bytes != NULL);
    memcpy(bytes, input, count);
    if (count >= 24 + 16 && bytes[24] == 2) {
        struct jtp_cookie cookie = jtp_cookie_make(jar, &from, owner->now_ns);
        jtp_put_u32(bytes + 28, cookie.made_s);
        jtp_put_u64(bytes + 32, cookie.signature);
    }
    if (count >= 24) {
        bytes[0] = 'J';
        bytes[1] = 'T';
        bytes[8] &= 3; /* few connections */
        memset(bytes + 9, 0, 7);
        jtp_put_u32(bytes + 4, jtp_crc32c(jtp_crc32c(0, bytes, 4), bytes + 8, count - 8));
    }
    if (jtp_server_on_datagram(owner->server, &from, bytes, count, owner->now_ns, &reply))
        require(reply.head_bytes + reply.payload_bytes <= 3 * count);
    free(bytes);
}

/* What is held is known until it is whole or has ended; one that is refused gives its memory back.
 */
static void judge(struct owner *owner, struct slot *slot, bool is_good)
{
    slot->is_held = false;
    if (is_good) {
        require(jtp_server_grant(owner->server, slot->ref, owner->now_ns) == 0);
        require(jtp_server_grant(owner->server, slot->ref, owner->now_ns) == -ENOENT);
        return;
    }
    require(jtp_server_reject(owner->server, slot->ref, JTP_DEADLINE, 0, owner->now_ns) == 0);
    require(slot->state == FREE);
}

static size_t step(struct owner *owner, const struct jtp_cookie_jar *jar, const uint8_t *at,
                   size_t left)
{
    uint8_t what = at[0], slot = at[1];
    switch (what % 4) {
    case 0: { /* a datagram: where from, its length */
        size_t count = left < 4 ? 0 : (size_t)at[2] | (size_t)(at[3] & 7) << 8;
        if (left < 4 || count > left - 4)
            return left;
        on_datagram(owner, jar, at + 4, count, slot);
        send_all(owner);
        return 4 + count;
    }
    case 1: /* time passes */
        owner->now_ns += (uint64_t)slot << what / 4 % 32;
        jtp_server_on_timeout(owner->server, owner->now_ns);
        require(jtp_server_timeout_ns(owner->server) > owner->now_ns);
        send_all(owner);
        return 2;
    case 2: /* a verdict; an answer, or a rejection */
        slot %= SLOTS;
        if (owner->slots[slot].state == RECEIVING && owner->slots[slot].is_held)
            judge(owner, &owner->slots[slot], what & 4);
        else if (owner->slots[slot].state == WORKING && what & 4)
            answer(owner, slot + 1u);
        else if (owner->slots[slot].state == WORKING) {
            jtp_server_reject(owner->server, owner->slots[slot].ref, JTP_FAILED, 0, owner->now_ns);
            owner->slots[slot].state = FREE;
        }
        send_all(owner);
        return 2;
    default:
        jtp_server_memory_freed(owner->server, owner->now_ns);
        send_all(owner);
        return 2;
    }
}

/* After long enough, nothing is left but what the owner itself works on. */
static void check_end(struct owner *owner)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        if (owner->slots[i].state == WORKING) {
            jtp_server_reject(owner->server, owner->slots[i].ref, JTP_FAILED, 0, owner->now_ns);
            owner->slots[i].state = FREE;
        }
    for (int i = 0; i < 200000 && jtp_server_timeout_ns(owner->server) != JTP_NEVER; i++) {
        owner->now_ns = jtp_server_timeout_ns(owner->server);
        jtp_server_on_timeout(owner->server, owner->now_ns);
        send_all(owner);
    }
    const struct jtp_server_stats *stats = jtp_server_stats(owner->server);
    require(stats->clients == 0 && stats->open_requests == 0 && stats->waiting == 0);
    require(stats->granted_bytes == 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        require(owner->slots[i].state == FREE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct jtp_server_config config;
    struct owner *owner = calloc(1, sizeof(*owner));
    if (size < 2 || !owner) {
        free(owner);
        return 0;
    }
    config_of(&config, owner, bytes[0]);
    owner->now_ns = UINT64_C(5000000000);
    owner->answers_at_once = bytes[0] & 2;
    void *memory = malloc(jtp_server_bytes(&config));
    require(memory != NULL);
    owner->server = jtp_server_init(memory, &config, owner->now_ns);
    struct jtp_cookie_jar jar;
    jtp_cookie_jar_init(&jar, &config.cookie_key, config.cookie_lifetime_ns);
    for (size_t at = 1; at + 2 <= size;)
        at += step(owner, &jar, bytes + at, size - at);
    check_end(owner);
    free(memory);
    free(owner);
    return 0;
}
