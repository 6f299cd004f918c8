/* The checks, in this order: parameters, cuts, inputs, outputs, sizes. */
#include "scheduler/api/infer_plan.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 256u
#define OWN_TYPE 0
#define F16 1

struct planner {
    struct infer_plan *plan;
    const struct infer_words *words;
    const struct model_table *table;
    const struct infer_limits *limits;
    struct infer_fault *fault;
};

#define BAD(planner, ...) infer_fault_set((planner)->fault, 400, "bad_request", __VA_ARGS__)

/* Types that a tensor of that many bytes an element may be named as; the table does not say more.
 */
static const struct {
    const char *name;
    uint32_t bytes;
} other_types[] = {
    {"BOOL", 1},  {"UINT8", 1},  {"INT8", 1},   {"UINT16", 2}, {"INT16", 2},
    {"BF16", 2},  {"FP16", 2},   {"UINT32", 4}, {"INT32", 4},  {"FP32", 4},
    {"INT64", 8}, {"UINT64", 8}, {"FP64", 8},
};

static uint64_t element_bytes(const struct model_tensor *tensor)
{
    return tensor->elements ? tensor->bytes / tensor->elements : 0;
}

const char *infer_plan_datatype(const struct model_tensor *tensor, uint8_t encoding)
{
    if (tensor->is_f32)
        return encoding == F16 ? "FP16" : "FP32";
    switch (element_bytes(tensor)) {
    case 1:
        return "UINT8";
    case 2:
        return "INT16";
    case 4:
        return "INT32";
    default:
        return "INT64";
    }
}

static bool is_there(struct json_value value)
{
    return value.at != value.end;
}

/* FNV-1a. */
static uint64_t hash_of(struct json_value value)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *at = value.at; at < value.end; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    return hash;
}

static bool plan_client(struct planner *planner)
{
    const struct json_value client = planner->words->client;
    struct infer_plan *plan = planner->plan;
    plan->has_client = is_there(client);
    if (!plan->has_client)
        return true;
    if (json_reader_kind_of(client) == JSON_READER_STRING)
        plan->client = hash_of(client);
    else if (!json_reader_count(client, &plan->client))
        return BAD(planner, "parameters.client: a whole number or a string is meant");
    return true;
}

static bool plan_class(struct planner *planner)
{
    const struct json_value class = planner->words->class;
    const struct infer_limits *limits = planner->limits;
    uint64_t number;
    if (!is_there(class))
        return true;
    if (json_reader_count(class, &number) && number < limits->class_count) {
        planner->plan->class_index = (uint8_t)number;
        return true;
    }
    for (uint32_t i = 0; i < limits->class_count; i++)
        if (json_reader_is(class, limits->class_name[i])) {
            planner->plan->class_index = (uint8_t)i;
            return true;
        }
    return BAD(planner, "parameters.class: there is none of that name or number; /v2/load lists "
                        "them");
}

static bool plan_deadline(struct planner *planner)
{
    const struct json_value deadline = planner->words->deadline;
    uint64_t *us = &planner->plan->deadline_us;
    if (!is_there(deadline))
        return true;
    return (json_reader_count(deadline, us) && *us > 0 && *us <= INFER_MAX_DEADLINE_US) ||
           BAD(planner,
               "parameters.deadline_us: 1 to %llu microseconds from now are meant; leave "
               "it out for the class's own",
               (unsigned long long)INFER_MAX_DEADLINE_US);
}

/* By its number or by its name. */
static bool find_cut(struct planner *planner, struct json_value value, const char *which,
                     uint16_t *cut)
{
    const struct model_table *table = planner->table;
    uint64_t number;
    if (json_reader_kind_of(value) == JSON_READER_NUMBER && !json_reader_count(value, &number))
        return BAD(planner, "parameters.%s: a cut's number or name is meant", which);
    if (json_reader_kind_of(value) != JSON_READER_NUMBER &&
        json_reader_kind_of(value) != JSON_READER_STRING)
        return BAD(planner, "parameters.%s: a cut's number or name is meant", which);
    for (uint32_t i = 0; i < table->cut_count; i++)
        if ((json_reader_count(value, &number) && number == i) ||
            json_reader_is(value, table->cuts[i].name)) {
            *cut = (uint16_t)i;
            return true;
        }
    return infer_fault_set(planner->fault, 404, "unknown_cut",
                           "parameters.%s: the model has cuts 0 to %u; its page lists them", which,
                           table->cut_count - 1);
}

