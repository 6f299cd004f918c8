/* Over every mix of loss, reordering, duplication, corruption, delay and shrinking datagrams, each
 * request arrives once and whole, and ends in an answer or a word to the client.
 *
 * SEED (default 1) and SEEDS (default 2000) in the environment choose others. */
#include "tests/property/jtp_world.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define S (1000 * MS)

static uint64_t number_from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

/* One draw of the mix for a link. */
static void draw_link(struct world *dice, struct world_link *link)
{
    static const double losses[] = {0, 0, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3};
    static const double rates[] = {0, 1e6, 1e7, 1e8}; /* bits */
    link->loss = losses[world_random(dice) % 8];
    link->duplicate = world_random(dice) % 3 == 0 ? 0.1 : 0;
    link->corrupt = world_random(dice) % 3 == 0 ? 0.03 : 0;
    link->reorder = world_random(dice) % 2 == 0 ? 0.2 : 0;
    link->delay_ns = world_random(dice) % (200 * MS);
    link->jitter_ns = 1 + world_random(dice) % (50 * MS);
    link->bytes_per_s = rates[world_random(dice) % 4] / 8;
    link->queue_ns = 10 * MS + world_random(dice) % (200 * MS);
    link->largest_bytes = 1200 + (uint32_t)(world_random(dice) % 273);
}

static struct world *draw_world(uint64_t seed)
{
    struct world_config config;
    struct world *dice = calloc(1, sizeof(*dice));
    dice->random = seed;
    world_config_default(&config);
    config.seed = seed;
    config.clients = 1 + (uint32_t)(world_random(dice) % 4);
    draw_link(dice, &config.up);
    draw_link(dice, &config.down);
    if (world_random(dice) % 2) {
        config.shrink_ns = world_random(dice) % (2 * S);
        config.shrink_bytes = 1200 + (uint32_t)(world_random(dice) % 100);
    }
    if (world_random(dice) % 8 == 0)
        config.restart_ns = 100 * MS + world_random(dice) % (3 * S);
    config.server.validate_address = world_random(dice) % 4 != 0;
    config.server.max_ranges = world_random(dice) % 2 ? 64 : 4;
    config.slab_bytes = 100000 + world_random(dice) % 2000000;
    config.compute_ns = world_random(dice) % (100 * MS);
    config.client.max_ranges = world_random(dice) % 2 ? 64 : 3;
    struct world *world = world_create(&config);
    uint32_t requests = 1 + (uint32_t)(world_random(dice) % 6);
    uint64_t at_ns = 0;
    for (uint32_t i = 0; i < requests; i++) {
        uint32_t bytes = 1 + (uint32_t)(world_random(dice) % (1u << world_random(dice) % 18));
        uint32_t answer = 1 + (uint32_t)(world_random(dice) % (1u << world_random(dice) % 17));
        at_ns += world_random(dice) % (300 * MS);
        world_request(world, (uint32_t)(world_random(dice) % config.clients), at_ns, bytes, answer,
                      (1 + world_random(dice) % 30) * S);
    }
    free(dice);
    return world;
}

static void each_request_arrives_once_or_its_client_is_told(void)
{
    uint64_t first = number_from_environment("SEED", 1);
    uint64_t count = number_from_environment("SEEDS", 2000);
    uint32_t ends[8] = {0}, faults = 0;
    printf("seeds %llu to %llu\n", (unsigned long long)first,
           (unsigned long long)(first + count - 1));
    for (uint64_t seed = first; seed < first + count && faults < 10; seed++) {
        struct world *world = draw_world(seed);
        world_run(world, 200 * S);
        world_check_end(world);
        for (int end = JTP_ANSWERED; end <= JTP_BROKEN; end++)
            ends[end] += world_count(world, (enum jtp_end)end);
        if (world->fault[0]) {
            printf("SEED=%llu SEEDS=1: %s\n", (unsigned long long)seed, world->fault);
            faults++;
        }
        world_destroy(world);
    }
    for (int end = JTP_ANSWERED; end <= JTP_BROKEN; end++)
        printf("%s %u, ", world_end_name((enum jtp_end)end), ends[end]);
    printf("\n");
    CU_ASSERT_EQUAL(faults, 0);
    CU_ASSERT(ends[JTP_ANSWERED] > 9 * (ends[JTP_LATE] + ends[JTP_LOST] + ends[JTP_REJECTED]));
    CU_ASSERT_EQUAL(ends[JTP_BROKEN] + ends[JTP_CANCELLED], 0);
}

const struct cunit_test tests[] = {
    {"each request arrives once and whole, or its client is told",
     each_request_arrives_once_or_its_client_is_told},
    {NULL, NULL},
};
