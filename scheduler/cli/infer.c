/* `joint infer`: runs a network on .npy files, partly here and partly on an edge server. */
#include "scheduler/cli/infer.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/infer_explain.h"
#include "scheduler/cli/named_file.h"
#include "scheduler/cli/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "infer"

/* The tensors of one end of the network: of its inputs or of its outputs. */
struct infer_end {
    uint32_t count;
    struct engine_tensor *tensors; /* names are the client's */
    struct npy *arrays; /* outputs: owned; inputs: of the files */
    struct rows *rows;
    const struct named_file **files; /* NULL: not to be written */
};

struct infer {
    const struct infer_options *options;
    struct joint *joint;
    struct named_files input_files, output_files;
    struct infer_end in, out;
    uint32_t row_count;
    bool is_single; /* some tensor has no rows */
    struct joint_report *reports;
    uint32_t report_count;
};

static int no_memory(void)
{
    return command_fail(NAME, COMMAND_FAILED, "out of memory");
}

static enum tensor_type type_named(const char *name)
{
    static const enum tensor_type types[] = {TENSOR_F32, TENSOR_U8, TENSOR_I32, TENSOR_I64,
                                             TENSOR_BOOL};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(tensor_type_name(types[i]), name) == 0)
            return types[i];
    return TENSOR_NONE;
}

static int end_init(struct infer_end *end, const struct joint *joint, uint32_t cut)
{
    end->count = joint_tensor_count(joint, cut);
    end->tensors = calloc(end->count + 1u, sizeof(*end->tensors));
    end->arrays = calloc(end->count + 1u, sizeof(*end->arrays));
    end->rows = calloc(end->count + 1u, sizeof(*end->rows));
    end->files = calloc(end->count + 1u, sizeof(*end->files));
    if (!end->tensors || !end->arrays || !end->rows || !end->files)
        return no_memory();
    for (uint32_t i = 0; i < end->count; i++) {
        struct joint_tensor said = {.name = ""};
        joint_tensor(joint, cut, i, &said);
        end->tensors[i] = (struct engine_tensor){.name = said.name,
                                                 .type = type_named(said.type),
                                                 .shape = {.rank = said.rank},
                                                 .bytes = said.row_bytes,
                                                 .batch_axis = said.batch_axis};
        for (uint32_t d = 0; d < said.rank; d++)
            end->tensors[i].shape.dims[d] = said.dims[d];
    }
    return COMMAND_DONE;
}

static void end_fini(struct infer_end *end, bool is_owner)
{
    for (uint32_t i = 0; i < end->count; i++) {
        if (end->rows)
            rows_fini(&end->rows[i]);
        if (is_owner && end->arrays)
            free(end->arrays[i].tensor.data);
    }
    free(end->tensors);
    free(end->arrays);
    free(end->rows);
    free(end->files);
}

/* Which file is which tensor; for inputs every tensor needs one. */
static int match(struct infer_end *end, struct named_files *files, const char *option,
                 bool is_needed)
{
    for (uint32_t i = 0; i < end->count; i++) {
        end->files[i] = named_files_claim(files, end->tensors[i].name, end->count == 1);
        if (!end->files[i] && is_needed && !named_files_unclaimed(files))
            return command_fail(NAME, COMMAND_MISUSED, "no --%s for tensor '%s'", option,
                                end->tensors[i].name);
    }
    const struct named_file *stray = named_files_unclaimed(files);
    if (stray)
        return command_fail(NAME, COMMAND_MISUSED,
                            "--%s %s: not the name of a tensor, or given twice; write NAME=FILE "
                            "with the names that 'joint cuts' prints",
                            option, stray->text);
    return COMMAND_DONE;
}

