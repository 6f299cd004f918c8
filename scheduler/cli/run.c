/* `joint run`: runs a network, or the layers between two cuts, on .npy files. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/report.h"
#include "scheduler/cli/run_files.h"
#include "scheduler/cli/runner.h"
#include "scheduler/cli/stopwatch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_BATCH 32
#define MAX_REPEAT 1000000

struct run_options {
    struct session_options session;
    struct text_list outputs;
    uint32_t batch, repeat;
};

static const char about[] =
    "Runs MODEL.onnx, or only the layers between two of its cuts, on the tensors in .npy files "
    "and\n"
    "writes the results as .npy files. Cuts are numbered by 'joint cuts MODEL.onnx': cut 0 is the\n"
    "network's input, the last cut its output. Running 0 to K and then K to the end on what the\n"
    "first part wrote gives the same numbers as running the whole.";

static const char notes[] =
    "Where the file leaves the batch open, X.npy may hold any number of rows. Names of tensors "
    "are\n"
    "those of 'joint cuts'; a path that contains '=' must be written as NAME=PATH. Inputs whose\n"
    "values decide shapes are always given by name, wherever the run starts.\n\n"
    "examples:\n"
    "  joint run alexnet.onnx --input x.npy --output y.npy\n"
    "  joint run alexnet.onnx --input x.npy --output half.npy --to 5\n"
    "  joint run alexnet.onnx --input half.npy --output y.npy --from 5 --threads 2\n"
    "  joint run two.onnx --input a=a.npy --input b=b.npy --output sum=y.npy";

static void describe(struct run_options *options, struct command_line *line)
{
    *line = (struct command_line){
        .command = "run",
        .usage = "MODEL.onnx --input [NAME=]X.npy ... --output [NAME=]Y.npy ... [options]",
        .about = about,
        .notes = notes,
        .operand_name = "MODEL.onnx",
        .operand = &options->session.path};
    command_line_add(line, (struct option){"input", "[NAME=]X.npy",
                                           "a tensor to start from; NAME may be left out where\n"
                                           "there is one",
                                           OPTION_LIST, &options->session.inputs, 0, 0, NULL});
    command_line_add(line, (struct option){"output", "[NAME=]Y.npy",
                                           "where to write a tensor of the last cut; those not\n"
                                           "named are not written",
                                           OPTION_LIST, &options->outputs, 0, 0, NULL});
    session_add_run_options(&options->session, line);
    command_line_add(line,
                     (struct option){"batch", "N", "rows to run at once, at most (default 32)",
                                     OPTION_COUNT, &options->batch, 1, SESSION_MAX_BATCH, NULL});
    command_line_add(line, (struct option){"repeat", "N",
                                           "run N times and report the median time (default 1)",
                                           OPTION_COUNT, &options->repeat, 1, MAX_REPEAT, NULL});
    session_add_model_options(&options->session, line);
}

static json_t *list_tensors(const struct cut_arrays *arrays)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < arrays->cut->tensor_count; i++) {
        const struct engine_tensor *tensor = &arrays->cut->tensors[i];
        struct shape shape = rows_shape(tensor, arrays->row_count);
        json_t *dims = json_array();
        for (uint32_t d = 0; d < shape.rank; d++)
            json_array_append_new(dims, json_integer(shape.dims[d]));
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:o}", "name", report_text(tensor->name),
                                        "type", tensor_type_name(tensor->type), "shape", dims));
    }
    return list;
}

static int report(const struct run_options *options, const struct runner *runner,
                  uint64_t *times_ns)
{
    const struct session_options *session = &options->session;
    const struct session_times *times = &runner->session->times;
    double load_ms = times->open_ms + times->prepare_ms + times->pack_ms + times->context_ms;
    double median_ms = stopwatch_median_ms(times_ns, options->repeat);
    double min_ms = stopwatch_min_ms(times_ns, options->repeat);
    if (!session->is_json) {
        printf("ran cuts %" PRIu32 " to %" PRIu32 " of %s: %" PRIu32 " row%s, %" PRIu32
               " thread%s, %.2f ms",
               runner->from, runner->to, session->path, runner->row_count,
               runner->row_count == 1 ? "" : "s", session->threads,
               session->threads == 1 ? "" : "s", median_ms);
        if (options->repeat > 1)
            printf(" (median of %" PRIu32 ", least %.2f ms)", options->repeat, min_ms);
        printf(", loaded in %.1f ms\n", load_ms);
        return command_finish("run");
    }
    json_t *json = json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:o, s:o}", "model",
        report_text(session->path), "from", (json_int_t)runner->from, "to", (json_int_t)runner->to,
        "rows", (json_int_t)runner->row_count, "threads", (json_int_t)session->threads, "repeat",
        (json_int_t)options->repeat, "load_ms", load_ms, "median_ms", median_ms, "min_ms", min_ms,
        "inputs", list_tensors(runner->inputs), "outputs", list_tensors(runner->outputs));
    return report_json_print("run", json);
}

/* Runs --repeat times, writes the outputs, reports. */
static int run_all(const struct run_options *options, struct runner *runner,
                   const struct run_files *files)
{
    uint64_t *times_ns = calloc(options->repeat, sizeof(*times_ns));
    if (!times_ns)
        return command_fail("run", COMMAND_FAILED, "out of memory");
    int status = COMMAND_DONE;
    struct engine_error error = {0};
    for (uint32_t i = 0; i < options->repeat && !status; i++) {
        if (runner_run(runner, NULL, &times_ns[i], &error))
            status = session_fail(runner->session, &error);
        else
            progress_show(&runner->session->progress, "running", (i + 1.0) / options->repeat);
    }
    progress_clear(&runner->session->progress);
    if (!status)
        status = run_files_write(files, runner->outputs);
    if (!status)
        status = report(options, runner, times_ns);
    free(times_ns);
    return status;
}

