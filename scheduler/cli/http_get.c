/* Asks for a page and reads until the server closes, as it was told to. */
#include "scheduler/cli/http_get.h"
#include "scheduler/cli/stopwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BYTES (16u << 20)
#define HOST_BYTES 256u

/* "[::1]:80" into its two parts. */
static int split(const char *address, char host[HOST_BYTES], const char **port)
{
    const bool has_brackets = address[0] == '[';
    const char *colon = strrchr(address, ':');
    const char *start = address + has_brackets;
    const char *end = has_brackets ? strchr(address, ']') : colon;
    if (!colon || !end || !colon[1] || (has_brackets && end + 1 != colon) || end == start ||
        (size_t)(end - start) >= HOST_BYTES)
        return -EINVAL;
    snprintf(host, HOST_BYTES, "%.*s", (int)(end - start), start);
    *port = colon + 1;
    return 0;
}

static int await(int fd, short events, uint64_t end_ns)
{
    const uint64_t now_ns = stopwatch_now_ns();
    struct pollfd one = {.fd = fd, .events = events};
    if (now_ns >= end_ns)
        return -ETIMEDOUT;
    const int count = poll(&one, 1, (int)((end_ns - now_ns) / 1000000) + 1);
    return count == 1 ? 0 : count == 0 ? -ETIMEDOUT : -errno;
}

static int connect_one(const struct addrinfo *to, uint64_t end_ns)
{
    const int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int error = connect(fd, to->ai_addr, to->ai_addrlen) ? -errno : 0;
    if (error == -EINPROGRESS) {
        socklen_t bytes = sizeof(error);
        error = await(fd, POLLOUT, end_ns);
        int said = 0;
        if (!error && getsockopt(fd, SOL_SOCKET, SO_ERROR, &said, &bytes) == 0)
            error = -said;
    }
    if (error)
        close(fd);
    return error ? error : fd;
}

static int connect_to(const char *address, uint64_t end_ns)
{
    char host[HOST_BYTES];
    const char *port;
    int error = split(address, host, &port);
    if (error)
        return error;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, port, &hints, &found))
        return -EHOSTUNREACH;
    error = -EHOSTUNREACH;
    for (const struct addrinfo *one = found; one && error < 0; one = one->ai_next)
        error = connect_one(one, end_ns);
    freeaddrinfo(found);
    return error;
}

static int send_all(int fd, const char *text, size_t length, uint64_t end_ns)
{
    while (length > 0) {
        const ssize_t done = send(fd, text, length, MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN)
            return -errno;
        const int error = done < 0 ? await(fd, POLLOUT, end_ns) : 0;
        if (error)
            return error;
        text += done < 0 ? 0 : done;
        length -= done < 0 ? 0 : (size_t)done;
    }
    return 0;
}

/* All that comes, until the other end closes. */
static int receive_all(int fd, struct http_page *page, uint64_t end_ns)
{
    size_t capacity = 0;
    for (;;) {
        if (capacity - page->length < 4096) {
            capacity = capacity ? 2 * capacity : 65536;
            char *more = capacity > MAX_BYTES ? NULL : realloc(page->body, capacity);
            if (!more)
                return capacity > MAX_BYTES ? -EMSGSIZE : -ENOMEM;
            page->body = more;
        }
        const ssize_t got = recv(fd, page->body + page->length, capacity - page->length - 1, 0);
        if (got == 0)
            break;
        if (got < 0 && errno != EAGAIN)
            return -errno;
        const int error = got < 0 ? await(fd, POLLIN, end_ns) : 0;
        if (error)
            return error;
        page->length += got < 0 ? 0 : (size_t)got;
    }
    page->body[page->length] = '\0';
    return 0;
}

/* Leaves the body alone. */
static int take_head(struct http_page *page)
{
    int used = 0;
    if (sscanf(page->body, "HTTP/1.%*1[01] %3d%n", &page->status, &used) != 1 || !used)
        return -EPROTO;
    const char *body = strstr(page->body, "\r\n\r\n");
    if (!body)
        return -EPROTO;
    body += 4;
    page->length -= (size_t)(body - page->body);
    memmove(page->body, body, page->length + 1);
    return 0;
}

int http_get(const char *address, const char *path, uint64_t patience_ns, struct http_page *page)
{
    char request[1024];
    const uint64_t end_ns = stopwatch_now_ns() + patience_ns;
    *page = (struct http_page){0};
    const int length =
        snprintf(request, sizeof(request),
                 "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, address);
    if (length <= 0 || (size_t)length >= sizeof(request))
        return -EINVAL;
    const int fd = connect_to(address, end_ns);
    if (fd < 0)
        return fd;
    int error = send_all(fd, request, (size_t)length, end_ns);
    if (!error)
        error = receive_all(fd, page, end_ns);
    if (!error)
        error = take_head(page);
    close(fd);
    if (error)
        http_page_fini(page);
    return error;
}

void http_page_fini(struct http_page *page)
{
    if (!page)
        return;
    free(page->body);
    *page = (struct http_page){0};
}
