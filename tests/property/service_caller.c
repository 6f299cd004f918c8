/* Moves datagrams between the protocol's client core and a UDP socket. */
#include "tests/property/service_caller.h"

#include "dataplane/proto/crc32c.h"
#include "tests/property/service_host.h"
#include "tests/unit/cunit_main.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FINISH_SECONDS 60

void service_caller_open(struct service_caller *caller, uint16_t port, uint64_t seed)
{
    struct jtp_client_config config;
    jtp_client_config_default(&config);
    config.server = (struct jtp_address){.ip = {[15] = 1}, .port = port};
    config.seed = seed * UINT64_C(0x9e3779b97f4a7c15) + host_now_ns();
    config.client = seed;
    config.max_requests = 64;
    config.longest_ns = UINT64_C(30000000000);
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int size = 8 << 20;
    *caller = (struct service_caller){
        .fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    CU_ASSERT_TRUE_FATAL(caller->fd >= 0);
    setsockopt(caller->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    CU_ASSERT_EQUAL_FATAL(connect(caller->fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    caller->client = jtp_client_init(malloc(jtp_client_bytes(&config)), &config);
}

void service_caller_close(struct service_caller *caller)
{
    close(caller->fd);
    free(caller->client);
}

bool service_caller_call(struct service_caller *caller, struct service_call *call)
{
    const struct oracle *oracle = call->oracle;
    struct jtp_submission submission = {
        .open = {.model = jtp_crc32c(0, call->model, strlen(call->model)),
                 .model_version = call->version,
                 .from = (uint16_t)call->from,
                 .to = (uint16_t)call->to,
                 .rows = 1,
                 .total_bytes = oracle->bytes[call->from]},
        .bytes = oracle->state[call->input][call->from],
        .answer_capacity = oracle->bytes[call->to],
        .deadline_ns = call->deadline_ns,
        .user = call};
    memcpy(submission.open.fingerprint, oracle->fingerprint, sizeof(oracle->fingerprint));
    if (!call->answer)
        call->answer = malloc(oracle->bytes[call->to]);
    submission.answer = call->answer;
    call->is_over = false;
    if (jtp_client_submit(caller->client, &submission, host_now_ns(), &call->request))
        return false;
    caller->open_count++;
    return true;
}

void service_caller_cancel(struct service_caller *caller, const struct service_call *call)
{
    if (!call->is_over)
        jtp_client_cancel(caller->client, call->request, host_now_ns());
}

void service_call_free(struct service_call *call)
{
    free(call->answer);
    call->answer = NULL;
}

bool service_call_is_right(const struct service_call *call)
{
    return call->is_over && call->event.end == JTP_ANSWERED &&
           call->event.answer.total_bytes == call->oracle->bytes[call->to] &&
           oracle_agrees(call->oracle, call->input, call->from, call->to, call->answer);
}

bool service_call_is_rejected(const struct service_call *call, enum jtp_reason reason)
{
    return call->is_over && call->event.end == JTP_REJECTED && call->event.reason == reason;
}

static int receive(struct service_caller *caller)
{
    uint8_t bytes[16384];
    int count = 0;
    for (ssize_t got; (got = recv(caller->fd, bytes, sizeof(bytes), 0)) >= 0; count++)
        jtp_client_on_datagram(caller->client, bytes, (size_t)got, host_now_ns());
    return count;
}

static int transmit(struct service_caller *caller)
{
    struct jtp_datagram datagram;
    int count = 0;
    for (; count < 64 && jtp_client_next_datagram(caller->client, host_now_ns(), &datagram);
         count++) {
        struct iovec parts[] = {{datagram.head, datagram.head_bytes},
                                {(void *)(uintptr_t)datagram.payload, datagram.payload_bytes}};
        const ssize_t sent = writev(caller->fd, parts, datagram.payload_bytes ? 2 : 1);
        (void)sent; /* lost, as on a network */
    }
    return count;
}

int service_caller_poll(struct service_caller *caller)
{
    struct jtp_event event;
    int count = receive(caller);
    const uint64_t now_ns = host_now_ns();
    if (jtp_client_timeout_ns(caller->client, now_ns) <= now_ns)
        jtp_client_on_timeout(caller->client, now_ns);
    while (jtp_client_next_event(caller->client, &event)) {
        struct service_call *call = event.user;
        call->event = event;
        call->is_over = true;
        caller->open_count--;
        count++;
    }
    return count + transmit(caller);
}

void service_caller_finish(struct service_caller *caller, const struct service_call *calls,
                           uint32_t count)
{
    const time_t end = time(NULL) + FINISH_SECONDS;
    for (uint32_t i = 0; i < count;) {
        if (calls[i].is_over) {
            i++;
            continue;
        }
        if (service_caller_poll(caller) == 0) {
            struct pollfd socket = {.fd = caller->fd, .events = POLLIN};
            poll(&socket, 1, 1);
        }
        CU_ASSERT_TRUE_FATAL(time(NULL) < end);
    }
}
