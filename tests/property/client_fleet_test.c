/* Two hundred clients and one server in virtual time: after a step of load the share that is
 * offloaded comes to rest, and without damping it does not. */
#include "scheduler/client/chance.h"
#include "scheduler/client/damping.h"
#include "scheduler/client/freshness.h"
#include "scheduler/client/outlook.h"
#include "tests/unit/cunit_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MS UINT64_C(1000000)
#define CLIENTS 200
#define STEP_NS (20000 * MS) /* the second load comes */
#define SETTLED_NS (30000 * MS)
#define END_NS (90000 * MS)
#define SAMPLE_NS (20 * MS)
#define SAMPLES ((END_NS - SETTLED_NS) / SAMPLE_NS)

/* A request takes LOCAL_MS on the device; on the server REMOTE_MS, of which one way is LINK_NS, and
 * the wait. The server computes one after the other: all clients together use half of it. */
#define LOCAL_MS 60.0
#define REMOTE_MS 20.0
#define LINK_NS (8 * MS)
#define SERVICE_NS (MS / 4)
#define PERIOD_NS (100 * MS) /* between a client's requests */

#define BOARD_NS (200 * MS) /* a bulletin board is read by all at once, so often */
#define BOARD_HZ 5.0

/* The share of offloading clients may deviate so much from its mean (standard deviation). */
#define AT_REST 0.05

struct client {
    struct damping damping;
    struct freshness freshness;
    struct outlook outlook;
    uint64_t random;
    double told_wait_ms; /* what the last report said */
    bool is_offloading; /* what is held */
    bool has_left; /* the report that is under way has been written */
    uint64_t next_ns; /* request */
    uint64_t reply_ns; /* of a request or a probe; 0: none is out */
    double reply_wait_ms; /* that it tells */
};

struct fleet {
    struct client clients[CLIENTS];
    bool is_damped, has_board;
    double second_load; /* of the server, from STEP_NS on */
    double noise_ms; /* what a report says is wrong by up to that, both ways */
    uint64_t now_ns;
    double free_ns; /* when the server is done with all it has */
    uint32_t sample_count;
    double samples[SAMPLES]; /* the share of clients that offload, once settled */
    double mean, deviation; /* of these */
    double before; /* the share before the step */
};

static double wait_ms(const struct fleet *fleet)
{
    return fmax(fleet->free_ns - (double)fleet->now_ns, 0) / 1e6;
}

static void add_work(struct fleet *fleet, double work_ns)
{
    fleet->free_ns = fmax(fleet->free_ns, (double)fleet->now_ns) + work_ns;
}

static void write_report(struct fleet *fleet, struct client *client)
{
    const double wrong_ms = fleet->noise_ms * (2 * chance_unit(&client->random) - 1);
    client->reply_wait_ms = fmax(wait_ms(fleet) + wrong_ms, 0);
    client->has_left = true;
}

static void hear(struct fleet *fleet, struct client *client)
{
    const uint64_t age_ns = fleet->has_board ? 0 : LINK_NS;
    client->reply_ns = 0;
    client->told_wait_ms = client->reply_wait_ms;
    freshness_heard(&client->freshness, age_ns, &client->random, fleet->now_ns);
    outlook_told(&client->outlook, client->reply_wait_ms, fleet->now_ns - age_ns);
}

/* The best under the last report, at once. */
static bool choose_greedily(struct client *client)
{
    client->is_offloading = REMOTE_MS + client->told_wait_ms < LOCAL_MS;
    return client->is_offloading;
}

static bool choose_damped(const struct fleet *fleet, struct client *client)
{
    const double there_ms = REMOTE_MS + outlook_wait_ms(&client->outlook, fleet->now_ns);
    const bool is_there_best = there_ms < LOCAL_MS;
    const struct damping_offer offer = {
        .held_ms = client->is_offloading ? there_ms : LOCAL_MS,
        .best_ms = fmin(there_ms, LOCAL_MS),
        .is_same = client->is_offloading == is_there_best,
        .is_here = !client->is_offloading,
        .is_full = true,
        .is_expired = freshness_is_expired(&client->freshness, fleet->now_ns),
        .switch_gain = DAMPING_SWITCH_GAIN,
    };
    const enum damping_verdict verdict =
        damping_choose(&client->damping, &offer, &client->random, fleet->now_ns);
    if (verdict == DAMPING_TURNS)
        client->is_offloading = is_there_best;
    return client->is_offloading || verdict == DAMPING_EXPLORES_ONCE;
}