static bool plan_cuts(struct planner *planner)
{
    struct infer_plan *plan = planner->plan;
    const struct infer_words *words = planner->words;
    plan->to = (uint16_t)(planner->table->cut_count - 1);
    if ((is_there(words->from) && !find_cut(planner, words->from, "from", &plan->from)) ||
        (is_there(words->to) && !find_cut(planner, words->to, "to", &plan->to)))
        return false;
    if (planner->table->cuts[plan->from].tensor_count > INFER_MAX_TENSORS ||
        planner->table->cuts[plan->to].tensor_count > INFER_MAX_TENSORS)
        return BAD(planner, "parameters: cuts of more than %u tensors are not served over HTTP",
                   INFER_MAX_TENSORS);
    return plan->from < plan->to ||
           BAD(planner, "parameters.from: cut %u is not before cut %u, name an earlier one",
               plan->from, plan->to);
}

/* The tensor of the cut with that name; NULL. */
static const struct model_tensor *find_tensor(const struct model_table *table,
                                              const struct model_cut *cut, struct json_value name)
{
    for (uint32_t i = 0; i < cut->tensor_count; i++) {
        const struct model_tensor *tensor = &table->tensors[cut->first_tensor + i];
        if (json_reader_is(name, tensor->name))
            return tensor;
    }
    return NULL;
}

static void print_names(const struct model_table *table, const struct model_cut *cut, char *text,
                        size_t room)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < cut->tensor_count && used < room; i++) {
        const int more = snprintf(text + used, room - used, "%s%s", i ? ", " : "",
                                  table->tensors[cut->first_tensor + i].name);
        used += more > 0 ? (size_t)more : room;
    }
}

static bool no_tensor(struct planner *planner, const struct model_cut *cut, const char *which,
                      const char *does)
{
    char names[160];
    print_names(planner->table, cut, names, sizeof(names));
    return BAD(planner, "%s: cut %u %s: %s; each once", which,
               (unsigned)(cut - planner->table->cuts), does, names);
}

/* FP32, FP16, or for others any type of their size. */
static bool plan_type(struct planner *planner, const struct model_tensor *tensor,
                      struct json_value datatype, const char *which, uint8_t *encoding)
{
    if (tensor->is_f32 && json_reader_is(datatype, "FP32")) {
        *encoding = OWN_TYPE;
        return true;
    }
    if (tensor->is_f32 && json_reader_is(datatype, "FP16")) {
        *encoding = F16;
        return true;
    }
    *encoding = OWN_TYPE;
    for (size_t i = 0; !tensor->is_f32 && i < sizeof(other_types) / sizeof(other_types[0]); i++)
        if (other_types[i].bytes == element_bytes(tensor) &&
            json_reader_is(datatype, other_types[i].name))
            return true;
    return BAD(planner, "%s of %s: %s is meant", which, tensor->name,
               tensor->is_f32 ? "FP32 or FP16" : infer_plan_datatype(tensor, OWN_TYPE));
}

static void print_shape(const struct model_tensor *tensor, bool has_rows, char *text, size_t room)
{
    size_t used = 0;
    for (uint32_t i = 0; i < tensor->rank && used < room; i++) {
        const bool are_rows = i == 0 && has_rows && tensor->dims[0] == 1;
        const int more = are_rows ? snprintf(text + used, room - used, "rows")
                                  : snprintf(text + used, room - used, "%s%lld", i ? "," : "",
                                             (long long)tensor->dims[i]);
        used += more > 0 ? (size_t)more : room;
    }
}

/* How many rows the shape has; 0: it is not the tensor's. */
static uint64_t rows_of(const struct infer_input *input, const struct model_tensor *tensor,
                        bool has_rows)
{
    if (input->rank != tensor->rank)
        return 0;
    for (uint32_t i = 1; i < tensor->rank; i++)
        if (input->shape[i] != tensor->dims[i])
            return 0;
    if (input->shape[0] < tensor->dims[0] || tensor->dims[0] < 1 ||
        input->shape[0] % tensor->dims[0] != 0)
        return 0;
    const uint64_t rows = (uint64_t)(input->shape[0] / tensor->dims[0]);
    return rows == 1 || has_rows ? rows : 0;
}

static bool plan_rows(struct planner *planner, const struct infer_input *input,
                      const struct model_tensor *tensor, bool has_rows)
{
    char shape[96] = "";
    const uint64_t rows = rows_of(input, tensor, has_rows);
    print_shape(tensor, has_rows, shape, sizeof(shape));
    if (rows == 0)
        return BAD(planner, "inputs[].shape of %s: [%s] is meant", tensor->name, shape);
    if (rows > UINT16_MAX)
        return infer_fault_set(planner->fault, 413, "too_large", "%llu rows: at most %u at once",
                               (unsigned long long)rows, UINT16_MAX);
    if (planner->plan->rows && planner->plan->rows != rows)
        return BAD(planner, "inputs[].shape of %s: as many rows as the other inputs have, please",
                   tensor->name);
    planner->plan->rows = (uint16_t)rows;
    return true;
}

