/* Walks the members that are known; unknown ones are left alone, as the protocol's extensions of
 * other servers are. */
#include "scheduler/api/infer_words.h"

#include <string.h>

static bool bad(struct infer_fault *fault, const char *what, const char *remedy)
{
    return infer_fault_set(fault, 400, "bad_request", "%s: %s", what, remedy);
}

static bool is_there(struct json_value value)
{
    return value.at != value.end;
}

/* A member that may stand there once. */
static bool take_once(struct json_value *place, struct json_value value, const char *name,
                      struct infer_fault *fault)
{
    if (is_there(*place))
        return bad(fault, name, "stands there twice; once, please");
    *place = value;
    return true;
}

static bool read_choice(struct json_value value, const char *name, enum infer_choice *choice,
                        struct infer_fault *fault)
{
    const enum json_reader_kind kind = json_reader_kind_of(value);
    if (kind != JSON_READER_TRUE && kind != JSON_READER_FALSE)
        return bad(fault, name, "true or false is meant");
    *choice = kind == JSON_READER_TRUE ? INFER_YES : INFER_NO;
    return true;
}

static bool read_shape(struct infer_input *input, struct json_value value,
                       struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), item;
    if (json_reader_kind_of(value) != JSON_READER_ARRAY)
        return bad(fault, "inputs[].shape", "an array of whole numbers is meant");
    input->rank = 0;
    while (json_reader_next_item(&rest, &item)) {
        uint64_t size;
        if (!json_reader_count(item, &size) || size > INT32_MAX)
            return bad(fault, "inputs[].shape", "whole numbers up to 2147483647 are meant");
        if (input->rank == INFER_MAX_RANK)
            return bad(fault, "inputs[].shape", "more dimensions than any tensor here has");
        input->shape[input->rank++] = (int64_t)size;
    }
    return true;
}

static bool read_input_parameters(struct infer_input *input, struct json_value value,
                                  struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), key, item;
    if (json_reader_kind_of(value) != JSON_READER_OBJECT)
        return bad(fault, "inputs[].parameters", "an object is meant");
    while (json_reader_next_member(&rest, &key, &item)) {
        if (json_reader_is(key, "binary_data_size")) {
            if (!json_reader_count(item, &input->binary_bytes) || input->binary_bytes > UINT32_MAX)
                return bad(fault, "inputs[].parameters.binary_data_size",
                           "the number of bytes of this tensor is meant");
            input->is_binary = true;
        } else if (json_reader_is(key, "shared_memory_region")) {
            return bad(fault, "inputs[].parameters.shared_memory_region",
                       "shared memory is not served; send the bytes");
        }
    }
    return true;
}

static bool read_input(struct infer_input *input, struct json_value value,
                       struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), key, item;
    *input = (struct infer_input){0};
    if (json_reader_kind_of(value) != JSON_READER_OBJECT)
        return bad(fault, "inputs", "an array of objects is meant");
    while (json_reader_next_member(&rest, &key, &item)) {
        bool is_good = true;
        if (json_reader_is(key, "name"))
            is_good = take_once(&input->name, item, "inputs[].name", fault);
        else if (json_reader_is(key, "datatype"))
            is_good = take_once(&input->datatype, item, "inputs[].datatype", fault);
        else if (json_reader_is(key, "shape"))
            is_good = read_shape(input, item, fault);
        else if (json_reader_is(key, "parameters"))
            is_good = read_input_parameters(input, item, fault);
        else if (json_reader_is(key, "data"))
            is_good = take_once(&input->data, item, "inputs[].data", fault);
        if (!is_good)
            return false;
    }
    if (json_reader_kind_of(input->name) != JSON_READER_STRING ||
        json_reader_kind_of(input->datatype) != JSON_READER_STRING)
        return bad(fault, "inputs[]", "name and datatype are missing, or no strings");
    if (input->rank == 0)
        return bad(fault, "inputs[].shape", "missing or empty; rows first, then the tensor's own");
    if (input->is_binary == is_there(input->data))
        return bad(fault, "inputs[]",
                   "either data, or parameters.binary_data_size and the bytes after the JSON");
    return !is_there(input->data) || json_reader_kind_of(input->data) == JSON_READER_ARRAY ||
           bad(fault, "inputs[].data", "an array of numbers is meant");
}

static bool read_output_parameters(struct infer_output *output, struct json_value value,
                                   struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), key, item;
    if (json_reader_kind_of(value) != JSON_READER_OBJECT)
        return bad(fault, "outputs[].parameters", "an object is meant");
    while (json_reader_next_member(&rest, &key, &item)) {
        bool is_good = true;
        if (json_reader_is(key, "binary_data"))
            is_good =
                read_choice(item, "outputs[].parameters.binary_data", &output->is_binary, fault);
        else if (json_reader_is(key, "datatype"))
            is_good = take_once(&output->datatype, item, "outputs[].parameters.datatype", fault);
        else if (json_reader_is(key, "classification"))
            is_good = bad(fault, "outputs[].parameters.classification",
                          "not served; ask for the tensor and sort it");
        else if (json_reader_is(key, "shared_memory_region"))
            is_good = bad(fault, "outputs[].parameters.shared_memory_region",
                          "shared memory is not served");
        if (!is_good)
            return false;
    }
    return true;
}

