/* Runs a range of layers over many rows, batch by batch. */
#include "scheduler/cli/runner.h"
#include "scheduler/cli/stopwatch.h"

#include <errno.h>
#include <stdlib.h>

void runner_batches(uint32_t row_count, uint32_t limit, uint32_t *min_batch, uint32_t *max_batch)
{
    uint32_t batches = row_count / limit + (row_count % limit != 0);
    *min_batch = row_count / batches;
    *max_batch = *min_batch + (row_count % batches != 0);
}

int runner_init(struct runner *runner, struct session *session, uint32_t from, uint32_t to,
                struct cut_arrays *inputs, struct cut_arrays *outputs)
{
    *runner = (struct runner){.session = session,
                              .from = from,
                              .to = to,
                              .row_count = inputs->row_count,
                              .inputs = inputs,
                              .outputs = outputs};
    size_t batch = session->max_batch;
    runner->input_rows = calloc(inputs->cut->tensor_count * batch + 1, sizeof(void *));
    runner->output_rows = calloc(outputs->cut->tensor_count * batch + 1, sizeof(void *));
    if (runner->input_rows && runner->output_rows)
        return 0;
    runner_fini(runner);
    return -ENOMEM;
}

void runner_fini(struct runner *runner)
{
    if (!runner)
        return;
    free(runner->input_rows);
    free(runner->output_rows);
    *runner = (struct runner){0};
}

int runner_run(struct runner *runner, uint64_t *layer_ns, uint64_t *time_ns,
               struct engine_error *error)
{
    const struct session *session = runner->session;
    uint64_t start_ns = stopwatch_now_ns();
    for (uint32_t i = 0; i < runner->inputs->cut->tensor_count; i++)
        rows_gather(&runner->inputs->rows[i]);
    for (uint32_t first = 0, count; first < runner->row_count; first += count) {
        /* What is left splits into batches of max_batch and min_batch = max_batch - 1. */
        uint32_t left = runner->row_count - first;
        count = left % session->max_batch == 0 ? session->max_batch : session->min_batch;
        cut_arrays_point(runner->inputs, first, count, (void **)runner->input_rows);
        cut_arrays_point(runner->outputs, first, count, runner->output_rows);
        struct engine_run run = {.from = runner->from,
                                 .to = runner->to,
                                 .rows = count,
                                 .inputs = runner->input_rows,
                                 .outputs = runner->output_rows,
                                 .layer_ns = layer_ns};
        int err = engine_context_run(session->context, &run, error);
        if (err)
            return err;
    }
    for (uint32_t i = 0; i < runner->outputs->cut->tensor_count; i++)
        rows_scatter(&runner->outputs->rows[i]);
    *time_ns = stopwatch_now_ns() - start_ns;
    return 0;
}
