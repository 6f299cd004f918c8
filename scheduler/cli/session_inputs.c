/* Takes from --dim and from the input files what the model must know before it is opened. */
#include "scheduler/cli/session_inputs.h"
#include "scheduler/cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(const struct session *session)
{
    return command_fail(session->command, COMMAND_FAILED, "out of memory");
}

static const struct engine_dimension *find_dimension(const struct session *session,
                                                     const char *symbol, size_t length)
{
    for (size_t i = 0; i < session->dimension_count; i++) {
        const char *known = session->dimensions[i].symbol;
        if (strlen(known) == length && memcmp(known, symbol, length) == 0)
            return &session->dimensions[i];
    }
    return NULL;
}

static int add_dimension(struct session *session, const char *symbol, size_t length, int64_t value)
{
    size_t count = session->dimension_count;
    struct engine_dimension *dimensions =
        realloc(session->dimensions, (count + 1) * sizeof(*dimensions));
    if (!dimensions)
        return -ENOMEM;
    session->dimensions = dimensions;
    char *copy = strndup(symbol, length);
    if (!copy)
        return -ENOMEM;
    dimensions[count] = (struct engine_dimension){.symbol = copy, .value = value};
    session->dimension_count++;
    return 0;
}

int session_parse_dimensions(struct session *session)
{
    const struct text_list *texts = &session->options->dims;
    for (uint32_t i = 0; i < texts->count; i++) {
        const char *text = texts->items[i];
        const char *equals = strrchr(text, '=');
        uint64_t value;
        if (!equals || equals == text || !text_to_count(equals + 1, 0, INT32_MAX, &value))
            return command_fail(session->command, COMMAND_MISUSED,
                                "--dim %s: expected SYMBOL=N with a whole number N", text);
        size_t length = (size_t)(equals - text);
        if (find_dimension(session, text, length))
            return command_fail(session->command, COMMAND_MISUSED, "--dim %s: %.*s is given twice",
                                text, (int)length, text);
        if (add_dimension(session, text, length, (int64_t)value))
            return out_of_memory(session);
    }
    return COMMAND_DONE;
}

/* "Nx3x224x224": numbers and symbols as the file declares them. */
static const char *print_declared(const struct engine_input *input, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < input->rank && at < size; i++) {
        const char *mark = i ? "x" : "";
        int written;
        if (input->dims[i] >= 0)
            written = snprintf(text + at, size - at, "%s%lld", mark, (long long)input->dims[i]);
        else
            written = snprintf(text + at, size - at, "%s%s", mark, input->symbols[i]);
        at += written > 0 ? (size_t)written : 0;
    }
    return input->rank == 0 ? "scalar" : input->rank < 0 ? "of any shape" : text;
}

int session_check_type(const struct session *session, const struct named_file *file,
                       const char *what, enum tensor_type type, const char *shape)
{
    const struct tensor *found = &file->npy.tensor;
    if (found->type == type)
        return COMMAND_DONE;
    char text[128];
    return command_fail(session->command, COMMAND_FAILED, "%s: %s is %s %s, the file holds %s %s",
                        file->path, what, tensor_type_name(type), shape,
                        tensor_type_name(found->type),
                        shape_print(&found->shape, text, sizeof(text)));
}

/* Checks the file against the declaration of its input and learns the open dimensions. */
static int take_shape(struct session *session, const struct engine_input *input,
                      const struct named_file *file)
{
    char what[ENGINE_NAME_BYTES + 16], declared[1024], text[128];
    const struct shape *shape = &file->npy.tensor.shape;
    const char *expected = print_declared(input, declared, sizeof(declared));
    snprintf(what, sizeof(what), "input '%s'", input->name);
    int status = session_check_type(session, file, what, input->type, expected);
    if (status || input->rank < 0)
        return status;
    bool fits = shape->rank == (uint32_t)input->rank;
    for (uint32_t i = 0; fits && i < shape->rank; i++) {
        if (input->dims[i] >= 0) {
            fits = shape->dims[i] == input->dims[i];
            continue;
        }
        const char *symbol = input->symbols[i];
        const struct engine_dimension *known = find_dimension(session, symbol, strlen(symbol));
        if (known)
            fits = shape->dims[i] == known->value;
        else if ((int)i == input->batch_axis)
            session->rows = shape->dims[i] <= UINT32_MAX ? (uint32_t)shape->dims[i] : UINT32_MAX;
        else if (add_dimension(session, symbol, strlen(symbol), shape->dims[i]))
            return out_of_memory(session);
        if (!fits)
            return command_fail(session->command, COMMAND_FAILED,
                                "%s: %s is %s %s with %s = %lld, the file holds %s %s", file->path,
                                what, tensor_type_name(input->type), expected, symbol,
                                (long long)known->value, tensor_type_name(input->type),
                                shape_print(shape, text, sizeof(text)));
    }
    if (fits)
        return COMMAND_DONE;
    return command_fail(session->command, COMMAND_FAILED, "%s: %s is %s %s, the file holds %s %s",
                        file->path, what, tensor_type_name(input->type), expected,
                        tensor_type_name(input->type), shape_print(shape, text, sizeof(text)));
}

static int list_inputs(struct session *session)
{
    struct engine_error error = {0};
    const char *path = session->options->path;
    size_t count = 0;
    if (engine_list_inputs(path, NULL, 0, &count, &error))
        return session_fail(session, &error);
    session->inputs = calloc(count + 1, sizeof(*session->inputs));
    if (!session->inputs)
        return out_of_memory(session);
    if (engine_list_inputs(path, session->inputs, count, &session->input_count, &error))
        return session_fail(session, &error);
    if (session->input_count > count)
        session->input_count = count;
    session->bindings = calloc(count + 1, sizeof(*session->bindings));
    return session->bindings ? COMMAND_DONE : out_of_memory(session);
}

int session_check_bound(struct session *session)
{
    int status = session->inputs ? COMMAND_DONE : list_inputs(session);
    for (size_t i = 0; i < session->input_count && !status; i++) {
        const struct engine_input *input = &session->inputs[i];
        bool is_bound = !input->decides_shapes;
        for (size_t b = 0; b < session->binding_count; b++)
            is_bound = is_bound || strcmp(session->bindings[b].input, input->name) == 0;
        if (!is_bound)
            status = command_fail(session->command, COMMAND_MISUSED,
                                  "the values of input '%s' decide shapes: give them by --input "
                                  "%s=FILE.npy",
                                  input->name, input->name);
    }
    return status;
}

int session_read_inputs(struct session *session)
{
    int status = list_inputs(session);
    if (status)
        return status;
    size_t data_count = 0;
    for (size_t i = 0; i < session->input_count; i++)
        data_count += !session->inputs[i].decides_shapes;
    for (size_t i = 0; i < session->input_count; i++) {
        const struct engine_input *input = &session->inputs[i];
        /* A file without a name is for the one input that carries data; past cut 0 it is for a
         * tensor of that cut instead. */
        bool is_only = session->options->from == 0 &&
                       (input->decides_shapes ? session->input_count == 1 : data_count == 1);
        struct named_file *file = named_files_claim(&session->files, input->name, is_only);
        if (!file)
            continue;
        struct npy_error error = {0};
        if (named_file_read(file, &error))
            return command_fail(session->command, COMMAND_FAILED, "%s", error.text);
        status = take_shape(session, input, file);
        if (status)
            return status;
        if (input->decides_shapes)
            session->bindings[session->binding_count++] =
                (struct engine_binding){.input = input->name, .tensor = file->npy.tensor};
    }
    return session_check_bound(session);
}
