/* `joint bench`: measures a network, or the layers between two cuts, as a whole and per layer. */
#include "scheduler/cli/bench_result.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/runner.h"
#include "scheduler/cli/stopwatch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#define DEFAULT_SECONDS 2.0
#define MAX_SECONDS 86400
#define MAX_REPEAT 1000000
#define MIN_RUNS 3 /* however long one takes */
#define LAYER_RUNS 5 /* with a clock read around every layer */

struct bench_options {
    struct session_options session;
    uint32_t batch, repeat;
    bool has_repeat;
    double seconds;
};

static const char about[] =
    "Measures how fast MODEL.onnx, or the layers between two of its cuts, runs on this machine: "
    "the\n"
    "time for one batch, images per second, arithmetic speed, peak memory, and the time of each\n"
    "layer with the algorithm chosen for it. Inputs are random numbers from a fixed seed.";

static const char notes[] =
    "JSON: model, batch, threads, from, to, strict, runs, median_ms and min_ms (of a whole "
    "batch),\n"
    "images_per_s and gflop_per_s (from the median; a multiply and an add count as two),\n"
    "peak_rss_bytes (of this process), open_ms, prepare_ms, pack_ms, context_ms and their sum\n"
    "load_ms, weights_bytes, context_bytes, and layers: name, type, algorithm, ms (median, a "
    "clock\n"
    "read around each layer) and gflop, both for the whole batch.\n\n"
    "examples:\n"
    "  joint bench resnet50.onnx --batch 8 --threads 2\n"
    "  joint bench vgg16.onnx --batch 1 --from 10 --seconds 5 --json";

static void describe(struct bench_options *options, struct command_line *line)
{
    *line = (struct command_line){.command = "bench",
                                  .usage = "MODEL.onnx --batch N --threads N [options]",
                                  .about = about,
                                  .notes = notes,
                                  .operand_name = "MODEL.onnx",
                                  .operand = &options->session.path};
    command_line_add(line,
                     (struct option){"batch", "N", "rows to run at once (default 1)", OPTION_COUNT,
                                     &options->batch, 1, SESSION_MAX_BATCH, NULL});
    session_add_run_options(&options->session, line);
    command_line_add(line,
                     (struct option){"seconds", "S",
                                     "measure for S seconds, three runs at least (default 2)",
                                     OPTION_SECONDS, &options->seconds, 0, MAX_SECONDS, NULL});
    command_line_add(line, (struct option){"repeat", "N", "measure N runs instead", OPTION_COUNT,
                                           &options->repeat, 1, MAX_REPEAT, &options->has_repeat});
    command_line_add(line, (struct option){"input", "NAME=X.npy",
                                           "an input whose values or open dimensions decide shapes",
                                           OPTION_LIST, &options->session.inputs, 0, 0, NULL});
    session_add_model_options(&options->session, line);
}

/* Uniform in [0, 1) for floats and bytes of any value for uint8; zeros elsewhere, which every
 * operator accepts as an index. */
static void fill_random(const struct cut_arrays *arrays)
{
    uint64_t state = 1;
    for (uint32_t i = 0; i < arrays->cut->tensor_count; i++) {
        const struct engine_tensor *tensor = &arrays->cut->tensors[i];
        size_t bytes = tensor->bytes * (tensor->batch_axis < 0 ? 1 : arrays->row_count);
        float *floats = arrays->arrays[i];
        uint8_t *octets = arrays->arrays[i];
        size_t count = bytes / tensor_type_bytes(tensor->type);
        for (size_t at = 0; at < count; at++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            if (tensor->type == TENSOR_F32)
                floats[at] = (float)(state >> 40) * 0x1p-24f;
            else if (tensor->type == TENSOR_U8)
                octets[at] = (uint8_t)(state >> 56);
        }
    }
}

/* Times to fill, growing as runs are measured. */
struct times {
    uint64_t *items;
    size_t count, capacity;
};

static int times_add(struct times *times, uint64_t time_ns)
{
    if (times->count == times->capacity) {
        size_t capacity = times->capacity ? times->capacity * 2 : 64;
        uint64_t *items = realloc(times->items, capacity * sizeof(*items));
        if (!items)
            return -ENOMEM;
        times->items = items;
        times->capacity = capacity;
    }
    times->items[times->count++] = time_ns;
    return 0;
}

static double fraction_done(const struct bench_options *options, size_t runs, uint64_t elapsed_ns)
{
    if (options->has_repeat)
        return (double)runs / options->repeat;
    double by_time = (double)elapsed_ns / 1e9 / options->seconds;
    double by_runs = (double)runs / MIN_RUNS;
    return by_time < by_runs ? by_time : by_runs;
}

