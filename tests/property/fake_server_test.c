/* The fake server answers as the engine computes, and misbehaves as it is told. */
#include "compute/engine.h"
#include "compute/zoo/zoo.h"
#include "dataplane/proto/client.h"
#include "dataplane/proto/crc32c.h"
#include "tests/property/fake_server.h"
#include "tests/unit/cunit_main.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS (UINT64_C(20) * 1000000000)

struct peer {
    char path[64];
    struct fake_server *server;
    struct jtp_client *client;
    void *memory;
    int fd;
    float x[1024], y[16];
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool peer_open(struct peer *peer, const struct fake_server_behaviour *behaviour)
{
    *peer = (struct peer){.fd = -1};
    struct zoo_config zoo;
    zoo_config_default(&zoo);
    snprintf(peer->path, sizeof(peer->path), "/tmp/joint-fake-%ld.onnx", (long)getpid());
    struct fake_server_config config;
    fake_server_config_default(&config);
    config.model_path = peer->path;
    if (behaviour)
        config.behaviour = *behaviour;
    if (zoo_write("lenet", &zoo, peer->path, NULL) || fake_server_create(&config, &peer->server))
        return false;
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons(fake_server_port(peer->server)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    peer->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct jtp_client_config jtp;
    jtp_client_config_default(&jtp);
    jtp.seed = now_ns();
    jtp.client = 1;
    peer->memory = aligned_alloc(64, (jtp_client_bytes(&jtp) + 63) & ~(size_t)63);
    peer->client = jtp_client_init(peer->memory, &jtp);
    for (uint32_t i = 0; i < 1024; i++)
        peer->x[i] = (float)(i % 29) / 29;
    return connect(peer->fd, (struct sockaddr *)&name, sizeof(name)) == 0;
}

static void peer_close(struct peer *peer)
{
    fake_server_destroy(peer->server);
    free(peer->memory);
    if (peer->fd >= 0)
        close(peer->fd);
    unlink(peer->path);
}

/* One request over the whole network; false: no event. */
static bool ask(struct peer *peer, uint64_t patience_ns, struct jtp_event *event)
{
    uint8_t bytes[65536];
    struct jtp_datagram datagram;
    struct jtp_submission submission = {
        .open = {.model = jtp_crc32c(0, "model", 5), .to = 1, .rows = 1, .total_bytes = 4096},
        .bytes = (const uint8_t *)peer->x,
        .answer = (uint8_t *)peer->y,
        .answer_capacity = sizeof(peer->y),
        .deadline_ns = patience_ns};
    struct engine_config config;
    struct engine_model *model;
    struct engine_error error;
    engine_config_default(&config);
    if (engine_model_open(peer->path, &config, &model, &error))
        return false;
    submission.open.to = (uint16_t)(engine_model_cut_count(model) - 1);
    engine_model_destroy(model);
    uint32_t number;
    uint64_t end_ns = now_ns() + 2 * PATIENCE_NS;
    if (jtp_client_submit(peer->client, &submission, now_ns(), &number))
        return false;
    while (now_ns() < end_ns) {
        ssize_t count;
        while ((count = recv(peer->fd, bytes, sizeof(bytes), 0)) >= 0)
            jtp_client_on_datagram(peer->client, bytes, (size_t)count, now_ns());
        jtp_client_on_timeout(peer->client, now_ns());
        if (jtp_client_next_event(peer->client, event))
            return true;
        while (jtp_client_next_datagram(peer->client, now_ns(), &datagram))
            (void)send(peer->fd, bytes, jtp_datagram_join(&datagram, bytes), 0);
        struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
        poll(&wait, 1, 2);
    }
    return false;
}

/* The same on this side. */
static bool compute(const struct peer *peer, float *y)
{
    struct engine_config config;
    struct engine_model *model = NULL;
    struct engine_context *context = NULL;
    struct engine_error error;
    engine_config_default(&config);
    config.max_batch = 4;
    config.is_tuned = false;
    const void *inputs[] = {peer->x};
    void *outputs[] = {y};
    bool is_done = engine_model_open(peer->path, &config, &model, &error) == 0 &&
                   engine_model_prepare(model, &error) == 0 &&
                   engine_model_pack(model, NULL, &error) == 0 &&
                   engine_context_create(model, NULL, &context, &error) == 0;
    if (is_done) {
        const struct engine_run run = {.to = engine_model_cut_count(model) - 1,
                                       .rows = 1,
                                       .inputs = inputs,
                                       .outputs = outputs};
        is_done = engine_context_run(context, &run, &error) == 0;
    }
    engine_context_destroy(context);
    engine_model_destroy(model);
    return is_done;
}

static void test_computes(void)
{
    struct peer peer;
    struct jtp_event event = {0};
    float y[16] = {0};
    CU_ASSERT_TRUE_FATAL(peer_open(&peer, NULL));
    CU_ASSERT_TRUE(ask(&peer, PATIENCE_NS, &event));
    CU_ASSERT_EQUAL(event.end, JTP_ANSWERED);
    CU_ASSERT_TRUE(compute(&peer, y));
    CU_ASSERT_EQUAL(memcmp(y, peer.y, sizeof(y)), 0);
    struct fake_server_counts counts;
    fake_server_count(peer.server, &counts);
    CU_ASSERT_EQUAL(counts.answered, 1);
    peer_close(&peer);
}

static void test_rejects(void)
{
    const struct fake_server_behaviour behaviours[] = {
        {.reject = JTP_OVERLOADED, .load = {.predicted_wait_us = 1234}},
        {.reject_whole = JTP_FAILED}};
    for (size_t i = 0; i < 2; i++) {
        struct peer peer;
        struct jtp_event event = {0};
        CU_ASSERT_TRUE_FATAL(peer_open(&peer, &behaviours[i]));
        CU_ASSERT_TRUE(ask(&peer, PATIENCE_NS, &event));
        CU_ASSERT_EQUAL(event.end, JTP_REJECTED);
        CU_ASSERT_EQUAL(event.reason, i == 0 ? JTP_OVERLOADED : JTP_FAILED);
        CU_ASSERT_EQUAL(event.load.predicted_wait_us, i == 0 ? 1234 : 0);
        peer_close(&peer);
    }
}

static void test_bad_link(void)
{
    const struct fake_server_behaviour behaviour = {
        .loss = 0.2, .corrupt = 0.1, .duplicate = 0.2, .delay_ns = 3000000};
    struct peer peer;
    struct jtp_event event = {0};
    float y[16] = {0};
    CU_ASSERT_TRUE_FATAL(peer_open(&peer, &behaviour));
    for (int i = 0; i < 10; i++) {
        CU_ASSERT_TRUE(ask(&peer, PATIENCE_NS, &event));
        CU_ASSERT_EQUAL(event.end, JTP_ANSWERED);
    }
    CU_ASSERT_TRUE(compute(&peer, y));
    CU_ASSERT_EQUAL(memcmp(y, peer.y, sizeof(y)), 0);
    peer_close(&peer);
}

static void test_absent(void)
{
    const struct fake_server_behaviour behaviours[] = {
        {.is_deaf = true}, {.is_idle = true}, {.dies_after = 1}};
    for (size_t i = 0; i < 3; i++) {
        struct peer peer;
        struct jtp_event event = {0};
        CU_ASSERT_TRUE_FATAL(peer_open(&peer, &behaviours[i]));
        CU_ASSERT_TRUE(ask(&peer, UINT64_C(300000000), &event));
        CU_ASSERT_EQUAL(event.end, JTP_LATE);
        struct fake_server_counts counts;
        fake_server_count(peer.server, &counts);
        CU_ASSERT_EQUAL(counts.is_alive, i < 2);
        const struct fake_server_behaviour good = {.bytes_per_s = 0};
        fake_server_behave(peer.server, &good);
        if (!counts.is_alive)
            CU_ASSERT_EQUAL(fake_server_revive(peer.server), 0);
        CU_ASSERT_TRUE(ask(&peer, PATIENCE_NS, &event));
        CU_ASSERT_EQUAL(event.end, JTP_ANSWERED);
        fake_server_kill(peer.server);
        peer_close(&peer);
    }
}

const struct cunit_test tests[] = {
    {"the answer is what the engine computes here, to the bit", test_computes},
    {"it rejects before and after the computation, and says its load", test_rejects},
    {"loss, corruption, duplicates and delay do not change the answer", test_bad_link},
    {"deaf, idle or dead it does not answer, and then it does again", test_absent},
    {NULL, NULL},
};