/* Bytes of one row of a tensor. */
static uint64_t row_bytes(const struct model_tensor *tensor, uint8_t encoding)
{
    return encoding == F16 ? tensor->elements * 2 : tensor->bytes;
}

/* Where the tensor begins in a message. */
static uint64_t offset_of(const struct model_table *table, const struct model_cut *cut,
                          const struct model_tensor *tensor, uint8_t encoding, uint16_t rows)
{
    uint64_t offset = 0;
    for (const struct model_tensor *at = &table->tensors[cut->first_tensor]; at < tensor; at++)
        offset += row_bytes(at, encoding) * rows;
    return offset;
}

static bool plan_input(struct planner *planner, uint32_t number, const struct model_cut *cut,
                       uint64_t *seen)
{
    struct infer_plan *plan = planner->plan;
    const struct infer_input *input = &planner->words->inputs[number];
    const struct model_tensor *tensor = find_tensor(planner->table, cut, input->name);
    uint8_t encoding;
    if (!tensor)
        return no_tensor(planner, cut, "inputs[].name", "takes");
    const uint64_t bit = UINT64_C(1) << (tensor - &planner->table->tensors[cut->first_tensor]);
    if (*seen & bit)
        return no_tensor(planner, cut, "inputs[].name", "takes");
    *seen |= bit;
    if (!plan_type(planner, tensor, input->datatype, "inputs[].datatype", &encoding) ||
        !plan_rows(planner, input, tensor, cut->has_rows != 0))
        return false;
    if (number > 0 && encoding != plan->encoding)
        return BAD(planner, "inputs[].datatype: FP16 for all inputs or for none");
    if (!input->is_binary && (encoding == F16 || !tensor->is_f32))
        return BAD(planner,
                   "inputs[].data of %s: only FP32 can be written as JSON; send the bytes, "
                   "with binary_data_size",
                   tensor->name);
    plan->encoding = encoding;
    plan->pieces[number] = (struct infer_piece){.is_binary = input->is_binary,
                                                .data = input->data,
                                                .bytes = row_bytes(tensor, encoding) * plan->rows};
    return true;
}

static bool check_binary(struct planner *planner, uint64_t binary_bytes)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < planner->plan->piece_count; i++) {
        const struct infer_input *input = &planner->words->inputs[i];
        if (!input->is_binary)
            continue;
        if (input->binary_bytes != planner->plan->pieces[i].bytes)
            return BAD(planner,
                       "inputs[%u].parameters.binary_data_size: %llu, but its shape and "
                       "datatype have %llu bytes",
                       i, (unsigned long long)input->binary_bytes,
                       (unsigned long long)planner->plan->pieces[i].bytes);
        sum += input->binary_bytes;
    }
    return sum == binary_bytes ||
           BAD(planner,
               "%llu bytes follow the JSON, but binary_data_size are %llu in sum; "
               "Inference-Header-Content-Length says where the JSON ends",
               (unsigned long long)binary_bytes, (unsigned long long)sum);
}

static bool plan_inputs(struct planner *planner)
{
    struct infer_plan *plan = planner->plan;
    const struct infer_words *words = planner->words;
    const struct model_table *table = planner->table;
    const struct model_cut *cut = &table->cuts[plan->from];
    uint64_t seen = 0;
    if (words->input_count != cut->tensor_count)
        return no_tensor(planner, cut, "inputs", "takes");
    for (uint32_t i = 0; i < words->input_count; i++)
        if (!plan_input(planner, i, cut, &seen))
            return false;
    plan->piece_count = words->input_count;
    for (uint32_t i = 0; i < plan->piece_count; i++) /* the rows are known only now */
        plan->pieces[i].offset = offset_of(
            table, cut, find_tensor(table, cut, words->inputs[i].name), plan->encoding, plan->rows);
    return true;
}