static void request(struct fleet *fleet, struct client *client)
{
    const bool wants_probe = freshness_use(&client->freshness, fleet->now_ns);
    const bool is_there = fleet->is_damped ? choose_damped(fleet, client) : choose_greedily(client);
    client->next_ns = fleet->now_ns + PERIOD_NS;
    if (is_there) {
        add_work(fleet, SERVICE_NS);
        client->reply_ns = (uint64_t)fleet->free_ns + 2 * LINK_NS;
        client->has_left = false;
        if (client->next_ns < client->reply_ns)
            client->next_ns = client->reply_ns; /* one at a time */
    } else if (wants_probe && client->reply_ns == 0) {
        client->reply_ns = fleet->now_ns + 2 * LINK_NS;
        client->has_left = false;
    }
}

static void turn(struct fleet *fleet, struct client *client)
{
    if (client->reply_ns > 0 && !client->has_left && fleet->now_ns + LINK_NS >= client->reply_ns)
        write_report(fleet, client);
    if (fleet->has_board) {
        if (client->reply_ns <= fleet->now_ns)
            client->reply_ns = 0; /* it looks at the board alone */
        if (fleet->now_ns % BOARD_NS == 0) {
            write_report(fleet, client);
            hear(fleet, client);
        }
    } else if (client->reply_ns > 0 && client->reply_ns <= fleet->now_ns) {
        hear(fleet, client);
    }
    if (client->next_ns <= fleet->now_ns)
        request(fleet, client);
}

static double offloading(const struct fleet *fleet)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < CLIENTS; i++)
        count += fleet->clients[i].is_offloading;
    return (double)count / CLIENTS;
}

static void run(struct fleet *fleet, uint64_t seed)
{
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct client *client = &fleet->clients[i];
        *client = (struct client){.random = seed * CLIENTS + i, .is_offloading = true};
        damping_init(&client->damping, &client->random, 0);
        client->next_ns = (uint64_t)(chance_unit(&client->random) * (double)PERIOD_NS);
    }
    for (fleet->now_ns = 0; fleet->now_ns < END_NS; fleet->now_ns += MS) {
        add_work(fleet, fleet->now_ns < STEP_NS ? 0 : fleet->second_load * (double)MS);
        for (uint32_t i = 0; i < CLIENTS; i++)
            turn(fleet, &fleet->clients[i]);
        if (fleet->now_ns == STEP_NS)
            fleet->before = offloading(fleet);
        if (fleet->now_ns >= SETTLED_NS && fleet->now_ns % SAMPLE_NS == 0)
            fleet->samples[fleet->sample_count++] = offloading(fleet);
    }
    for (uint32_t i = 0; i < fleet->sample_count; i++)
        fleet->mean += fleet->samples[i] / fleet->sample_count;
    for (uint32_t i = 0; i < fleet->sample_count; i++)
        fleet->deviation += pow(fleet->samples[i] - fleet->mean, 2) / fleet->sample_count;
    fleet->deviation = sqrt(fleet->deviation);
}

/* What of the variance lies within 0.25 Hz of a frequency: sums of the periodogram, by its
 * definition. A spectrum without a peak has 0.5 Hz of 25 there: 2 %. */
static double share_at(const struct fleet *fleet, double hz)
{
    const double turn = 2 * acos(-1), n = fleet->sample_count, seconds = SAMPLE_NS / 1e9;
    double power = 0, whole = 0;
    for (uint32_t bin = 1; bin < fleet->sample_count / 2; bin++) {
        const double bin_hz = bin / (n * seconds);
        if (fabs(bin_hz - hz) > 0.25)
            continue;
        double real = 0, imaginary = 0;
        for (uint32_t i = 0; i < fleet->sample_count; i++) {
            real += (fleet->samples[i] - fleet->mean) * cos(turn * bin * i / n);
            imaginary += (fleet->samples[i] - fleet->mean) * sin(turn * bin * i / n);
        }
        power += 2 * (real * real + imaginary * imaginary) / n;
    }
    whole = n * fleet->deviation * fleet->deviation;
    return whole > 0 ? power / whole : 0;
}

