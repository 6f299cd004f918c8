/* What it costs to note a request in the statistics of its model, and to give the request log a
 * line of it: nanoseconds, the median of many. */
#include "scheduler/service/request_record.h"
#include "scheduler/service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 41, REQUESTS = REQUEST_LOG_LINES, MODELS = 8 };

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct service *make(void)
{
    static char name[] = "interactive";
    struct service *service = calloc(1, sizeof(*service));
    service->models.items = calloc(MESSAGE_MAX_MODELS, sizeof(*service->models.items));
    service->config.classes = calloc(1, sizeof(*service->config.classes));
    service->config.classes[0].name = name;
    service->config.class_count = 1;
    service->models.limit = MODELS;
    for (uint32_t i = 0; i < MODELS; i++) {
        service->models.items[i] = (struct model){.state = MODEL_SERVING, .since_ns = i + 1};
        snprintf(service->models.items[i].name, INGRESS_NAME_BYTES, "model%u", i);
    }
    statistics_look(service);
    return service;
}

/* Times from 10 us to 10 s, no two alike, so that no jump can be learned. */
static void fill(struct request *requests)
{
    srand(1);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        const uint64_t wait_ns = (uint64_t)(rand() % 1000 + 1) << rand() % 20;
        requests[i] = (struct request){.model = (uint16_t)(rand() % MODELS),
                                       .rows = 1,
                                       .arrived_ns = 1,
                                       .entered_ns = 1 + wait_ns,
                                       .compute_ns = (uint64_t)(rand() % 1000 + 1) << rand() % 20,
                                       .deadline_ns = UINT64_MAX,
                                       .predicted_wait_ns = wait_ns + (uint64_t)(rand() % 1000),
                                       .path = request_path_start()};
    }
}

static void finish(struct service *service)
{
    statistics_fini(&service->statistics);
    free(service->models.items);
    free(service->config.classes);
    free(service);
}

typedef void note_end(struct service *service, const struct request *request,
                      enum ingress_reason reason, uint64_t now_ns);

/* The ring of the log has room for a round, and the thread time to empty it between two. */
static void measure(struct service *service, const struct request *requests, note_end *note,
                    const char *what)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    double ns[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t start_ns = service_clock_ns();
        for (uint32_t i = 0; i < REQUESTS; i++)
            note(service, &requests[i], INGRESS_ANSWERED,
                 requests[i].entered_ns + requests[i].compute_ns);
        ns[round] = (double)(service_clock_ns() - start_ns) / REQUESTS;
        if (note == request_record_end)
            nanosleep(&pause, NULL);
    }
    qsort(ns, ROUNDS, sizeof(ns[0]), compare);
    printf("%-26s %6.1f ns (median of %d rounds; best %.1f)\n", what, ns[ROUNDS / 2], ROUNDS,
           ns[0]);
}

static double used_ns(clockid_t clock)
{
    struct timespec used;
    clock_gettime(clock, &used);
    return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

/* What the log's own thread computes, this one aside. */
static double others_ns(void)
{
    return used_ns(CLOCK_PROCESS_CPUTIME_ID) - used_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int measure_log(struct service *service, const struct request *requests)
{
    char file[] = "/dev/null";
    service->config.log = (struct log_section){.requests = CONFIG_REQUESTS_FULL, .file = file};
    const int error = request_log_init(&service->request_log, &service->config);
    if (error)
        return error;
    const double before_ns = others_ns();
    measure(service, requests, request_record_end, "a line for the request log");
    const uint64_t written = request_log_written(&service->request_log);
    printf("%-26s %6.0f ns; %llu lines written, %llu lost\n", "writing it, by its thread",
           (others_ns() - before_ns) / (double)(written ? written : 1), (unsigned long long)written,
           (unsigned long long)request_log_lost(&service->request_log));
    request_log_fini(&service->request_log);
    service->config.log = (struct log_section){0};
    return 0;
}

int main(void)
{
    struct service *service = make();
    struct request *requests = calloc(REQUESTS, sizeof(*requests));
    fill(requests);
    measure(service, requests, statistics_note_end, "statistics of its model");
    const int error = measure_log(service, requests);
    free(requests);
    finish(service);
    return error ? 1 : 0;
}