static int read_input(struct infer *infer, uint32_t index)
{
    const struct engine_tensor *tensor = &infer->in.tensors[index];
    struct named_file *file = (struct named_file *)infer->in.files[index];
    struct npy_error error = {.text = ""};
    char wanted[128], found[128];
    if (named_file_read(file, &error))
        return command_fail(NAME, COMMAND_FAILED, "%s", error.text);
    const struct tensor *held = &file->npy.tensor;
    const uint32_t rows = held->type == tensor->type ? rows_count(tensor, &held->shape) : 0;
    if (rows == 0)
        return command_fail(
            NAME, COMMAND_FAILED, "%s: tensor '%s' is %s %s for one row, the file holds %s %s",
            file->path, tensor->name, tensor_type_name(tensor->type),
            shape_print(&tensor->shape, wanted, sizeof(wanted)), tensor_type_name(held->type),
            shape_print(&held->shape, found, sizeof(found)));
    if (infer->row_count > 0 && rows != infer->row_count)
        return command_fail(NAME, COMMAND_FAILED,
                            "%s holds %" PRIu32 " rows, another input %" PRIu32
                            ": all must hold as many",
                            file->path, rows, infer->row_count);
    infer->row_count = rows;
    infer->is_single |= tensor->batch_axis < 0;
    if (rows_init(&infer->in.rows[index], tensor, rows, held->data))
        return no_memory();
    rows_gather(&infer->in.rows[index]);
    return COMMAND_DONE;
}

static int make_output(struct infer *infer, uint32_t index)
{
    const struct engine_tensor *tensor = &infer->out.tensors[index];
    struct tensor *array = &infer->out.arrays[index].tensor;
    infer->is_single |= tensor->batch_axis < 0;
    array->type = tensor->type;
    array->shape = rows_shape(tensor, infer->row_count);
    array->data = calloc(infer->row_count, tensor->bytes ? tensor->bytes : 1);
    if (!array->data || rows_init(&infer->out.rows[index], tensor, infer->row_count, array->data))
        return no_memory();
    return COMMAND_DONE;
}

static int take_files(struct infer *infer)
{
    int status = end_init(&infer->in, infer->joint, 0);
    if (!status)
        status = end_init(&infer->out, infer->joint, joint_cut_count(infer->joint) - 1);
    if (!status && (named_files_init(&infer->input_files, &infer->options->inputs) ||
                    named_files_init(&infer->output_files, &infer->options->outputs)))
        status = no_memory();
    if (!status)
        status = match(&infer->in, &infer->input_files, "input", true);
    if (!status)
        status = match(&infer->out, &infer->output_files, "output", false);
    for (uint32_t i = 0; i < infer->in.count && !status; i++)
        status = read_input(infer, i);
    for (uint32_t i = 0; i < infer->out.count && !status; i++)
        status = make_output(infer, i);
    return status;
}

/* Rows first .. first + count as one call. */
static int run_rows(struct infer *infer, struct joint_call *call, uint32_t first, uint32_t count)
{
    const void **inputs = calloc(infer->in.count + 1u, sizeof(*inputs));
    void **outputs = calloc(infer->out.count + 1u, sizeof(*outputs));
    int err = 0, status = COMMAND_DONE;
    if (!inputs || !outputs)
        status = no_memory();
    for (uint32_t i = 0; i < infer->in.count && !status; i++)
        inputs[i] = rows_at(&infer->in.rows[i], first);
    for (uint32_t i = 0; i < infer->out.count && !status; i++)
        outputs[i] = rows_at(&infer->out.rows[i], first);
    call->inputs = inputs;
    call->outputs = outputs;
    call->rows = count;
    if (!status)
        err = joint_run(infer->joint, call, &infer->reports[infer->report_count++]);
    if (!err && !status && infer->options->prints_each)
        status = infer_report_each(infer->options, &infer->reports[infer->report_count - 1]);
    if (err)
        status = command_fail(NAME, COMMAND_FAILED, "%s cannot be run so: %s",
                              infer->options->model, strerror(-err));
    free(inputs);
    free(outputs);
    return status;
}

static int run_all(struct infer *infer, struct joint_call *call)
{
    const uint32_t batch = infer->is_single ? 1 : infer->options->batch;
    const uint32_t calls = (infer->row_count + batch - 1) / batch;
    int status = COMMAND_DONE;
    infer->reports = calloc((size_t)calls * infer->options->repeat, sizeof(*infer->reports));
    if (!infer->reports)
        return no_memory();
    for (uint32_t n = 0; n < infer->options->repeat && !status; n++)
        for (uint32_t first = 0; first < infer->row_count && !status; first += batch) {
            const uint32_t left = infer->row_count - first;
            status = run_rows(infer, call, first, left < batch ? left : batch);
        }
    return status;
}

