/* What the transport gives as a whole: goodput, memory that holds under overload, and good clients
 * that are served while strangers flood. In virtual time, so the numbers are the same everywhere.
 */
#include "tests/property/jtp_world.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>

#define MS UINT64_C(1000000)
#define S (1000 * MS)

struct line {
    const char *name;
    double bits_per_s, loss;
    uint64_t delay_ns, queue_ns; /* one way; of the buffer before the line */
    uint32_t bytes;
    bool is_download;
    double least; /* goodput over the line's rate */
};

/* Payload bits a second over the line's rate, from submission to the end. */
static double goodput(const struct line *line)
{
    struct world_config config;
    world_config_default(&config);
    config.up.bytes_per_s = config.down.bytes_per_s = line->bits_per_s / 8;
    config.up.delay_ns = config.down.delay_ns = line->delay_ns;
    config.up.queue_ns = config.down.queue_ns = line->queue_ns;
    config.up.loss = config.down.loss = line->loss;
    config.slab_bytes = 64 << 20;
    config.compute_ns = 0;
    struct world *world = world_create(&config);
    uint32_t up = line->is_download ? 1000 : line->bytes;
    uint32_t down = line->is_download ? line->bytes : 1000;
    world_request(world, 0, 0, up, down, 100 * S);
    world_run(world, 200 * S);
    world_check_end(world);
    CU_ASSERT_STRING_EQUAL(world->fault, "");
    const struct jtp_event *event = &world->requests[0].event;
    CU_ASSERT_EQUAL(event->end, JTP_ANSWERED);
    double took_s = (double)(event->ended_ns - event->submitted_ns) * 1e-9;
    uint64_t sent = line->is_download ? world->sent_bytes_down : world->sent_bytes_up;
    double ratio = line->bytes * 8.0 / took_s / line->bits_per_s;
    printf("  %-42s %5.1f %% of the rate, %5.2f %% sent beyond the payload\n", line->name,
           100 * ratio, 100.0 * ((double)sent / line->bytes - 1));
    world_destroy(world);
    return ratio;
}

static void fills_a_line(void)
{
    static const struct line lines[] = {
        {"100 Mbit/s, 20 ms, 20 MB up", 1e8, 0, 10 * MS, 40 * MS, 20000000, false, 0.8},
        {"100 Mbit/s, 20 ms, 20 MB down", 1e8, 0, 10 * MS, 40 * MS, 20000000, true, 0.8},
        {"100 Mbit/s, 20 ms, 20 MB, 10 ms of buffer", 1e8, 0, 10 * MS, 10 * MS, 20000000, false,
         0.7},
        {"5.85 Mbit/s (4G), 60 ms, 600 KB up", 5.85e6, 0, 30 * MS, 100 * MS, 602112, false, 0.6},
        {"18.88 Mbit/s (Wi-Fi), 10 ms, 280 KB up", 18.88e6, 0, 5 * MS, 50 * MS, 279936, false, 0.6},
        {"1 Gbit/s, 2 ms, 20 MB up", 1e9, 0, 1 * MS, 10 * MS, 20000000, false, 0.6},
        {"20 Mbit/s, 40 ms, 5 MB up, 0.1 % lost", 2e7, 0.001, 20 * MS, 40 * MS, 5000000, false,
         0.2},
        {"20 Mbit/s, 40 ms, 5 MB up, 1 % lost", 2e7, 0.01, 20 * MS, 40 * MS, 5000000, false, 0.02},
    };
    printf("\n");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        CU_ASSERT(goodput(&lines[i]) >= lines[i].least);
}

