/* A table that several threads read without locks and seldom add to. */
#include "dataplane/port/uring/udp_routes.h"

#include <stddef.h>
#include <string.h>

void udp_routes_init(struct udp_routes *routes)
{
    memset(routes, 0, sizeof(*routes));
    atomic_flag_clear(&routes->is_growing);
    atomic_init(&routes->count, 0);
}

static uint32_t look_up(const struct udp_routes *routes, const struct udp_route *route,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct udp_route *known = &routes->routes[i];
        if (memcmp(known->ip, route->ip, sizeof(route->ip)) == 0 &&
            known->interface == route->interface && known->socket == route->socket)
            return i + 1;
    }
    return 0;
}

uint32_t udp_routes_number(struct udp_routes *routes, const struct udp_route *route)
{
    /* Pairs with the release below: a counted route is complete. */
    uint32_t count = atomic_load_explicit(&routes->count, memory_order_acquire);
    uint32_t number = look_up(routes, route, count);
    if (number != 0 || count == UDP_MAX_ROUTES)
        return number;
    /* Nobody waits: the next datagram adds it if this one cannot. */
    if (atomic_flag_test_and_set_explicit(&routes->is_growing, memory_order_acquire))
        return 0;
    count = atomic_load_explicit(&routes->count, memory_order_relaxed);
    number = look_up(routes, route, count);
    if (number == 0 && count < UDP_MAX_ROUTES) {
        routes->routes[count] = *route;
        atomic_store_explicit(&routes->count, count + 1, memory_order_release);
        number = count + 1;
    }
    atomic_flag_clear_explicit(&routes->is_growing, memory_order_release);
    return number;
}

const struct udp_route *udp_routes_find(const struct udp_routes *routes, uint32_t number)
{
    if (number == 0 || number > atomic_load_explicit(&routes->count, memory_order_acquire))
        return NULL;
    return &routes->routes[number - 1];
}
