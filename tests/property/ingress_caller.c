/* Moves datagrams between the protocol's client core and a UDP socket. */
#include "tests/property/ingress_caller.h"

#include "dataplane/proto/crc32c.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define LOOPBACK UINT32_C(0x7f000001)

static int connect_to(uint32_t address, uint16_t port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(address ? address : LOOPBACK)};
    const int size = 8 << 20;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    const int discover = IP_PMTUDISC_DO;
    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover));
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

bool caller_open(struct caller *caller, uint32_t address, uint16_t port, uint64_t seed)
{
    struct jtp_client_config config;
    jtp_client_config_default(&config);
    config.server = (struct jtp_address){.ip = {[15] = 1}, .port = port};
    config.seed = seed * UINT64_C(0x9e3779b97f4a7c15) + host_now_ns();
    config.client = seed;
    config.max_requests = 64;
    config.longest_ns = UINT64_C(30000000000);
    *caller = (struct caller){.fd = connect_to(address, port), .seed = seed};
    caller->client = jtp_client_init(malloc(jtp_client_bytes(&config)), &config);
    return caller->fd >= 0;
}

void caller_close(struct caller *caller)
{
    if (caller->fd >= 0)
        close(caller->fd);
    free(caller->client);
}

static void fill(struct caller *caller, uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        caller->seed = caller->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        bytes[i] = (uint8_t)(caller->seed >> 56);
    }
}

bool caller_call(struct caller *caller, struct call *call)
{
    const struct host_model *model = call->model;
    if (call->rows == 0)
        call->rows = 1;
    call->bytes = (uint32_t)((int32_t)host_model_message_bytes(model, call->from, call->rows,
                                                               call->encoding) +
                             call->more_bytes);
    call->answer_bytes =
        host_model_message_bytes(model, call->to, call->rows, call->answer_encoding);
    call->message = malloc(call->bytes);
    call->answer = calloc(1, call->answer_bytes);
    call->expected = malloc(call->answer_bytes);
    call->is_over = false;
    fill(caller, call->message, call->bytes);
    host_model_compute(model, call->to, call->message, call->bytes, call->expected,
                       call->answer_bytes);
    struct jtp_submission submission = {
        .open = {.encoding = call->encoding,
                 .answer_encoding = call->answer_encoding,
                 .class_index = call->class_index,
                 .model = jtp_crc32c(0, model->name, strlen(model->name)),
                 .model_version = call->version,
                 .from = call->from,
                 .to = call->wrong_to ? call->wrong_to : call->to,
                 .rows = call->rows,
                 .total_bytes = call->bytes},
        .bytes = call->message,
        .answer = call->answer,
        .answer_capacity = call->answer_bytes,
        .deadline_ns = call->deadline_ns,
        .user = call};
    memset(submission.open.fingerprint, model->mark ^ call->spoilt_mark,
           sizeof(submission.open.fingerprint));
    return jtp_client_submit(caller->client, &submission, host_now_ns(), &call->request) == 0;
}

void caller_cancel(struct caller *caller, struct call *call)
{
    if (!call->is_over)
        jtp_client_cancel(caller->client, call->request, host_now_ns());
}

void call_free(struct call *call)
{
    free(call->message);
    free(call->answer);
    free(call->expected);
    call->message = call->answer = call->expected = NULL;
}

bool call_is_right(const struct call *call)
{
    return call->is_over && call->event.end == JTP_ANSWERED &&
           call->event.answer.total_bytes == call->answer_bytes &&
           memcmp(call->answer, call->expected, call->answer_bytes) == 0;
}

bool call_is_rejected(const struct call *call, enum jtp_reason reason)
{
    return call->is_over && call->event.end == JTP_REJECTED && call->event.reason == reason;
}

static int receive(struct caller *caller)
{
    uint8_t bytes[16384];
    int count = 0;
    for (ssize_t got; (got = recv(caller->fd, bytes, sizeof(bytes), 0)) >= 0; count++)
        jtp_client_on_datagram(caller->client, bytes, (size_t)got, host_now_ns());
    return count;
}

static int transmit(struct caller *caller)
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

int caller_poll(struct caller *caller)
{
    struct jtp_event event;
    int count = receive(caller);
    const uint64_t now_ns = host_now_ns();
    if (jtp_client_timeout_ns(caller->client, now_ns) <= now_ns)
        jtp_client_on_timeout(caller->client, now_ns);
    while (jtp_client_next_event(caller->client, &event)) {
        struct call *call = event.user;
        call->event = event;
        call->is_over = true;
        count++;
    }
    return count + transmit(caller);
}

bool caller_fire(uint16_t port, const struct host_model *model, uint8_t class_index)
{
    uint8_t bytes[2048], payload[1200] = {0};
    struct jtp_writer writer;
    const uint32_t count = host_model_message_bytes(model, 0, 1, 0);
    const struct jtp_header header = {.kind = JTP_FIRST, .connection = 4711};
    const struct jtp_open open = {.request = 1,
                                  .class_index = class_index,
                                  .flags = JTP_ONCE,
                                  .model = jtp_crc32c(0, model->name, strlen(model->name)),
                                  .to = HOST_CUTS - 1,
                                  .rows = 1,
                                  .total_bytes = count,
                                  .answer_granted_bytes = UINT32_MAX};
    const struct jtp_data data = {.request = 1, .length = count};
    const int fd = connect_to(0, port);
    if (fd < 0 || count > sizeof(payload))
        return false;
    jtp_writer_begin(&writer, bytes, sizeof(bytes), &header);
    jtp_write_open(&writer, &open);
    jtp_write_data(&writer, &data);
    jtp_writer_finish(&writer, payload, count);
    memcpy(bytes + writer.count, payload, count);
    const bool is_sent = write(fd, bytes, writer.count + count) > 0;
    close(fd);
    return is_sent;
}

bool caller_probe(uint32_t address, uint16_t port, struct jtp_load *load)
{
    uint8_t bytes[JTP_PROBE_BYTES], answer[2048];
    struct jtp_packet packet;
    const int fd = connect_to(address, port);
    bool is_told = false;
    for (int i = 0; i < 20 && !is_told && fd >= 0; i++) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        const ssize_t sent = write(fd, bytes, jtp_write_probe(bytes, (uint64_t)i + 1));
        if (sent > 0 && poll(&one, 1, 500) == 1) {
            const ssize_t got = recv(fd, answer, sizeof(answer), 0);
            is_told = got > 0 && jtp_packet_read(answer, (size_t)got, &packet) == 0 &&
                      packet.header.kind == JTP_LOAD;
        }
    }
    if (fd >= 0)
        close(fd);
    if (is_told)
        *load = packet.load;
    return is_told;
}
