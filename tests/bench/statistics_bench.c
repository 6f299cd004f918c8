/* What it costs to note a request in the statistics of its model: nanoseconds, the median of many.
 */
#include "scheduler/service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 41, REQUESTS = 4096, MODELS = 8 };

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
                                       .predicted_wait_ns = wait_ns + (uint64_t)(rand() % 1000)};
    }
}

static void finish(struct service *service)
{
    statistics_fini(&service->statistics);
    free(service->models.items);
    free(service->config.classes);
    free(service);
}

int main(void)
{
    struct service *service = make();
    struct request *requests = calloc(REQUESTS, sizeof(*requests));
    double ns[ROUNDS];
    fill(requests);
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t start_ns = service_clock_ns();
        for (uint32_t i = 0; i < REQUESTS; i++)
            statistics_note_end(service, &requests[i], INGRESS_ANSWERED,
                                requests[i].entered_ns + requests[i].compute_ns);
        ns[round] = (double)(service_clock_ns() - start_ns) / REQUESTS;
    }
    qsort(ns, ROUNDS, sizeof(ns[0]), compare);
    printf("noting an answered request: %.1f ns (median of %d rounds; best %.1f)\n", ns[ROUNDS / 2],
           ROUNDS, ns[0]);
    free(requests);
    finish(service);
    return 0;
}
