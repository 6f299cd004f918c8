/* The ring, and the thread that empties it into the file. */
#include "scheduler/service/request_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAP_NS 10000000L
#define AGAIN_NS UINT64_C(1000000000) /* between two attempts at a file that cannot be opened */
#define BLOCK_BYTES (16u * REQUEST_LINE_BYTES)
#define PATIENCE_MS 100 /* with a pipe whose reader is slow */

/* The thread's own. */
struct writer {
    struct request_log *log;
    struct request_log_order order; /* as last taken over */
    int fd;
    uint64_t tried_ns;
    uint64_t told_lost; /* lines that the file knows to be lost */
    char block[BLOCK_BYTES];
    size_t used;
    uint64_t lines; /* in the block */
};

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void set_error(struct request_log *log, int error)
{
    atomic_store_explicit(&log->error, error, memory_order_relaxed); /* it stands for itself */
}

/* All of it; or -errno, and part of it may be there. */
static int write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t done = write(fd, bytes, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EAGAIN) {
            struct pollfd room = {.fd = fd, .events = POLLOUT};
            if (poll(&room, 1, PATIENCE_MS) == 1)
                continue;
            return -EAGAIN;
        }
        if (done < 0)
            return -errno;
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

static void flush(struct writer *writer)
{
    if (writer->lines == 0 && writer->used == 0)
        return;
    const int error = writer->fd < 0 ? atomic_load(&writer->log->error)
                                     : write_all(writer->fd, writer->block, writer->used);
    if (error)
        set_error(writer->log, error);
    else if (atomic_load_explicit(&writer->log->error, memory_order_relaxed))
        set_error(writer->log, 0);
    _Atomic uint64_t *count = error ? &writer->log->unwritten : &writer->log->written;
    atomic_fetch_add_explicit(count, writer->lines, memory_order_relaxed);
    writer->used = 0;
    writer->lines = 0;
}

/* A file without a line begins with the titles. */
static void begin_file(struct writer *writer)
{
    struct stat stat;
    const char *titles = request_line_titles(writer->order.format);
    if (fstat(writer->fd, &stat) == 0 && stat.st_size == 0 && titles[0])
        set_error(writer->log, write_all(writer->fd, titles, strlen(titles)));
}

static void open_file(struct writer *writer)
{
    if (writer->fd >= 0)
        close(writer->fd);
    /* A pipe without a reader must not keep us. */
    writer->fd = open(writer->order.file,
                      O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
    writer->tried_ns = clock_ns();
    set_error(writer->log, writer->fd < 0 ? -errno : 0);
    if (writer->fd >= 0)
        begin_file(writer);
}

static void take_order(struct writer *writer)
{
    struct request_log *log = writer->log;
    pthread_mutex_lock(&log->lock);
    const bool is_new = log->order.number != writer->order.number;
    if (is_new)
        writer->order = log->order;
    pthread_mutex_unlock(&log->lock);
    if (is_new || (writer->fd < 0 && clock_ns() - writer->tried_ns >= AGAIN_NS)) {
        flush(writer);
        open_file(writer);
    }
}

static void say_lost(struct writer *writer)
{
    const uint64_t lost = request_log_lost(writer->log);
    if (lost == writer->told_lost || writer->fd < 0)
        return;
    writer->used += request_line_write_lost(lost - writer->told_lost, writer->order.format,
                                            writer->block + writer->used);
    writer->told_lost = lost;
}

/* Lines out of the ring, into the block and the file; how many. */
static uint64_t empty(struct writer *writer)
{
    struct request_log *log = writer->log;
    const uint64_t first = atomic_load_explicit(&log->popped, memory_order_relaxed);
    /* pairs with request_log_add */
    const uint64_t end = atomic_load_explicit(&log->pushed, memory_order_acquire);
    for (uint64_t i = first; i < end; i++) {
        const struct request_line *line = &log->ring[i % REQUEST_LOG_LINES];
        if (writer->used + 2 * REQUEST_LINE_BYTES > BLOCK_BYTES)
            flush(writer);
        writer->used += request_line_write(line, log->classes[line->class_index].name,
                                           writer->order.format, writer->block + writer->used);
        writer->lines++;
        /* pairs with request_log_add */
        atomic_store_explicit(&log->popped, i + 1, memory_order_release);
    }
    say_lost(writer);
    flush(writer);
    return end - first;
}

static void *write_lines(void *context)
{
    struct writer *writer = context;
    struct request_log *log = writer->log;
    prctl(PR_SET_NAME, "request-log");
    for (bool is_ending = false; !is_ending;) {
        is_ending = atomic_load_explicit(&log->is_ending, memory_order_acquire);
        take_order(writer);
        if (empty(writer) == 0 && !is_ending) {
            const struct timespec nap = {.tv_nsec = NAP_NS};
            nanosleep(&nap, NULL);
        }
    }
    if (writer->fd >= 0)
        close(writer->fd);
    free(writer);
    return NULL;
}

static int start(struct request_log *log)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return -ENOMEM;
    writer->log = log;
    writer->fd = -1;
    const int error = pthread_create(&log->thread, NULL, write_lines, writer);
    if (error)
        free(writer);
    log->is_running = !error;
    return -error;
}

