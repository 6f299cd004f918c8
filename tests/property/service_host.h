/* A jointd process with its children, as a test keeps it: its folder, its configuration, its log.
 */
#ifndef TESTS_PROPERTY_SERVICE_HOST_H
#define TESTS_PROPERTY_SERVICE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HOST_LOG_BYTES (1u << 20)

struct service_host {
    char folder[64]; /* its own, below /tmp */
    char config[96]; /* path */
    uint16_t port; /* UDP, of 127.0.0.1 */
    bool has_http; /* joint-api is started, too; before service_host_configure */
    pid_t pid; /* 0: none */
    int log_fd; /* -1: it has ended, and its children too */
    unsigned failures_before; /* of CUnit's, when it was made */
    size_t log_bytes, heard_bytes; /* heard: where the last search ended */
    char log[HOST_LOG_BYTES];
};

uint64_t host_now_ns(void);

/* An empty folder and a free port. Asserts by CUnit, as do all. */
struct service_host *service_host_create(void);
/* Kills what still runs, removes the folder. A log that was not looked at is printed on failure. */
void service_host_destroy(struct service_host *host);

/* A network of the zoo as NAME.onnx in the folder; its path lies in `path`. */
void service_host_network(const struct service_host *host, const char *network, uint64_t seed,
                          uint32_t width_divisor, const char *name, char *path, size_t path_bytes);

/* Small memory, the kernel's port at 127.0.0.1, no API; `more` stands behind it. */
void service_host_configure(const struct service_host *host, const char *more);
/* Starts jointd. `libexec`: where its programs are instead; NULL. */
void service_host_start(struct service_host *host, const char *libexec);
/* Until a line of the log since the last one heard holds the text. Fails after `seconds`. */
void service_host_hear(struct service_host *host, const char *text, int seconds);
/* The same without failing. */
bool service_host_hears(struct service_host *host, const char *text, int seconds);
/* Reads what was said, without waiting. */
void service_host_listen(struct service_host *host);

/* Its children by name; how many. */
uint32_t service_host_children(const struct service_host *host, const char *name, pid_t *pids,
                               uint32_t capacity);
/* SIGTERM; the exit status. */
int service_host_stop(struct service_host *host);
/* Waits for its end; the exit status, -1: by a signal. */
int service_host_wait(struct service_host *host);
void service_host_kill(struct service_host *host);

#endif
