/* `joint cuts`: lists where a network can be cut and what crosses each cut. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/report.h"
#include "scheduler/cli/rows.h"
#include "scheduler/cli/session.h"
#include "scheduler/cli/table.h"

#include <inttypes.h>
#include <stdio.h>

struct cuts_options {
    struct session_options session;
    uint32_t batch;
};

static const char about[] =
    "Lists the cuts of MODEL.onnx: the states between its layers that few enough tensors make up,\n"
    "with the name, shape and size of each tensor. Cut 0 is the network's input, the last cut its\n"
    "output; 'joint run --from K --to K' runs the layers between two of them. The numbers follow\n"
    "from the file alone.";

static const char notes[] = "Columns: the cut's number, how many layers lie before it, the last of "
                            "these, and per tensor its\n"
                            "name, type, shape, bytes of one row and bytes of the whole batch.\n\n"
                            "examples:\n"
                            "  joint cuts alexnet.onnx --batch 8\n"
                            "  joint cuts resnet50.onnx --max-cut-tensors 2 --json";

static void describe(struct cuts_options *options, struct command_line *line)
{
    *line = (struct command_line){.command = "cuts",
                                  .usage = "MODEL.onnx [options]",
                                  .about = about,
                                  .notes = notes,
                                  .operand_name = "MODEL.onnx",
                                  .operand = &options->session.path};
    command_line_add(line,
                     (struct option){"batch", "N", "rows in the batch (default 1)", OPTION_COUNT,
                                     &options->batch, 1, SESSION_MAX_BATCH, NULL});
    command_line_add(line, (struct option){"input", "NAME=X.npy",
                                           "an input whose values or open dimensions decide shapes",
                                           OPTION_LIST, &options->session.inputs, 0, 0, NULL});
    session_add_model_options(&options->session, line);
}

/* Bytes of the whole batch; a tensor without rows crosses once per row. */
static uint64_t batch_bytes(const struct engine_tensor *tensor, uint32_t batch)
{
    return (uint64_t)tensor->bytes * batch;
}

static json_t *describe_tensor(const struct engine_tensor *tensor, uint32_t batch)
{
    struct shape shape = rows_shape(tensor, batch);
    json_t *dims = json_array();
    for (uint32_t i = 0; i < shape.rank; i++)
        json_array_append_new(dims, json_integer(shape.dims[i]));
    json_t *axis = tensor->batch_axis < 0 ? json_null() : json_integer(tensor->batch_axis);
    return json_pack("{s:o, s:s, s:o, s:o, s:I, s:I}", "name", report_text(tensor->name), "type",
                     tensor_type_name(tensor->type), "shape", dims, "batch_axis", axis, "bytes",
                     (json_int_t)tensor->bytes, "batch_bytes",
                     (json_int_t)batch_bytes(tensor, batch));
}

static json_t *describe_cut(const struct engine_cut *cut, uint32_t number, uint32_t batch)
{
    uint64_t row_bytes = 0, all_bytes = 0;
    json_t *tensors = json_array();
    for (uint32_t i = 0; i < cut->tensor_count; i++) {
        row_bytes += cut->tensors[i].bytes;
        all_bytes += batch_bytes(&cut->tensors[i], batch);
        json_array_append_new(tensors, describe_tensor(&cut->tensors[i], batch));
    }
    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:o}", "cut", (json_int_t)number, "layers",
                     (json_int_t)cut->layer_count, "after", report_text(cut->name), "bytes",
                     (json_int_t)row_bytes, "batch_bytes", (json_int_t)all_bytes, "tensors",
                     tensors);
}

static int report_json(const struct session *session, uint32_t batch)
{
    json_t *cuts = json_array();
    uint32_t count = engine_model_cut_count(session->model);
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(cuts, describe_cut(engine_model_cut(session->model, i), i, batch));
    json_t *json = json_pack("{s:o, s:I, s:I, s:b, s:I, s:I, s:o}", "model",
                             report_text(session->options->path), "numbering",
                             (json_int_t)ENGINE_NUMBERING_VERSION, "batch", (json_int_t)batch,
                             "has_batch", engine_model_has_batch(session->model), "max_cut_tensors",
                             (json_int_t)session->options->max_cut_tensors, "layers",
                             (json_int_t)engine_model_layer_count(session->model), "cuts", cuts);
    return report_json_print("cuts", json);
}

static int report_table(const struct session *session, uint32_t batch)
{
    static const char *const titles[] = {">cut", ">layers", "after",      "tensor",
                                         "type", "shape",   ">bytes/row", ">bytes/batch"};
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    uint32_t count = engine_model_cut_count(session->model);
    for (uint32_t i = 0; i < count; i++) {
        const struct engine_cut *cut = engine_model_cut(session->model, i);
        for (uint32_t t = 0; t < cut->tensor_count; t++) {
            const struct engine_tensor *tensor = &cut->tensors[t];
            struct shape shape = rows_shape(tensor, batch);
            char text[128];
            if (t == 0) {
                table_add(&table, "%" PRIu32, i);
                table_add(&table, "%" PRIu32, cut->layer_count);
                table_add(&table, "%s", cut->name);
            } else {
                for (int blank = 0; blank < 3; blank++)
                    table_add(&table, "%s", "");
            }
            table_add(&table, "%s", tensor->name);
            table_add(&table, "%s", tensor_type_name(tensor->type));
            table_add(&table, "%s", shape_print(&shape, text, sizeof(text)));
            table_add(&table, "%zu", tensor->bytes);
            table_add(&table, "%" PRIu64, batch_bytes(tensor, batch));
        }
    }
    int err = table_print(&table);
    table_fini(&table);
    return err ? command_fail("cuts", COMMAND_FAILED, "out of memory") : command_finish("cuts");
}

int command_cuts(int argc, char **argv)
{
    struct cuts_options options = {.session = session_options_default(), .batch = 1};
    struct command_line line;
    describe(&options, &line);
    int status;
    if (command_line_parse(&line, argc, argv, &status)) {
        struct session session;
        status = session_init(&session, "cuts", &options.session);
        if (!status)
            status = session_open(&session, options.batch, options.batch);
        if (!status)
            status = options.session.is_json ? report_json(&session, options.batch)
                                             : report_table(&session, options.batch);
        session_fini(&session);
    }
    session_options_fini(&options.session);
    return status;
}