/* Clients offer 1.2 times what the workers can do; memory holds a tenth of the tensors. */
static void holds_under_overload(void)
{
    struct world_config config;
    uint64_t slab = 0;
    uint32_t requests = 2000, bytes = 40000;
    world_config_default(&config);
    config.clients = 100;
    config.compute_ns = 10 * MS; /* 100 a second */
    config.up.bytes_per_s = config.down.bytes_per_s = 2e6;
    config.up.queue_ns = config.down.queue_ns = 100 * MS;
    config.up.loss = config.down.loss = 0.01;
    config.slab_bytes = slab = (uint64_t)bytes * 100 / 10;
    config.server.max_clients = 128;
    config.server.max_requests = 512;
    config.server.max_waiting = 20;
    struct world *world = world_create(&config);
    for (uint32_t i = 0; i < requests; i++)
        world_request(world, i % config.clients, i * S / 120, bytes, 1000, 2 * S);
    world_run(world, 300 * S);
    world_check_end(world);
    CU_ASSERT_STRING_EQUAL(world->fault, "");
    uint32_t answered = world_count(world, JTP_ANSWERED);
    printf("\n  %u requests at 1.2 times the capacity: answered %u, rejected %u, late %u, lost %u; "
           "at most %.2f of the slab held\n",
           requests, answered, world_count(world, JTP_REJECTED), world_count(world, JTP_LATE),
           world_count(world, JTP_LOST), (double)world->slab_peak / (double)slab);
    CU_ASSERT(world->slab_peak <= slab);
    CU_ASSERT_EQUAL(world_count(world, JTP_LOST), 0);
    CU_ASSERT(answered >= requests * 6 / 10);
    world_destroy(world);
}

static uint32_t serve(bool validate, uint64_t flood_per_s, uint64_t *in, uint64_t *out,
                      double *took_s)
{
    struct world_config config;
    world_config_default(&config);
    config.clients = 8;
    config.up.bytes_per_s = config.down.bytes_per_s = 1.25e6;
    config.up.queue_ns = config.down.queue_ns = 100 * MS;
    config.server.validate_address = validate;
    struct world *world = world_create(&config);
    for (uint32_t i = 0; i < 160; i++)
        world_request(world, i % 8, i * 20 * MS, 50000, 10000, 20 * S);
    world->flood_per_s = flood_per_s;
    world_run(world, 20 * S);
    world->flood_per_s = 0;
    world_run(world, 200 * S);
    world_check_end(world);
    CU_ASSERT_STRING_EQUAL(world->fault, "");
    *in = world->from_strangers;
    *out = world->to_strangers;
    *took_s = 0;
    for (uint32_t i = 0; i < world->request_count; i++)
        *took_s += (double)(world->requests[i].event.ended_ns - world->requests[i].at_ns) * 1e-9;
    uint32_t answered = world_count(world, JTP_ANSWERED);
    world_destroy(world);
    return answered;
}

static void serves_good_clients_while_strangers_flood(void)
{
    uint64_t in, out;
    double calm_s, flooded_s;
    CU_ASSERT_EQUAL(serve(true, 0, &in, &out, &calm_s), 160);
    CU_ASSERT_EQUAL(in + out, 0);
    CU_ASSERT_EQUAL(serve(true, 20000, &in, &out, &flooded_s), 160);
    printf("\n  strangers sent %.1f MB and got %.1f MB; good clients waited %.4f times as long\n",
           (double)in / 1e6, (double)out / 1e6, flooded_s / calm_s);
    CU_ASSERT(in > 10000000);
    CU_ASSERT(out <= 3 * in);
    CU_ASSERT(flooded_s <= calm_s / 0.95);
}

static void keeps_ten_thousand_clients_in_a_kilobyte_each(void)
{
    struct jtp_server_config few, many;
    jtp_server_config_default(&few);
    jtp_server_config_default(&many);
    few.max_clients = 1 << 10;
    many.max_clients = (1 << 10) + 10000;
    size_t each = (jtp_server_bytes(&many) - jtp_server_bytes(&few)) / 10000;
    printf("\n  %zu bytes for each known client, %zu with its share of the hash table\n",
           jtp_server_bytes_per_client(), each);
    CU_ASSERT(each <= 1024);
    CU_ASSERT(jtp_server_bytes_per_client() <= 1024);
}

const struct cunit_test tests[] = {
    {"one transfer fills a line", fills_a_line},
    {"20 % over capacity, with memory for a tenth: grants hold, nothing grows, all end",
     holds_under_overload},
    {"good clients are served while strangers flood, who get less than three times their bytes",
     serves_good_clients_while_strangers_flood},
    {"an idle known client takes less than 1 KiB", keeps_ten_thousand_clients_in_a_kilobyte_each},
    {NULL, NULL},
};
