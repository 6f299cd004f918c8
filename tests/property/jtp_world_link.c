/* What is under way in the world, by time, and what the links do to it. */
#include "tests/property/jtp_world.h"

#include <stdlib.h>

/* The heap of what is under way. */
static bool is_before(const struct world_flight *a, const struct world_flight *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void world_push(struct world *world, struct world_flight flight)
{
    if (world->flight_count == world->flight_capacity) {
        world->flight_capacity = world->flight_capacity ? 2 * world->flight_capacity : 1024;
        world->flights =
            realloc(world->flights, world->flight_capacity * sizeof(world->flights[0]));
        if (!world->flights)
            abort();
    }
    flight.order = world->flight_order++;
    uint32_t at = world->flight_count++;
    while (at > 0 && is_before(&flight, &world->flights[(at - 1) / 2])) {
        world->flights[at] = world->flights[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    world->flights[at] = flight;
}

struct world_flight world_pop(struct world *world)
{
    struct world_flight *heap = world->flights, first = heap[0];
    struct world_flight last = heap[--world->flight_count];
    uint32_t at = 0, child;
    while ((child = 2 * at + 1) < world->flight_count) {
        if (child + 1 < world->flight_count && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* The link: what comes out of it, if anything, and when. */
void world_transmit(struct world *world, struct world_link *link, struct world_flight flight)
{
    uint64_t start_ns = world->now_ns;
    if (link->bytes_per_s > 0) {
        if (link->free_ns > start_ns)
            start_ns = link->free_ns;
        if (start_ns - world->now_ns > link->queue_ns || flight.count > link->largest_bytes) {
            free(flight.bytes);
            return;
        }
        link->free_ns = start_ns + (uint64_t)(1e9 * (flight.count + 28) / link->bytes_per_s);
        start_ns = link->free_ns;
    }
    if (flight.count > link->largest_bytes || world_chance(world) < link->loss) {
        free(flight.bytes);
        return;
    }
    flight.at_ns = start_ns + link->delay_ns;
    if (link->jitter_ns > 0 && world_chance(world) < link->reorder)
        flight.at_ns += world_random(world) % link->jitter_ns;
    if (world_chance(world) < link->duplicate) {
        struct world_flight twin = flight;
        twin.bytes = malloc(flight.count);
        memcpy(twin.bytes, flight.bytes, flight.count);
        twin.at_ns += world_random(world) % (link->delay_ns + link->jitter_ns + 1);
        world_push(world, twin);
    }
    if (world_chance(world) < link->corrupt) {
        uint64_t where = world_random(world) % (flight.count * UINT64_C(8));
        if (world_chance(world) < 0.5)
            flight.bytes[where / 8] ^= (uint8_t)(1u << where % 8);
        else
            flight.count = (uint32_t)(where / 8);
    }
    world_push(world, flight);
}
