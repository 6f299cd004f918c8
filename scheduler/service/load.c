/* Measures the dispatcher's load and publishes it. */
#include "scheduler/service/load.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define CHANGED_NS UINT64_C(1000000) /* between two snapshots of what changes */
#define STILL_NS UINT64_C(100000000) /* between two of what does not */
#define UTILIZATION_NS UINT64_C(100000000)
#define OVERLOAD_NS UINT64_C(500000000) /* how long a refusal is remembered */
#define CROWDED_NS UINT64_C(200000000) /* how long all are asked to ask, after any refusal */
#define LEAST_RETRY_NS UINT64_C(1000000)

static uint64_t share_255(double share)
{
    return share <= 0 ? 0 : share >= 1 ? 255 : (uint64_t)(share * 255 + 0.5);
}

static void fill_fixed(struct load *load, const struct jointd_config *config)
{
    struct load_report *report = &load->report;
    report->switch_gain_255 = share_255(config->load.switch_gain);
    report->valid_ns = config->load.valid_ns;
    report->min_poll_ns = config->load.min_poll_ns;
    report->class_count = config->class_count;
    for (uint32_t i = 0; i < config->class_count; i++)
        report->classes[i].deadline_ns = config->classes[i].deadline_ns;
}

int load_init(struct load *load, struct service *service)
{
    *load = (struct load){.has_changed = true};
    const struct region *region = &service->memory.load;
    if (getrandom(&load->report.boot, sizeof(load->report.boot), 0) != sizeof(load->report.boot))
        return -EIO;
    return load_page_init(&load->page, region_at(region, 0, region->payload_bytes),
                          region->payload_bytes, LOAD_REPORT_WORDS);
}

/* The workers' time since the last look, half of it from before. */
static void measure_utilization(struct load *load, const struct dispatch_load *now, uint64_t now_ns)
{
    const uint64_t elapsed_ns = now_ns - load->measured_ns;
    if (elapsed_ns < UTILIZATION_NS)
        return;
    const uint64_t busy_ns = now->busy_ns > load->busy_ns ? now->busy_ns - load->busy_ns : 0;
    const uint64_t whole_ns = elapsed_ns * (now->workers ? now->workers : 1);
    uint64_t permille = busy_ns >= whole_ns ? 1000 : busy_ns * 1000 / whole_ns;
    if (load->measured_ns)
        permille = (permille + load->report.utilization_permille) / 2;
    load->report.utilization_permille = permille;
    load->busy_ns = now->busy_ns;
    load->measured_ns = now_ns;
}

static enum load_report_state state_of(const struct service *service, uint64_t now_ns)
{
    const struct load *load = &service->load;
    if (service->state >= SERVICE_DRAINING)
        return LOAD_DRAINING;
    if (model_set_serving(&service->models) == 0)
        return LOAD_LOADING;
    if (load->refused_ns && now_ns - load->refused_ns < OVERLOAD_NS)
        return LOAD_OVERLOADED;
    return service->workers.active_count < service->workers.wanted_count ? LOAD_DEGRADED
                                                                         : LOAD_READY;
}

static void measure_classes(struct service *service, uint64_t now_ns)
{
    static const enum load_report_admit admits[] = {[DISPATCH_OPEN] = LOAD_OPEN,
                                                    [DISPATCH_PROBABILISTIC] = LOAD_PROBABILISTIC,
                                                    [DISPATCH_CLOSED] = LOAD_CLOSED};
    struct load *load = &service->load;
    load->report.backlog_ns = 0;
    for (uint32_t i = 0; i < service->config.class_count; i++) {
        struct load_report_class *class = &load->report.classes[i];
        struct dispatch_class_load now;
        dispatch_measure_class(service->dispatch, i, now_ns, &now);
        class->queued = now.queued;
        class->predicted_wait_ns = now.predicted_wait_ns;
        class->admit = admits[now.admit];
        class->retry_after_ns = now.retry_after_ns;
        class->attained_permille = attainment_permille(&load->attained[i], now_ns);
        class->backlog_ns = now.queued_ns;
        load->report.backlog_ns += now.queued_ns;
    }
}

