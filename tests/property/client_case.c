/* A network, a fake server and a client of it. */
#include "tests/property/client_case.h"
#include "compute/zoo/zoo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t client_case_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool run_whole(struct client_case *subject)
{
    for (uint32_t rows = 1; rows <= CASE_MAX_ROWS; rows++) {
        struct joint_call call;
        joint_call_default(&call);
        const void *inputs[] = {subject->x};
        void *outputs[] = {subject->whole[rows]};
        call.inputs = inputs;
        call.outputs = outputs;
        call.rows = rows;
        call.split = JOINT_MOBILE;
        if (joint_run(subject->joint, &call, NULL))
            return false;
    }
    return true;
}

bool client_case_open(struct client_case *subject, const struct fake_server_behaviour *behaviour,
                      const struct joint_config *config)
{
    struct zoo_config zoo;
    struct fake_server_config server;
    struct joint_config client;
    struct joint_error error = {.text = ""};
    *subject = (struct client_case){.server = NULL};
    zoo_config_default(&zoo);
    snprintf(subject->path, sizeof(subject->path), "/tmp/joint-client-%ld.onnx", (long)getpid());
    fake_server_config_default(&server);
    server.model_path = subject->path;
    server.max_rows = CASE_MAX_ROWS;
    if (behaviour)
        server.behaviour = *behaviour;
    if (zoo_write("lenet", &zoo, subject->path, NULL) ||
        fake_server_create(&server, &subject->server))
        return false;
    joint_config_default(&client);
    if (config)
        client = *config;
    client.model_path = subject->path;
    client.model_name = "model";
    client.servers[0] = fake_server_address(subject->server);
    client.max_rows = CASE_MAX_ROWS;
    client.is_untuned = true;
    if (joint_open(&client, &subject->joint, &error)) {
        printf("%s\n", error.text);
        return false;
    }
    for (uint32_t i = 0; i < CASE_MAX_ROWS * CASE_ROW_FLOATS; i++)
        subject->x[i] = (float)(i * 7919 % 257) / 257 - 0.5f;
    return run_whole(subject);
}

void client_case_close(struct client_case *subject)
{
    joint_close(subject->joint);
    fake_server_destroy(subject->server);
    unlink(subject->path);
}

bool client_case_call(struct client_case *subject, uint32_t rows, uint32_t from, uint32_t to,
                      uint64_t deadline_ns, struct joint_report *report)
{
    float y[CASE_MAX_ROWS * CASE_ANSWER_FLOATS] = {0};
    const void *inputs[] = {subject->x};
    void *outputs[] = {y};
    struct joint_call call;
    joint_call_default(&call);
    call.inputs = inputs;
    call.outputs = outputs;
    call.rows = rows;
    call.split = JOINT_CUTS;
    call.from = from;
    call.to = to;
    call.deadline_ns = deadline_ns;
    int rc = joint_run(subject->joint, &call, report);
    return rc == 0 &&
           memcmp(y, subject->whole[rows], rows * CASE_ANSWER_FLOATS * sizeof(float)) == 0;
}

bool client_case_wait_heard(struct client_case *subject)
{
    struct joint_server server = {.is_heard = false};
    const struct timespec step = {.tv_nsec = 1000000};
    for (uint64_t end_ns = client_case_now_ns() + UINT64_C(10000000000);
         client_case_now_ns() < end_ns && !server.is_heard; nanosleep(&step, NULL))
        joint_server(subject->joint, 0, &server);
    return server.is_heard;
}