static struct fleet *make(bool is_damped, bool has_board, double second_load, double noise_ms)
{
    struct fleet *fleet = calloc(1, sizeof(*fleet));
    CU_ASSERT_PTR_NOT_NULL_FATAL(fleet);
    fleet->is_damped = is_damped;
    fleet->has_board = has_board;
    fleet->second_load = second_load;
    fleet->noise_ms = noise_ms;
    return fleet;
}

static const double second_loads[] = {0.55, 0.65, 0.75, 0.85, 0.95};
#define LOADS (sizeof(second_loads) / sizeof(second_loads[0]))

/* What is left of the server, over what all clients would use: so many can offload. */
static double room(double second_load)
{
    const double all = CLIENTS * ((double)SERVICE_NS / PERIOD_NS);
    return (1 - second_load) / all;
}

static void damped_clients_come_to_rest(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        for (uint32_t i = 0; i < 2 * LOADS; i++) {
            struct fleet *fleet = make(true, false, second_loads[i / 2], i % 2 ? 20 : 0);
            run(fleet, seed);
            if (i == 0)
                printf("(seed %u) ", (unsigned)seed);
            CU_ASSERT_TRUE(fleet->before > 0.97);
            CU_ASSERT_TRUE(fleet->deviation < AT_REST);
            CU_ASSERT_DOUBLE_EQUAL(fleet->mean, room(second_loads[i / 2]), 0.03);
            CU_ASSERT_TRUE(wait_ms(fleet) < 2 * LOCAL_MS + 20);
            free(fleet);
        }
}

static void a_bulletin_board_makes_no_rhythm(void)
{
    for (uint32_t i = 0; i < LOADS; i++) {
        struct fleet *fleet = make(true, true, second_loads[i], 10);
        run(fleet, 4);
        CU_ASSERT_TRUE(fleet->deviation < AT_REST);
        CU_ASSERT_TRUE(share_at(fleet, BOARD_HZ) < 0.04);
        CU_ASSERT_TRUE(share_at(fleet, BOARD_HZ / 2) < 0.04);
        free(fleet);
    }
}

/* The same fleet, each taking what is best by the last report: shows that the tests above can
 * fail. Read by all at once, the board makes them come one time and leave the next. */
static void undamped_clients_swing(void)
{
    for (uint32_t i = 0; i < 3; i++) {
        struct fleet *alone = make(false, false, second_loads[i], 0);
        run(alone, 1);
        CU_ASSERT_TRUE(alone->deviation > 4 * AT_REST);
        free(alone);
    }
    struct fleet *together = make(false, true, 0.7, 0);
    run(together, 1);
    CU_ASSERT_TRUE(together->deviation > 4 * AT_REST);
    CU_ASSERT_TRUE(share_at(together, BOARD_HZ / 2) > 0.4);
    free(together);
}

static void a_full_server_is_left_and_found_again(void)
{
    struct fleet *fleet = make(true, false, 1.3, 0);
    run(fleet, 1);
    CU_ASSERT_TRUE(fleet->mean < 0.01);
    fleet->free_ns = 0; /* the second load goes, and its queue */
    const uint64_t begin_ns = fleet->now_ns;
    for (; offloading(fleet) < 0.9 && fleet->now_ns < begin_ns + 30000 * MS; fleet->now_ns += MS)
        for (uint32_t i = 0; i < CLIENTS; i++) {
            struct client *client = &fleet->clients[i];
            /* What was under way when the queue went would come hours later. */
            if (client->reply_ns > fleet->now_ns + 1000 * MS) {
                client->reply_ns = 0;
                client->next_ns = fleet->now_ns;
            }
            turn(fleet, client);
        }
    CU_ASSERT_TRUE(offloading(fleet) >= 0.9);
    free(fleet);
}

const struct cunit_test tests[] = {
    {"after a step damped clients offload as many as there is room for, and stay so",
     damped_clients_come_to_rest},
    {"a load that all hear at once makes no rhythm", a_bulletin_board_makes_no_rhythm},
    {"without damping they swing", undamped_clients_swing},
    {"a full server is left, and found again when it is free",
     a_full_server_is_left_and_found_again},
    {NULL, NULL},
};