/* Takes memory for both ends and runs. */
static int run_prepared(const struct run_options *options, struct session *session,
                        const struct run_files *files, uint32_t from, uint32_t to)
{
    struct cut_arrays inputs = {0}, outputs = {0};
    struct runner runner = {0};
    int status = COMMAND_DONE;
    if (cut_arrays_init(&inputs, engine_model_cut(session->model, from), files->row_count,
                        files->input_arrays) ||
        cut_arrays_init(&outputs, engine_model_cut(session->model, to), files->row_count, NULL) ||
        runner_init(&runner, session, from, to, &inputs, &outputs))
        status = command_fail("run", COMMAND_FAILED,
                              "out of memory for %" PRIu32 " rows: give fewer at once",
                              files->row_count);
    if (!status)
        status = run_all(options, &runner, files);
    runner_fini(&runner);
    cut_arrays_fini(&outputs);
    cut_arrays_fini(&inputs);
    return status;
}

static int run_session(const struct run_options *options, struct session *session)
{
    uint32_t min_batch, max_batch, from, to;
    struct run_files files = {0};
    runner_batches(session->rows ? session->rows : 1, options->batch, &min_batch, &max_batch);
    int status = session_open(session, min_batch, max_batch);
    if (!status)
        status = session_range(session, &from, &to);
    if (!status)
        status = run_files_init(&files, session, &options->outputs, from, to);
    if (!status) {
        /* Past cut 0 only the opened model tells how many rows a file holds. */
        runner_batches(files.row_count, files.is_single ? 1 : options->batch, &min_batch,
                       &max_batch);
        status = session_open(session, min_batch, max_batch);
    }
    if (!status)
        status = session_prepare(session);
    if (!status)
        status = run_prepared(options, session, &files, from, to);
    run_files_fini(&files);
    return status;
}

int command_run(int argc, char **argv)
{
    struct run_options options = {
        .session = session_options_default(), .batch = DEFAULT_BATCH, .repeat = 1};
    struct command_line line;
    describe(&options, &line);
    int status;
    if (command_line_parse(&line, argc, argv, &status)) {
        struct session session;
        status = session_init(&session, "run", &options.session);
        if (!status)
            status = run_session(&options, &session);
        session_fini(&session);
    }
    text_list_fini(&options.outputs);
    session_options_fini(&options.session);
    return status;
}
