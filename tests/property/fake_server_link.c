/* The fake server's link: datagrams that are lost, changed, doubled, delayed. */
#include "tests/property/fake_server_state.h"

#include <stdlib.h>

#define LONGEST_QUEUE_NS (200 * JTP_MS)

/* SplitMix64. */
static uint64_t draw(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
}

double fake_chance(struct fake_server *server)
{
    return (double)(draw(&server->random) >> 11) / (double)(UINT64_C(1) << 53);
}

static void push_one(struct fake_server *server, struct fake_link *link,
                     const struct jtp_address *address, const uint8_t *bytes, size_t count)
{
    const struct fake_server_behaviour *now = &server->now;
    uint64_t at_ns = fake_now_ns();
    if (now->bytes_per_s > 0) {
        uint64_t start_ns = link->free_ns > at_ns ? link->free_ns : at_ns;
        if (start_ns - at_ns > LONGEST_QUEUE_NS)
            return;
        link->free_ns = start_ns + (uint64_t)((double)count / now->bytes_per_s * 1e9);
        at_ns = link->free_ns;
    }
    struct fake_flight *flight = malloc(sizeof(*flight) + count);
    if (!flight)
        return;
    *flight = (struct fake_flight){
        .at_ns = at_ns + now->delay_ns, .address = *address, .count = (uint32_t)count};
    memcpy(flight->bytes, bytes, count);
    if (count > 0 && fake_chance(server) < now->corrupt)
        flight->bytes[(size_t)(fake_chance(server) * (double)count)] ^= 0x40;
    if (link->last)
        link->last->next = flight;
    else
        link->first = flight;
    link->last = flight;
}

void fake_link_push(struct fake_server *server, struct fake_link *link,
                    const struct jtp_address *address, const uint8_t *bytes, size_t count)
{
    if (server->now.is_deaf || fake_chance(server) < server->now.loss)
        return;
    push_one(server, link, address, bytes, count);
    if (fake_chance(server) < server->now.duplicate)
        push_one(server, link, address, bytes, count);
}

struct fake_flight *fake_link_pop(struct fake_link *link, uint64_t now_ns)
{
    struct fake_flight *flight = link->first;
    if (!flight || flight->at_ns > now_ns)
        return NULL;
    link->first = flight->next;
    if (!link->first)
        link->last = NULL;
    return flight;
}

void fake_link_clear(struct fake_link *link)
{
    struct fake_flight *flight;
    while ((flight = fake_link_pop(link, UINT64_MAX)))
        free(flight);
    link->free_ns = 0;
}