/* One run to warm up, then as many as asked for. */
static int measure_runs(const struct bench_options *options, struct runner *runner,
                        struct times *times)
{
    struct engine_error error = {0};
    uint64_t time_ns, start_ns = 0, now_ns = 0;
    double done = 0;
    if (runner_run(runner, NULL, &time_ns, &error))
        return session_fail(runner->session, &error);
    for (start_ns = now_ns = stopwatch_now_ns(); done < 1; now_ns = stopwatch_now_ns()) {
        if (runner_run(runner, NULL, &time_ns, &error))
            return session_fail(runner->session, &error);
        if (times_add(times, time_ns))
            return command_fail("bench", COMMAND_FAILED, "out of memory");
        done = fraction_done(options, times->count, stopwatch_now_ns() - start_ns);
        progress_show(&runner->session->progress, "measuring", done < 1 ? done : 1);
    }
    return COMMAND_DONE;
}

/* The median of a few runs per layer, in layer_ms. */
static int measure_layers(struct runner *runner, double *layer_ms, uint32_t layer_count)
{
    struct engine_error error = {0};
    uint64_t time_ns, column[LAYER_RUNS];
    uint64_t *layer_ns = calloc((size_t)layer_count * LAYER_RUNS + 1, sizeof(*layer_ns));
    if (!layer_ns)
        return command_fail("bench", COMMAND_FAILED, "out of memory");
    int status = COMMAND_DONE;
    for (size_t run = 0; run < LAYER_RUNS && !status; run++) {
        if (runner_run(runner, layer_ns + run * layer_count, &time_ns, &error))
            status = session_fail(runner->session, &error);
        progress_show(&runner->session->progress, "measuring layers", (double)run / LAYER_RUNS);
    }
    for (uint32_t layer = 0; layer < layer_count && !status; layer++) {
        for (size_t run = 0; run < LAYER_RUNS; run++)
            column[run] = layer_ns[run * layer_count + layer];
        layer_ms[layer] = stopwatch_median_ms(column, LAYER_RUNS);
    }
    free(layer_ns);
    return status;
}

static int measure(const struct bench_options *options, struct runner *runner)
{
    struct bench_result result = {.options = &options->session,
                                  .session = runner->session,
                                  .batch = options->batch,
                                  .from = runner->from,
                                  .to = runner->to};
    struct times times = {0};
    uint32_t layer_count = engine_model_layer_count(runner->session->model);
    result.layer_ms = calloc(layer_count + 1u, sizeof(*result.layer_ms));
    int status = result.layer_ms ? measure_runs(options, runner, &times)
                                 : command_fail("bench", COMMAND_FAILED, "out of memory");
    if (!status)
        status = measure_layers(runner, result.layer_ms, layer_count);
    progress_clear(&runner->session->progress);
    if (!status) {
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        result.peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
        result.runs = times.count;
        result.median_ms = stopwatch_median_ms(times.items, times.count);
        result.min_ms = stopwatch_min_ms(times.items, times.count);
        status = bench_result_print(&result);
    }
    free(result.layer_ms);
    free(times.items);
    return status;
}

/* Opens, prepares and measures. */
static int bench_session(const struct bench_options *options, struct session *session)
{
    uint32_t from, to;
    int status = session_open(session, options->batch, options->batch);
    if (!status)
        status = session_range(session, &from, &to);
    if (!status)
        status = session_prepare(session);
    if (status)
        return status;
    struct cut_arrays inputs = {0}, outputs = {0};
    struct runner runner = {0};
    if (cut_arrays_init(&inputs, engine_model_cut(session->model, from), options->batch, NULL) ||
        cut_arrays_init(&outputs, engine_model_cut(session->model, to), options->batch, NULL) ||
        runner_init(&runner, session, from, to, &inputs, &outputs))
        status = command_fail("bench", COMMAND_FAILED, "out of memory: give a smaller --batch");
    if (!status) {
        fill_random(&inputs);
        status = measure(options, &runner);
    }
    runner_fini(&runner);
    cut_arrays_fini(&outputs);
    cut_arrays_fini(&inputs);
    return status;
}

int command_bench(int argc, char **argv)
{
    struct bench_options options = {
        .session = session_options_default(), .batch = 1, .seconds = DEFAULT_SECONDS};
    struct command_line line;
    describe(&options, &line);
    int status;
    if (command_line_parse(&line, argc, argv, &status)) {
        struct session session;
        status = session_init(&session, "bench", &options.session);
        if (!status)
            status = bench_session(&options, &session);
        session_fini(&session);
    }
    session_options_fini(&options.session);
    return status;
}