static bool read_output(struct infer_output *output, struct json_value value,
                        struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), key, item;
    *output = (struct infer_output){0};
    if (json_reader_kind_of(value) != JSON_READER_OBJECT)
        return bad(fault, "outputs", "an array of objects is meant");
    while (json_reader_next_member(&rest, &key, &item)) {
        bool is_good = true;
        if (json_reader_is(key, "name"))
            is_good = take_once(&output->name, item, "outputs[].name", fault);
        else if (json_reader_is(key, "parameters"))
            is_good = read_output_parameters(output, item, fault);
        if (!is_good)
            return false;
    }
    return json_reader_kind_of(output->name) == JSON_READER_STRING ||
           bad(fault, "outputs[]", "name is missing, or no string");
}

static bool read_inputs(struct infer_words *words, struct json_value value,
                        struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), item;
    if (json_reader_kind_of(value) != JSON_READER_ARRAY || words->input_count)
        return bad(fault, "inputs", "one array of tensors is meant");
    while (json_reader_next_item(&rest, &item)) {
        if (words->input_count == INFER_MAX_TENSORS)
            return bad(fault, "inputs", "more tensors than any cut here has");
        if (!read_input(&words->inputs[words->input_count++], item, fault))
            return false;
    }
    return true;
}

static bool read_outputs(struct infer_words *words, struct json_value value,
                         struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), item;
    if (json_reader_kind_of(value) != JSON_READER_ARRAY || words->output_count)
        return bad(fault, "outputs", "one array of objects is meant, or none at all");
    while (json_reader_next_item(&rest, &item)) {
        if (words->output_count == INFER_MAX_TENSORS)
            return bad(fault, "outputs", "more tensors than any cut here has");
        if (!read_output(&words->outputs[words->output_count++], item, fault))
            return false;
    }
    return true;
}

static bool read_parameters(struct infer_words *words, struct json_value value,
                            struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(value), key, item;
    if (json_reader_kind_of(value) != JSON_READER_OBJECT)
        return bad(fault, "parameters", "an object is meant");
    while (json_reader_next_member(&rest, &key, &item)) {
        bool is_good = true;
        if (json_reader_is(key, "from"))
            is_good = take_once(&words->from, item, "parameters.from", fault);
        else if (json_reader_is(key, "to"))
            is_good = take_once(&words->to, item, "parameters.to", fault);
        else if (json_reader_is(key, "class"))
            is_good = take_once(&words->class, item, "parameters.class", fault);
        else if (json_reader_is(key, "client"))
            is_good = take_once(&words->client, item, "parameters.client", fault);
        else if (json_reader_is(key, "deadline_us"))
            is_good = take_once(&words->deadline, item, "parameters.deadline_us", fault);
        else if (json_reader_is(key, "binary_data_output"))
            is_good = read_choice(item, "parameters.binary_data_output", &words->are_binary, fault);
        if (!is_good)
            return false;
    }
    return true;
}

static bool read_members(struct infer_words *words, struct json_value root,
                         struct infer_fault *fault)
{
    struct json_value rest = json_reader_inside(root), key, item;
    while (json_reader_next_member(&rest, &key, &item)) {
        bool is_good = true;
        if (json_reader_is(key, "id"))
            is_good = take_once(&words->id, item, "id", fault);
        else if (json_reader_is(key, "parameters"))
            is_good = read_parameters(words, item, fault);
        else if (json_reader_is(key, "inputs"))
            is_good = read_inputs(words, item, fault);
        else if (json_reader_is(key, "outputs"))
            is_good = read_outputs(words, item, fault);
        if (!is_good)
            return false;
    }
    if (is_there(words->id) && json_reader_kind_of(words->id) != JSON_READER_STRING)
        return bad(fault, "id", "a string is meant");
    return words->input_count > 0 || bad(fault, "inputs", "missing: the tensors of cut `from`");
}

bool infer_words_read(struct infer_words *words, const char *text, size_t size,
                      struct infer_fault *fault)
{
    struct json_fault json;
    words->input_count = words->output_count = 0;
    words->id = words->from = words->to = words->class = words->client = words->deadline =
        (struct json_value){0};
    words->are_binary = INFER_UNSAID;
    if (!json_reader_check(text, size, &json))
        return infer_fault_set(fault, 400, "bad_json", "byte %zu of the JSON: %s", json.offset,
                               json.what);
    const struct json_value root = json_reader_root(text, size);
    if (json_reader_kind_of(root) != JSON_READER_OBJECT)
        return bad(fault, "the body", "an object with \"inputs\" is meant");
    return read_members(words, root, fault);
}
