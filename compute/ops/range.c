/* Cuts a range into a few pieces per thread, so that uneven pieces balance. */
#include "compute/ops/range.h"

enum {
    PIECES_PER_THREAD = 4,
    PIECES_ALONE = 64, /* between them a pause is looked for */
};

struct range_run {
    size_t count, pieces;
    range_task *task;
    void *arg;
};

/* Where piece i begins; the first count % pieces pieces have one item more. */
static size_t piece_first(const struct range_run *run, size_t i)
{
    size_t more = run->count % run->pieces;
    return run->count / run->pieces * i + (i < more ? i : more);
}

static void run_piece(void *arg, uint32_t piece, uint32_t thread)
{
    const struct range_run *run = arg;
    (void)thread;
    run->task(run->arg, piece_first(run, piece), piece_first(run, (size_t)piece + 1));
}

void range_run(struct thread_pool *pool, size_t count, size_t grain, range_task *task, void *arg)
{
    if (count == 0)
        return;
    size_t threads = thread_pool_threads(pool);
    size_t pieces = count / (grain ? grain : 1);
    const size_t most = threads == 1 ? PIECES_ALONE : threads * PIECES_PER_THREAD;
    pieces = pieces < most ? pieces : most;
    if (pieces <= 1) {
        task(arg, 0, count);
        return;
    }
    struct range_run run = {.count = count, .pieces = pieces, .task = task, .arg = arg};
    thread_pool_run(pool, (uint32_t)pieces, run_piece, &run);
}
