/* Starts jointd, reads its log, finds its children, ends it. */
#include "tests/property/service_host.h"

#include "compute/zoo/zoo.h"
#include "tests/unit/cunit_main.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t host_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Nobody holds it now; whoever takes it first has it. */
static uint16_t free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(at);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
    close(fd);
    return ntohs(at.sin_port);
}

struct service_host *service_host_create(void)
{
    struct service_host *host = calloc(1, sizeof(*host));
    snprintf(host->folder, sizeof(host->folder), "/tmp/joint-service-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(host->folder));
    snprintf(host->config, sizeof(host->config), "%s/joint.conf", host->folder);
    host->port = free_port();
    host->failures_before = CU_get_number_of_failures();
    host->log_fd = -1;
    return host;
}

static void remove_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    char path[512];
    for (const struct dirent *entry; entries && (entry = readdir(entries));) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (entries)
        closedir(entries);
    rmdir(folder);
}

void service_host_destroy(struct service_host *host)
{
    service_host_kill(host);
    if (CU_get_number_of_failures() > host->failures_before)
        printf("\n%s\n", host->log);
    if (host->log_fd >= 0)
        close(host->log_fd);
    remove_folder(host->folder);
    free(host);
}

void service_host_network(const struct service_host *host, const char *network, uint64_t seed,
                          uint32_t width_divisor, const char *name, char *path, size_t path_bytes)
{
    struct zoo_config config;
    zoo_config_default(&config);
    config.seed = seed;
    config.width_divisor = width_divisor;
    snprintf(path, path_bytes, "%s/%s.onnx", host->folder, name);
    CU_ASSERT_EQUAL_FATAL(zoo_write(network, &config, path, NULL), 0);
}

void service_host_configure(const struct service_host *host, const char *more)
{
    FILE *file = fopen(host->config, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "[server]\nlisten = 127.0.0.1\nport = %u\ncontrol =\n"
            "[api]\nlisten = %s\n"
            "[memory]\nrequest_slab = 64MiB\nresponse_slab = 64MiB\nmax_tensor = 1MiB\n"
            "slots = 512\npages = small\n"
            "[limits]\nmax_requests_per_client = 64\n"
            "[class default]\ndeadline = 20s\n%s",
            host->port, host->has_http ? "127.0.0.1" : "", more);
    CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

void service_host_start(struct service_host *host, const char *libexec)
{
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
    if (host->log_fd >= 0)
        close(host->log_fd);
    host->log_fd = ends[0];
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    host->pid = fork();
    CU_ASSERT_TRUE_FATAL(host->pid >= 0);
    if (host->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also where the test ends before its end */
        dup2(ends[1], STDERR_FILENO);
        if (libexec)
            setenv("JOINT_LIBEXEC", libexec, 1);
        execl(JOINTD, "jointd", "--config", host->config, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
}

void service_host_listen(struct service_host *host)
{
    while (host->log_fd >= 0) {
        if (host->log_bytes > HOST_LOG_BYTES / 2) { /* the older half is forgotten */
            const size_t gone = HOST_LOG_BYTES / 4;
            memmove(host->log, host->log + gone, host->log_bytes - gone);
            host->log_bytes -= gone;
            host->heard_bytes = host->heard_bytes > gone ? host->heard_bytes - gone : 0;
        }
        const ssize_t got =
            read(host->log_fd, host->log + host->log_bytes, HOST_LOG_BYTES - 1 - host->log_bytes);
        if (got == 0) { /* it has ended, and its children too */
            close(host->log_fd);
            host->log_fd = -1;
        }
        if (got <= 0)
            break;
        host->log_bytes += (size_t)got;
    }
    host->log[host->log_bytes] = '\0';
}

bool service_host_hears(struct service_host *host, const char *text, int seconds)
{
    for (const time_t end = time(NULL) + seconds;;) {
        service_host_listen(host);
        const char *found = strstr(host->log + host->heard_bytes, text);
        const char *line_end = found ? strchr(found, '\n') : NULL;
        if (line_end) {
            host->heard_bytes = (size_t)(line_end - host->log);
            return true;
        }
        if (time(NULL) > end || host->log_fd < 0)
            return false;
        struct pollfd log = {.fd = host->log_fd, .events = POLLIN};
        poll(&log, 1, 100);
    }
}

void service_host_hear(struct service_host *host, const char *text, int seconds)
{
    if (service_host_hears(host, text, seconds))
        return;
    printf("\nnot heard: %s\n%s\n", text, host->log);
    CU_FAIL_FATAL("jointd did not say it");
}

static bool is_called(pid_t pid, const char *name)
{
    char path[64], comm[64] = "";
    snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const bool has_line = fgets(comm, sizeof(comm), file) != NULL;
    fclose(file);
    comm[strcspn(comm, "\n")] = '\0';
    return has_line && strncmp(comm, name, 15) == 0;
}

uint32_t service_host_children(const struct service_host *host, const char *name, pid_t *pids,
                               uint32_t capacity)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)host->pid, (long)host->pid);
    FILE *file = fopen(path, "re");
    uint32_t count = 0;
    long pid;
    while (file && count < capacity && fscanf(file, "%ld", &pid) == 1)
        if (is_called((pid_t)pid, name))
            pids[count++] = (pid_t)pid;
    if (file)
        fclose(file);
    return count;
}

int service_host_wait(struct service_host *host)
{
    int status = 0;
    for (const time_t end = time(NULL) + 60; time(NULL) < end;) {
        const pid_t ended = waitpid(host->pid, &status, WNOHANG);
        service_host_listen(host);
        if (ended == host->pid) {
            service_host_listen(host);
            host->pid = 0;
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        usleep(1000);
    }
    CU_FAIL_FATAL("jointd does not end");
    return -1;
}

int service_host_stop(struct service_host *host)
{
    kill(host->pid, SIGTERM);
    return service_host_wait(host);
}

void service_host_kill(struct service_host *host)
{
    if (host->pid <= 0)
        return;
    kill(host->pid, SIGKILL);
    waitpid(host->pid, NULL, 0);
    service_host_listen(host);
    host->pid = 0;
}
