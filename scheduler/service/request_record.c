/* Fills lines of the request log from the table of requests. */
#include "scheduler/service/request_record.h"
#include "scheduler/service/service.h"

#include <string.h>

static void name_model(const struct service *service, struct request_line *line, uint32_t number)
{
    if (number >= MESSAGE_MAX_MODELS || service->models.items[number].state == MODEL_EMPTY)
        return;
    const struct model *model = &service->models.items[number];
    memcpy(line->model, model->name, sizeof(line->model));
    line->version = model->version;
}

static uint64_t since(uint64_t then_ns, uint64_t now_ns)
{
    return now_ns > then_ns ? now_ns - then_ns : 0;
}

void request_record_end(struct service *service, const struct request *request,
                        enum ingress_reason reason, uint64_t now_ns)
{
    struct request_log *log = &service->request_log;
    if (!request_log_is_on(log))
        return;
    const uint64_t begun_ns = request->entered_ns ? request->entered_ns : now_ns;
    struct request_line line = {.ended_unix_ns = service_unix_ns(service, now_ns),
                                .client = request->client,
                                .bytes = request->bytes,
                                .from = request->from,
                                .to = request->to,
                                .rows = request->rows,
                                .class_index = request->class_index,
                                .reason = (uint8_t)reason,
                                .total_ns = since(request->arrived_ns, now_ns),
                                .wait_ns = since(request->arrived_ns, begun_ns),
                                .compute_ns = request->compute_ns,
                                .predicted_wait_ns = request->predicted_wait_ns,
                                .predicted_compute_ns = request->predicted_compute_ns,
                                .deadline_ns = UINT64_MAX,
                                .path = request->path};
    if (request->deadline_ns != DISPATCH_NO_DEADLINE)
        line.deadline_ns = since(request->arrived_ns, request->deadline_ns);
    name_model(service, &line, request->model);
    request_log_add(log, &line);
}

void request_record_segment(struct service *service, const struct worker_link *worker,
                            const struct worker_run *run, const struct message_segment *said)
{
    if (!request_log_is_on(&service->request_log))
        return;
    for (uint32_t i = 0; i < run->row_count; i++) {
        const struct worker_run_row *row = &run->rows[i];
        if (row->has_entered && row->from <= said->from && row->to >= said->to)
            request_path_add(&service->requests.items[row->slot].path, worker->number, run->number,
                             said->from, said->to, said->row_count, row->is_merged);
    }
}

void request_record_look(struct service *service)
{
    struct request_log *log = &service->request_log;
    const char *file = service->config.log.file;
    int error;
    if (request_log_has_news(log, &error) && error)
        log_say(&service->log, "request log: %s: %s; lines are lost until it can be written", file,
                strerror(-error));
    else if (error == 0 && log->had_error)
        log_say(&service->log, "request log: %s: can be written again; %llu lines were lost", file,
                (unsigned long long)request_log_lost(log));
    log->had_error = error != 0;
    counts_set(&service->counts, COUNT_LOG_LINES, request_log_written(log));
    counts_set(&service->counts, COUNT_LOG_LOST, request_log_lost(log));
}
