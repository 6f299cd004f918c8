/* Opens and prepares a model as the command line says. */
#include "scheduler/cli/session.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/session_inputs.h"
#include "scheduler/cli/stopwatch.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session_options session_options_default(void)
{
    return (struct session_options){.threads = 1, .max_cut_tensors = 1};
}

void session_options_fini(struct session_options *options)
{
    text_list_fini(&options->dims);
    text_list_fini(&options->inputs);
}

void session_add_model_options(struct session_options *options, struct command_line *line)
{
    command_line_add(line, (struct option){"dim", "SYMBOL=N",
                                           "the size of an open dimension other than the batch;\n"
                                           "may be repeated (one without a name: INPUT:AXIS=N)",
                                           OPTION_LIST, &options->dims, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"max-cut-tensors", "N",
                                     "cut also where up to N tensors cross (default 1);\n"
                                     "cuts are numbered among the legal ones",
                                     OPTION_COUNT, &options->max_cut_tensors, 1, 1000000, NULL});
    command_line_add(line, (struct option){"json", NULL, "print JSON instead of a table",
                                           OPTION_FLAG, &options->is_json, 0, 0, NULL});
}

void session_add_run_options(struct session_options *options, struct command_line *line)
{
    command_line_add(line, (struct option){"from", "K", "start at cut K (default 0, the input)",
                                           OPTION_COUNT, &options->from, 0, UINT32_MAX, NULL});
    command_line_add(line,
                     (struct option){"to", "K", "stop at cut K (default: the last, the output)",
                                     OPTION_COUNT, &options->to, 0, UINT32_MAX, &options->has_to});
    session_add_engine_options(options, line);
}

void session_add_engine_options(struct session_options *options, struct command_line *line)
{
    command_line_add(line,
                     (struct option){"threads", "N", "threads to run on (default 1)", OPTION_COUNT,
                                     &options->threads, 1, SESSION_MAX_THREADS, NULL});
    command_line_add(line, (struct option){"strict", NULL,
                                           "direct algorithms only: smallest rounding error",
                                           OPTION_FLAG, &options->is_strict, 0, 0, NULL});
    command_line_add(line, (struct option){"isa", "NAME",
                                           "kernels for avx512, avx2, neon or plain\n"
                                           "(default: the best this CPU has)",
                                           OPTION_TEXT, &options->isa, 0, 0, NULL});
    command_line_add(line, (struct option){"tuning", "FILE",
                                           "where measured choices of algorithms are kept\n"
                                           "(default MODEL.onnx.tuning)",
                                           OPTION_TEXT, &options->tuning_path, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"no-tuning", NULL,
                                     "choose algorithms by rule, without measuring or keeping",
                                     OPTION_FLAG, &options->is_untuned, 0, 0, NULL});
}

static int check_isa(const char *command, const char *isa)
{
    static const char *const names[] = {"avx512", "avx2", "neon", "plain"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!isa || strcmp(isa, names[i]) == 0)
            return COMMAND_DONE;
    return command_fail(command, COMMAND_MISUSED, "--isa %s: expected avx512, avx2, neon or plain",
                        isa);
}

int session_init(struct session *session, const char *command,
                 const struct session_options *options)
{
    *session = (struct session){.command = command, .options = options, .rows = 1};
    progress_init(&session->progress);
    int status = check_isa(command, options->isa);
    if (!status && named_files_init(&session->files, &options->inputs))
        status = command_fail(command, COMMAND_FAILED, "out of memory");
    if (!status)
        status = session_parse_dimensions(session);
    if (!status && options->inputs.count)
        status = session_read_inputs(session);
    return status;
}

static void close_model(struct session *session)
{
    engine_context_destroy(session->context);
    engine_model_destroy(session->model);
    session->context = NULL;
    session->model = NULL;
}

void session_fini(struct session *session)
{
    progress_clear(&session->progress);
    close_model(session);
    for (size_t i = 0; i < session->dimension_count; i++)
        free((char *)session->dimensions[i].symbol);
    free(session->dimensions);
    free(session->bindings);
    free(session->inputs);
    named_files_fini(&session->files);
    *session = (struct session){0};
}

