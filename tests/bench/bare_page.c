/* The least that libmicrohttpd can do: one page, the same for every request, on one thread. What a
 * page of joint-api costs is held against it. usage: bare_page PORT BYTES */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_bytes, void **request)
{
    if (!*request) {
        *request = context;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK, context);
}

int main(int argc, char **argv)
{
    const long port = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    const long bytes = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    char *body =
        bytes > 0 && bytes < 1 << 20 && port > 0 && port < 65536 ? calloc((size_t)bytes, 1) : NULL;
    if (!body) {
        fprintf(stderr, "usage: bare_page PORT BYTES\n");
        return 2;
    }
    memset(body, 'x', (size_t)bytes);
    struct MHD_Response *page =
        MHD_create_response_from_buffer((size_t)bytes, body, MHD_RESPMEM_MUST_FREE);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *daemon =
        MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, page, MHD_OPTION_SOCK_ADDR,
                         (struct sockaddr *)&address, MHD_OPTION_END);
    if (!page || !daemon) {
        fprintf(stderr, "bare_page: cannot serve on port %ld\n", port);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    struct pollfd fd = {.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
                        .events = POLLIN};
    for (;;) {
        MHD_run(daemon);
        (void)poll(&fd, 1, 100);
    }
}