static void measure(struct service *service, uint64_t now_ns)
{
    struct load *load = &service->load;
    struct load_report *report = &load->report;
    struct dispatch_load now;
    dispatch_measure(service->dispatch, now_ns, &now);
    fill_fixed(load, &service->config);
    measure_utilization(load, &now, now_ns);
    report->generated_ns = now_ns;
    report->generated_unix_ns = service_unix_ns(service, now_ns);
    report->state = state_of(service, now_ns);
    report->workers = now.workers;
    report->inflight = now.running;
    report->queued = now.queued;
    report->oldest_queued_ns = now.oldest_arrived_ns < now_ns ? now_ns - now.oldest_arrived_ns : 0;
    report->retry_after_ns =
        now.predicted_wait_ns > LEAST_RETRY_NS ? now.predicted_wait_ns : LEAST_RETRY_NS;
    report->has_to_ask = load->crowded_ns && now_ns - load->crowded_ns < CROWDED_NS;
    report->credits = dispatch_credits(service->dispatch);
    measure_classes(service, now_ns);
    /* Who asks without a class, as a probe does, is told the first one's. */
    report->predicted_wait_ns = report->classes[0].predicted_wait_ns;
    counts_set(&service->counts, COUNT_QUEUED, now.queued);
    counts_set(&service->counts, COUNT_RUNNING, now.running);
    counts_set(&service->counts, COUNT_BUSY_NS, now.busy_ns);
}

static void count_decisions(struct service *service)
{
    struct dispatch_counts counts;
    dispatch_count(service->dispatch, &counts);
    counts_set(&service->counts, COUNT_PREEMPTED, counts.preempted);
    counts_set(&service->counts, COUNT_SAVED_NS, counts.saved_ns);
}

static void count_places(struct service *service)
{
    struct slab_use use;
    slab_measure(service->memory.answers, &use);
    counts_set(&service->counts, COUNT_ANSWER_PLACES, use.slots_taken);
    counts_set(&service->counts, COUNT_OPEN, service->requests.open_count);
    counts_set(&service->counts, COUNT_SLEEPS, service->idle.sleep_count);
}

int load_look(struct service *service, uint64_t now_ns)
{
    struct load *load = &service->load;
    const uint64_t age_ns = now_ns - load->published_ns;
    if (load->published_ns && age_ns < (load->has_changed ? CHANGED_NS : STILL_NS))
        return 0;
    measure(service, now_ns);
    count_places(service);
    count_decisions(service);
    uint64_t words[LOAD_REPORT_WORDS];
    memcpy(words, &load->report, sizeof(words));
    load_page_publish(&load->page, words);
    counts_add(&service->counts, COUNT_LOADS, 1);
    load->published_ns = now_ns;
    load->has_changed = false;
    return 1;
}

static void note(struct load *load, uint32_t class_index, bool is_attained, uint64_t now_ns)
{
    attainment_note(&load->attained[class_index % LOAD_REPORT_MAX_CLASSES], is_attained, now_ns);
    load->has_changed = true;
}

void load_note_end(struct load *load, const struct request *request, enum ingress_reason reason,
                   uint64_t now_ns)
{
    if (reason == INGRESS_CANCELLED) /* nobody knows whether it would have been */
        load->has_changed = true;
    else
        note(load, request->class_index,
             reason == INGRESS_ANSWERED && now_ns <= request->deadline_ns, now_ns);
}

void load_note_refused(struct load *load, uint32_t class_index, enum ingress_reason reason,
                       uint64_t now_ns)
{
    /* The deadline may have been too short for anybody; others may have had less than this one. */
    const bool is_for_itself = reason == INGRESS_DEADLINE || reason == INGRESS_TOO_MANY;
    const bool is_overload =
        reason == INGRESS_OVERLOADED || reason == INGRESS_NO_MEMORY || is_for_itself;
    if (!is_overload)
        return;
    note(load, class_index, false, now_ns);
    load->crowded_ns = now_ns;
    if (!is_for_itself)
        load->refused_ns = now_ns;
}

uint32_t load_retry_after_us(const struct load *load, enum ingress_reason reason)
{
    if (reason != INGRESS_OVERLOADED && reason != INGRESS_NO_MEMORY && reason != INGRESS_DEADLINE &&
        reason != INGRESS_TOO_MANY)
        return 0;
    const uint64_t us = load->report.retry_after_ns / 1000;
    return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}