int session_fail(struct session *session, const struct engine_error *error)
{
    progress_clear(&session->progress);
    return command_fail(session->command, COMMAND_FAILED, "%s", error->text);
}

static double ms_since(uint64_t start_ns)
{
    return (double)(stopwatch_now_ns() - start_ns) / 1e6;
}

int session_open(struct session *session, uint32_t min_batch, uint32_t max_batch)
{
    if (session->model && session->min_batch == min_batch && session->max_batch == max_batch)
        return COMMAND_DONE;
    close_model(session);
    const struct session_options *options = session->options;
    struct engine_config config;
    engine_config_default(&config);
    config.threads = options->threads;
    config.min_batch = min_batch;
    config.max_batch = max_batch;
    config.max_cut_tensors = options->max_cut_tensors;
    config.is_strict = options->is_strict;
    config.is_tuned = !options->is_untuned;
    config.tuning_path = options->tuning_path;
    config.isa = options->isa;
    config.dimensions = session->dimensions;
    config.dimension_count = session->dimension_count;
    config.bindings = session->bindings;
    config.binding_count = session->binding_count;
    config.progress = progress_show;
    config.progress_arg = &session->progress;
    struct engine_error error = {0};
    uint64_t start_ns = stopwatch_now_ns();
    if (engine_model_open(options->path, &config, &session->model, &error)) {
        session->model = NULL;
        /* Why a shape is not known is for the command line to say, if that is the reason. */
        int status = session_check_bound(session);
        return status ? status : session_fail(session, &error);
    }
    session->times.open_ms = ms_since(start_ns);
    session->min_batch = min_batch;
    session->max_batch = max_batch;
    if (max_batch > 1 && !engine_model_has_batch(session->model)) {
        progress_clear(&session->progress);
        return command_fail(session->command, COMMAND_MISUSED,
                            "%s has a fixed batch size: it runs one row at a time, not %u",
                            options->path, max_batch);
    }
    return COMMAND_DONE;
}

int session_range(const struct session *session, uint32_t *from, uint32_t *to)
{
    const struct session_options *options = session->options;
    uint32_t last = engine_model_cut_count(session->model) - 1;
    *from = options->from;
    *to = options->has_to ? options->to : last;
    if (*from > last || *to > last)
        return command_fail(session->command, COMMAND_MISUSED,
                            "--%s %u: the cuts of %s are 0 to %u; 'joint cuts %s' lists them",
                            *from > last ? "from" : "to", *from > last ? *from : *to, options->path,
                            last, options->path);
    if (*from >= *to)
        return command_fail(
            session->command, COMMAND_MISUSED,
            "--from %u --to %u: --to must be the larger one; the cuts of %s are 0 to %u", *from,
            *to, options->path, last);
    return COMMAND_DONE;
}

/* Memory is promised by the kernel more freely than it is given; what cannot be is refused here. */
static int check_memory(struct session *session)
{
    double needed_bytes = (double)engine_model_weights_bytes(session->model) +
                          (double)engine_context_bytes(session->model);
    double machine_bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (needed_bytes <= machine_bytes)
        return COMMAND_DONE;
    progress_clear(&session->progress);
    return command_fail(session->command, COMMAND_FAILED,
                        "%s needs %.0f MB for batches of %u, this machine has %.0f MB: give a "
                        "smaller --batch",
                        session->options->path, needed_bytes / 1e6, session->max_batch,
                        machine_bytes / 1e6);
}

int session_prepare(struct session *session)
{
    struct engine_error error = {0};
    uint64_t start_ns = stopwatch_now_ns();
    if (engine_model_prepare(session->model, &error))
        return session_fail(session, &error);
    session->times.prepare_ms = ms_since(start_ns);
    int status = check_memory(session);
    if (status)
        return status;
    start_ns = stopwatch_now_ns();
    if (engine_model_pack(session->model, NULL, &error))
        return session_fail(session, &error);
    session->times.pack_ms = ms_since(start_ns);
    start_ns = stopwatch_now_ns();
    if (engine_context_create(session->model, NULL, &session->context, &error)) {
        session->context = NULL;
        return session_fail(session, &error);
    }
    session->times.context_ms = ms_since(start_ns);
    progress_clear(&session->progress);
    return COMMAND_DONE;
}
