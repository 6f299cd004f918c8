/* Matches files to the tensors of two cuts. */
#include "scheduler/cli/run_files.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/session_inputs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "Nx3x224x224": a tensor's shape with the batch left open. */
static const char *print_rows(const struct engine_tensor *tensor, char *text, size_t size)
{
    const struct shape *shape = &tensor->shape;
    if (tensor->batch_axis < 0)
        return shape_print(shape, text, size);
    size_t at = 0;
    for (uint32_t i = 0; i < shape->rank && at < size; i++) {
        const char *mark = i ? "x" : "";
        int written;
        if ((int)i != tensor->batch_axis)
            written = snprintf(text + at, size - at, "%s%" PRId64, mark, shape->dims[i]);
        else if (shape->dims[i] == 1)
            written = snprintf(text + at, size - at, "%sN", mark);
        else
            written = snprintf(text + at, size - at, "%s%" PRId64 "N", mark, shape->dims[i]);
        at += written > 0 ? (size_t)written : 0;
    }
    return text;
}

/* "'a' (float Nx3), 'b' (int64 N)": what a cut consists of. */
static const char *print_cut(const struct engine_cut *cut, char *text, size_t size)
{
    size_t at = 0;
    char shape[128];
    text[0] = '\0';
    for (uint32_t i = 0; i < cut->tensor_count && at < size; i++) {
        const struct engine_tensor *tensor = &cut->tensors[i];
        int written =
            snprintf(text + at, size - at, "%s'%s' (%s %s)", i ? ", " : "", tensor->name,
                     tensor_type_name(tensor->type), print_rows(tensor, shape, sizeof(shape)));
        at += written > 0 ? (size_t)written : 0;
    }
    return text;
}

static int refuse_unclaimed(const struct session *session, const struct named_files *given,
                            const char *option, uint32_t number, const struct engine_cut *cut)
{
    char tensors[4096];
    const struct named_file *file = named_files_unclaimed(given);
    if (!file)
        return COMMAND_DONE;
    return command_fail(session->command, COMMAND_MISUSED,
                        "--%s %s: not one of the tensors of cut %" PRIu32
                        ", or given twice: write NAME=FILE once for each of %s",
                        option, file->text, number, print_cut(cut, tensors, sizeof(tensors)));
}

/* Checks one input's file and counts its rows. */
static int take_input(const struct session *session, struct named_file *file,
                      const struct engine_tensor *tensor, uint32_t *rows)
{
    char what[512], expected[128], found[128];
    struct npy_error error = {0};
    if (named_file_read(file, &error))
        return command_fail(session->command, COMMAND_FAILED, "%s", error.text);
    print_rows(tensor, expected, sizeof(expected));
    snprintf(what, sizeof(what), "tensor '%s'", tensor->name);
    int status = session_check_type(session, file, what, tensor->type, expected);
    if (status)
        return status;
    const struct shape *shape = &file->npy.tensor.shape;
    *rows = rows_count(tensor, shape);
    if (*rows)
        return COMMAND_DONE;
    return command_fail(session->command, COMMAND_FAILED, "%s: %s is %s %s, the file holds %s %s",
                        file->path, what, tensor_type_name(tensor->type), expected,
                        tensor_type_name(tensor->type), shape_print(shape, found, sizeof(found)));
}

static int match_inputs(struct run_files *files, struct session *session, uint32_t number)
{
    const struct engine_cut *cut = engine_model_cut(session->model, number);
    const struct named_file *first = NULL;
    files->input_arrays = calloc(cut->tensor_count + 1u, sizeof(*files->input_arrays));
    if (!files->input_arrays)
        return command_fail(session->command, COMMAND_FAILED, "out of memory");
    for (uint32_t i = 0; i < cut->tensor_count; i++) {
        const struct engine_tensor *tensor = &cut->tensors[i];
        char tensors[4096];
        uint32_t rows;
        struct named_file *file =
            named_files_claim(&session->files, tensor->name, cut->tensor_count == 1);
        if (!file && named_files_unclaimed(&session->files))
            return refuse_unclaimed(session, &session->files, "input", number, cut);
        if (!file)
            return command_fail(session->command, COMMAND_MISUSED,
                                "no --input for tensor '%s' of cut %" PRIu32 "; the cut is %s",
                                tensor->name, number, print_cut(cut, tensors, sizeof(tensors)));
        int status = take_input(session, file, tensor, &rows);
        if (status)
            return status;
        files->input_arrays[i] = file->npy.tensor.data;
        if (tensor->batch_axis < 0) {
            files->is_single = true;
            continue;
        }
        if (first && rows != files->row_count)
            return command_fail(session->command, COMMAND_FAILED,
                                "%s holds %" PRIu32 " rows, %s holds %" PRIu32
                                ": all inputs must hold as many",
                                first->path, files->row_count, file->path, rows);
        first = file;
        files->row_count = rows;
    }
    return refuse_unclaimed(session, &session->files, "input", number, cut);
}

static int match_outputs(struct run_files *files, struct session *session, uint32_t number)
{
    const struct engine_cut *cut = engine_model_cut(session->model, number);
    files->output_files = calloc(cut->tensor_count + 1u, sizeof(*files->output_files));
    if (!files->output_files)
        return command_fail(session->command, COMMAND_FAILED, "out of memory");
    for (uint32_t i = 0; i < cut->tensor_count; i++) {
        const struct engine_tensor *tensor = &cut->tensors[i];
        files->output_files[i] =
            named_files_claim(&files->outputs, tensor->name, cut->tensor_count == 1);
        if (tensor->batch_axis < 0 && files->row_count > 1)
            return command_fail(session->command, COMMAND_FAILED,
                                "the rows of tensor '%s' of cut %" PRIu32
                                " cannot be told apart: give one row at a time, found %" PRIu32,
                                tensor->name, number, files->row_count);
    }
    return refuse_unclaimed(session, &files->outputs, "output", number, cut);
}

int run_files_init(struct run_files *files, struct session *session,
                   const struct text_list *outputs, uint32_t from, uint32_t to)
{
    *files = (struct run_files){.row_count = 1};
    if (named_files_init(&files->outputs, outputs))
        return command_fail(session->command, COMMAND_FAILED, "out of memory");
    int status = match_inputs(files, session, from);
    return status ? status : match_outputs(files, session, to);
}

void run_files_fini(struct run_files *files)
{
    if (!files)
        return;
    free(files->input_arrays);
    free(files->output_files);
    named_files_fini(&files->outputs);
    *files = (struct run_files){0};
}

int run_files_write(const struct run_files *files, const struct cut_arrays *outputs)
{
    for (uint32_t i = 0; i < outputs->cut->tensor_count; i++) {
        if (!files->output_files[i])
            continue;
        const struct engine_tensor *tensor = &outputs->cut->tensors[i];
        struct tensor array = {.type = tensor->type,
                               .shape = rows_shape(tensor, outputs->row_count),
                               .data = outputs->arrays[i]};
        struct npy_error error = {0};
        if (npy_write(files->output_files[i]->path, &array, &error))
            return command_fail("run", COMMAND_FAILED, "%s", error.text);
    }
    return COMMAND_DONE;
}
