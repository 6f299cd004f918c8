/* Says dispatches, notes the answers, and computes them again with the engine of this process. */
#include "tests/property/worker_dispatch.h"

#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

static unsigned char *in_of(const struct worker_host *host, uint32_t slot)
{
    return region_at(&host->request, slot * host->place_bytes, host->place_bytes);
}

static unsigned char *out_of(const struct worker_host *host, uint32_t slot)
{
    return region_at(&host->response, slot * host->place_bytes, host->place_bytes);
}

void dispatch_fill(const struct worker_host *host, struct shm_random *random, uint32_t slot)
{
    float *numbers = (float *)in_of(host, slot);
    for (uint64_t i = 0; i < host->place_bytes / sizeof(float); i++)
        numbers[i] = (float)shm_random_below(random, 2001) / 1000 - 1;
    memset(out_of(host, slot), 0xee, host->place_bytes);
}

struct message_row dispatch_row(const struct worker_host *host, uint32_t dispatch, uint32_t slot,
                                uint32_t from, uint32_t to)
{
    return (struct message_row){.kind = MESSAGE_ROW,
                                .in_region = 0,
                                .out_region = 1,
                                .dispatch = dispatch,
                                .slot = slot,
                                .generation = dispatch + 7,
                                .model = HOST_MODEL,
                                .from = (uint16_t)from,
                                .to = (uint16_t)to,
                                .in_offset = slot * host->place_bytes,
                                .in_bytes = (uint32_t)host->cut_bytes[from],
                                .out_offset = slot * host->place_bytes,
                                .out_bytes = (uint32_t)host->cut_bytes[to],
                                .rows = 1};
}

void dispatch_say_row(struct worker_peer *peer, struct worker_dispatch *dispatch,
                      const struct message_row *row)
{
    dispatch->row[dispatch->row_count++] = *row;
    worker_peer_say(peer, &(union message){.row = *row});
}

void dispatch_say_run(struct worker_peer *peer, struct worker_dispatch *dispatch, uint32_t number,
                      uint32_t from, uint32_t to, uint32_t row_count)
{
    dispatch->run.kind = MESSAGE_RUN;
    dispatch->run.dispatch = number;
    dispatch->run.model = HOST_MODEL;
    dispatch->run.from = (uint16_t)from;
    dispatch->run.to = (uint16_t)to;
    dispatch->run.row_count = (uint16_t)row_count;
    worker_peer_say(peer, &(union message){.run = dispatch->run});
}

/* False once the dispatch is closed. */
bool dispatch_note(struct worker_dispatch *dispatch, const union message *message)
{
    if (message->kind == MESSAGE_RUN_DONE) {
        CU_ASSERT_EQUAL_FATAL(message->run_done.status, MESSAGE_OK);
        return false;
    }
    if (message->kind == MESSAGE_SEGMENT_DONE) {
        CU_ASSERT_TRUE(message->segment.ended_ns >= message->segment.started_ns);
        dispatch->segment[dispatch->segment_count++] = message->segment;
        return true;
    }
    if (message->kind == MESSAGE_SEGMENT_STARTED)
        return true;
    CU_ASSERT_EQUAL_FATAL(message->kind, MESSAGE_ROW_DONE);
    const struct message_row_done *done = &message->row_done;
    uint32_t i = 0;
    while (i < dispatch->row_count && dispatch->row[i].slot != done->slot)
        i++;
    CU_ASSERT_TRUE_FATAL(i < dispatch->row_count && !dispatch->is_done[i]);
    CU_ASSERT_EQUAL(done->generation, dispatch->row[i].generation);
    dispatch->is_done[i] = true;
    dispatch->status[i] = done->status;
    return true;
}

void dispatch_finish(struct worker_peer *peer, struct worker_dispatch *dispatch)
{
    union message message;
    do
        message = worker_peer_hear(peer);
    while (dispatch_note(dispatch, &message));
}

/* Runs the segments that the worker reported with the rows that must have been in them. */
void dispatch_check_by_segments(struct worker_host *host, const struct worker_dispatch *dispatch)
{
    unsigned char *now[DISPATCH_ROWS];
    unsigned char *next[DISPATCH_ROWS];
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        now[i] = malloc(host->place_bytes);
        next[i] = malloc(host->place_bytes);
        memcpy(now[i], in_of(host, dispatch->row[i].slot), host->place_bytes);
    }
    for (uint32_t s = 0; s < dispatch->segment_count; s++) {
        const struct message_segment *segment = &dispatch->segment[s];
        const unsigned char *in[DISPATCH_ROWS];
        unsigned char *out[DISPATCH_ROWS];
        uint32_t who[DISPATCH_ROWS];
        uint32_t count = 0;
        for (uint32_t i = 0; i < dispatch->row_count; i++)
            if (dispatch->status[i] == MESSAGE_OK && dispatch->row[i].from <= segment->from &&
                segment->from < dispatch->row[i].to) {
                in[count] = now[i];
                out[count] = next[i];
                who[count++] = i;
            }
        CU_ASSERT_EQUAL_FATAL(count, segment->row_count);
        worker_host_run(host, segment->from, segment->to, count, in, out);
        for (uint32_t c = 0; c < count; c++) {
            unsigned char *swap = now[who[c]];
            now[who[c]] = next[who[c]];
            next[who[c]] = swap;
        }
    }
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        if (dispatch->status[i] == MESSAGE_OK)
            CU_ASSERT_EQUAL(memcmp(now[i], out_of(host, dispatch->row[i].slot),
                                   host->cut_bytes[dispatch->row[i].to]),
                            0);
        free(now[i]);
        free(next[i]);
    }
}

/* Without the worker's word: one run of all rows, which all go the whole way. */
void dispatch_check_by_one_run(struct worker_host *host, const struct worker_dispatch *dispatch)
{
    const unsigned char *in[DISPATCH_ROWS];
    unsigned char *out[DISPATCH_ROWS];
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        in[i] = in_of(host, dispatch->row[i].slot);
        out[i] = malloc(host->place_bytes);
    }
    worker_host_run(host, dispatch->run.from, dispatch->run.to, dispatch->row_count, in, out);
    for (uint32_t i = 0; i < dispatch->row_count; i++) {
        CU_ASSERT_EQUAL(dispatch->status[i], MESSAGE_OK);
        CU_ASSERT_EQUAL(
            memcmp(out[i], out_of(host, dispatch->row[i].slot), host->cut_bytes[dispatch->run.to]),
            0);
        free(out[i]);
    }
}

void worker_peer_stop(struct worker_peer *peer)
{
    worker_peer_say(peer, &(union message){.order = {.kind = MESSAGE_DRAIN}});
    CU_ASSERT_EQUAL(worker_peer_hear(peer).kind, MESSAGE_DRAINED);
    CU_ASSERT_EQUAL(worker_peer_wait(peer), 0);
    worker_peer_fini(peer);
}