static int write_outputs(struct infer *infer)
{
    struct npy_error error = {.text = ""};
    for (uint32_t i = 0; i < infer->out.count; i++) {
        rows_scatter(&infer->out.rows[i]);
        if (infer->out.files[i] &&
            npy_write(infer->out.files[i]->path, &infer->out.arrays[i].tensor, &error))
            return command_fail(NAME, COMMAND_FAILED, "%s", error.text);
    }
    return COMMAND_DONE;
}

static int open_client(struct infer *infer)
{
    const struct infer_options *options = infer->options;
    struct joint_config config;
    struct joint_error error = {.text = ""};
    joint_config_default(&config);
    config.model_path = options->model;
    config.model_name = options->name;
    config.threads = options->threads;
    config.max_calls = 1;
    config.max_rows = options->batch;
    config.max_cut_tensors = options->max_cut_tensors;
    config.tuning_path = options->tuning_path;
    config.is_untuned = options->is_untuned;
    config.profile_path = options->profile;
    config.is_paced = options->is_paced;
    if (options->servers.count > JOINT_MAX_SERVERS)
        return command_fail(NAME, COMMAND_MISUSED, "--server: at most %d", JOINT_MAX_SERVERS);
    for (uint32_t i = 0; i < options->servers.count; i++)
        config.servers[i] = options->servers.items[i];
    if (joint_open(&config, &infer->joint, &error))
        return command_fail(NAME, COMMAND_FAILED, "%s", error.text);
    return COMMAND_DONE;
}

static int infer_run(struct infer *infer)
{
    const struct infer_options *options = infer->options;
    struct joint_call call;
    struct infer_explanation why = {.count = 0};
    joint_call_default(&call);
    call.deadline_ns = (uint64_t)(options->deadline_ms * 1e6);
    call.encoding = (enum joint_encoding)options->encoding;
    call.answer_encoding = (enum joint_encoding)options->answer_encoding;
    call.class_index = (uint8_t)options->class_index;
    int status = open_client(infer);
    if (!status)
        status = infer_options_split(options, infer->joint, &call);
    if (!status)
        status = take_files(infer);
    if (!status)
        status = run_all(infer, &call);
    if (!status)
        status = write_outputs(infer);
    if (!status && options->explains)
        status = infer_explanation_take(&why, infer->joint);
    if (!status)
        status = infer_report(options, infer->reports, infer->report_count,
                              options->explains ? &why : NULL);
    infer_explanation_fini(&why);
    free(infer->reports);
    end_fini(&infer->out, true);
    end_fini(&infer->in, false);
    named_files_fini(&infer->output_files);
    named_files_fini(&infer->input_files);
    joint_close(infer->joint);
    return status;
}

static int check(const struct infer_options *options)
{
    if (!options->model)
        return command_fail(NAME, COMMAND_MISUSED, "--model MODEL.onnx is missing");
    if (options->inputs.count == 0)
        return command_fail(NAME, COMMAND_MISUSED, "--input X.npy is missing");
    if (options->is_paced && !options->profile)
        return command_fail(NAME, COMMAND_MISUSED, "--paced goes with --profile P.json");
    if (options->explains && strcmp(options->split, "auto") != 0)
        return command_fail(NAME, COMMAND_MISUSED, "--explain goes with --split auto");
    return COMMAND_DONE;
}

int command_infer(int argc, char **argv)
{
    struct infer_options options = {
        .split = "auto", .threads = 1, .batch = 1, .repeat = 1, .max_cut_tensors = 1};
    struct command_line line;
    int status;
    infer_options_describe(&options, &line);
    if (command_line_parse(&line, argc, argv, &status)) {
        struct infer infer = {.options = &options};
        status = check(&options);
        if (!status)
            status = infer_run(&infer);
    }
    text_list_fini(&options.outputs);
    text_list_fini(&options.inputs);
    text_list_fini(&options.servers);
    return status;
}