int request_log_reload(struct request_log *log, const struct log_section *section)
{
    log->sample = section->sample;
    log->requests = CONFIG_REQUESTS_OFF;
    if (section->requests == CONFIG_REQUESTS_OFF)
        return 0;
    pthread_mutex_lock(&log->lock);
    snprintf(log->order.file, sizeof(log->order.file), "%s", section->file);
    log->order.format = section->format == CONFIG_LOG_JSON ? REQUEST_LINE_JSON : REQUEST_LINE_TSV;
    log->order.number++;
    pthread_mutex_unlock(&log->lock);
    const int error = log->is_running ? 0 : start(log);
    if (!error)
        log->requests = section->requests;
    return error;
}

int request_log_init(struct request_log *log, const struct jointd_config *config)
{
    *log = (struct request_log){.random = UINT64_C(0x9e3779b97f4a7c15),
                                .classes = config->classes,
                                .lock = PTHREAD_MUTEX_INITIALIZER};
    log->ring = calloc(REQUEST_LOG_LINES, sizeof(*log->ring));
    return log->ring ? request_log_reload(log, &config->log) : -ENOMEM;
}

void request_log_fini(struct request_log *log)
{
    if (!log || !log->ring)
        return;
    /* pairs with write_lines */
    atomic_store_explicit(&log->is_ending, true, memory_order_release);
    if (log->is_running)
        pthread_join(log->thread, NULL);
    free(log->ring);
    pthread_mutex_destroy(&log->lock);
    memset(log, 0, sizeof(*log));
}

/* xorshift: a fixed stride could keep step with who asks. */
static bool is_sampled(struct request_log *log)
{
    log->random ^= log->random << 13;
    log->random ^= log->random >> 7;
    log->random ^= log->random << 17;
    return log->random % log->sample == 0;
}

void request_log_add(struct request_log *log, struct request_line *line)
{
    line->id = ++log->next_id;
    if (log->requests == CONFIG_REQUESTS_SAMPLED && !is_sampled(log))
        return;
    const uint64_t pushed = atomic_load_explicit(&log->pushed, memory_order_relaxed);
    /* pairs with empty */
    if (pushed - atomic_load_explicit(&log->popped, memory_order_acquire) == REQUEST_LOG_LINES) {
        atomic_fetch_add_explicit(&log->lost, 1, memory_order_relaxed);
        return;
    }
    log->ring[pushed % REQUEST_LOG_LINES] = *line;
    /* pairs with empty */
    atomic_store_explicit(&log->pushed, pushed + 1, memory_order_release);
}

uint64_t request_log_written(const struct request_log *log)
{
    return atomic_load_explicit(&log->written, memory_order_relaxed);
}

uint64_t request_log_lost(const struct request_log *log)
{
    return atomic_load_explicit(&log->lost, memory_order_relaxed) +
           atomic_load_explicit(&log->unwritten, memory_order_relaxed);
}

bool request_log_has_news(struct request_log *log, int *error)
{
    *error = atomic_load_explicit(&log->error, memory_order_relaxed);
    const bool is_news = *error != log->said_error;
    log->said_error = *error;
    return is_news;
}