static bool plan_output(struct planner *planner, const struct infer_output *output,
                        const struct model_cut *cut, uint64_t *seen)
{
    struct infer_plan *plan = planner->plan;
    const struct model_tensor *tensor = find_tensor(planner->table, cut, output->name);
    uint8_t encoding = OWN_TYPE;
    if (!tensor)
        return no_tensor(planner, cut, "outputs[].name", "gives");
    const uint64_t bit = UINT64_C(1) << (tensor - &planner->table->tensors[cut->first_tensor]);
    if (*seen & bit)
        return no_tensor(planner, cut, "outputs[].name", "gives");
    *seen |= bit;
    if (is_there(output->datatype) &&
        !plan_type(planner, tensor, output->datatype, "outputs[].parameters.datatype", &encoding))
        return false;
    if (plan->result_count > 0 && encoding != plan->answer_encoding)
        return BAD(planner, "outputs[].parameters.datatype: FP16 for all outputs or for none");
    plan->answer_encoding = encoding;
    plan->results[plan->result_count++] = (struct infer_result){
        .is_binary = output->is_binary == INFER_YES ||
                     (output->is_binary == INFER_UNSAID && planner->words->are_binary == INFER_YES),
        .tensor = (uint32_t)(tensor - planner->table->tensors)};
    return true;
}

static void plan_all_outputs(struct planner *planner, const struct model_cut *cut)
{
    struct infer_plan *plan = planner->plan;
    for (uint32_t i = 0; i < cut->tensor_count; i++)
        plan->results[plan->result_count++] = (struct infer_result){
            .is_binary = planner->words->are_binary == INFER_YES, .tensor = cut->first_tensor + i};
}

static bool plan_outputs(struct planner *planner)
{
    struct infer_plan *plan = planner->plan;
    const struct infer_words *words = planner->words;
    const struct model_table *table = planner->table;
    const struct model_cut *cut = &table->cuts[plan->to];
    uint64_t seen = 0;
    for (uint32_t i = 0; i < words->output_count; i++)
        if (!plan_output(planner, &words->outputs[i], cut, &seen))
            return false;
    if (words->output_count == 0)
        plan_all_outputs(planner, cut);
    if (plan->answer_encoding == F16 && !cut->is_f32)
        return BAD(planner,
                   "outputs[].parameters.datatype: cut %u has more than FP32, so it has no "
                   "FP16",
                   plan->to);
    if (plan->rows > 1 && !cut->has_rows)
        return BAD(planner, "%u rows: they cannot be told apart at cut %u, send them one by one",
                   plan->rows, plan->to);
    for (uint32_t i = 0; i < plan->result_count; i++) {
        struct infer_result *result = &plan->results[i];
        const struct model_tensor *tensor = &table->tensors[result->tensor];
        if (!result->is_binary && (plan->answer_encoding == F16 || !tensor->is_f32))
            return BAD(planner, "outputs: %s can only be had as bytes; ask for binary_data",
                       tensor->name);
        result->offset = offset_of(table, cut, tensor, plan->answer_encoding, plan->rows);
        result->bytes = row_bytes(tensor, plan->answer_encoding) * plan->rows;
    }
    return true;
}

static bool check_sizes(struct planner *planner)
{
    struct infer_plan *plan = planner->plan;
    const struct infer_limits *limits = planner->limits;
    plan->bytes = model_table_message_bytes(planner->table, plan->from, plan->rows, plan->encoding);
    plan->answer_bytes =
        model_table_message_bytes(planner->table, plan->to, plan->rows, plan->answer_encoding);
    if (plan->bytes == 0 || plan->bytes > limits->max_bytes)
        return infer_fault_set(planner->fault, 413, "too_large",
                               "the tensors are over %llu bytes; send fewer rows, or enlarge "
                               "api.request_slab and memory.max_tensor",
                               (unsigned long long)limits->max_bytes);
    if (plan->answer_bytes == 0 || plan->answer_bytes > limits->max_answer_bytes)
        return infer_fault_set(planner->fault, 413, "too_large",
                               "the answer would be over %llu bytes; send fewer rows, or enlarge "
                               "memory.max_tensor",
                               (unsigned long long)limits->max_answer_bytes);
    return true;
}

bool infer_plan_make(struct infer_plan *plan, const struct infer_words *words,
                     const struct model_table *table, const struct infer_limits *limits,
                     uint64_t binary_bytes, struct infer_fault *fault)
{
    struct planner planner = {
        .plan = plan, .words = words, .table = table, .limits = limits, .fault = fault};
    plan->from = plan->rows = plan->encoding = plan->answer_encoding = plan->class_index = 0;
    plan->client = plan->deadline_us = plan->piece_count = plan->result_count = 0;
    return plan_client(&planner) && plan_class(&planner) && plan_deadline(&planner) &&
           plan_cuts(&planner) && plan_inputs(&planner) && plan_outputs(&planner) &&
           check_sizes(&planner) && check_binary(&planner, binary_bytes);
}
