/* Parses operator cases from text, runs them every way the engine may, and compares. */
#include "tests/unit/op_case.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *text)
{
    fprintf(stderr, "op_case: %s: '%s'\n", what, text);
    abort();
}

static void *must(void *memory)
{
    if (!memory)
        die("out of memory", "");
    return memory;
}

static const char *skip_spaces(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

static bool starts(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

static enum tensor_type parse_type(const char **text)
{
    static const struct {
        const char *name;
        enum tensor_type type;
    } types[] = {{"f32", TENSOR_F32},
                 {"i32", TENSOR_I32},
                 {"i64", TENSOR_I64},
                 {"u8", TENSOR_U8},
                 {"bool", TENSOR_BOOL}};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (starts(*text, types[i].name)) {
            *text += strlen(types[i].name);
            return types[i].type;
        }
    }
    die("no such type", *text);
    return TENSOR_NONE;
}

static void store(const struct tensor *tensor, size_t i, double real, int64_t whole)
{
    switch (tensor->type) {
    case TENSOR_F32:
        ((float *)tensor->data)[i] = (float)real;
        break;
    case TENSOR_I32:
        ((int32_t *)tensor->data)[i] = (int32_t)whole;
        break;
    case TENSOR_I64:
        ((int64_t *)tensor->data)[i] = whole;
        break;
    default:
        ((uint8_t *)tensor->data)[i] = (uint8_t)whole;
    }
}

static void fill_random(const struct tensor *tensor, uint64_t seed)
{
    size_t count = tensor_count(tensor);
    uint64_t state = seed * 2654435769u + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint32_t bits = (uint32_t)(state >> 40); /* 24 of them */
        int64_t whole = bits % 200;
        if (tensor->type == TENSOR_BOOL)
            whole = bits & 1;
        else if (tensor->type != TENSOR_U8)
            whole -= 100;
        store(tensor, i, bits / 8388608.0 - 1, whole);
    }
}

/* One tensor up to the end of text or a '}'; returns what follows. */
static const char *parse_tensor(struct graph *graph, const char *text, struct tensor *tensor)
{
    const char *all = text;
    tensor->type = parse_type(&text);
    tensor->shape = (struct shape){0};
    if (*text++ != '[')
        die("expected [", all);
    while (*text != ']') {
        char *end;
        if (tensor->shape.rank == TENSOR_MAX_RANK)
            die("rank too high", all);
        tensor->shape.dims[tensor->shape.rank++] = strtoll(text, &end, 10);
        if (end == text)
            die("expected a dimension", all);
        text = *end == ',' ? end + 1 : end;
    }
    text = skip_spaces(text + 1);
    if (*text++ != ':')
        die("expected :", all);
    text = skip_spaces(text);
    size_t bytes;
    if (tensor_bytes(tensor, &bytes))
        die("size", all);
    tensor->data = must(graph_alloc(graph, bytes));
    if (starts(text, "random")) {
        char *end;
        fill_random(tensor, strtoull(text + 6, &end, 10));
        return skip_spaces(end);
    }
    size_t count = tensor_count(tensor), given = 0;
    size_t element = tensor_type_bytes(tensor->type);
    for (; *text && *text != '}'; text = skip_spaces(text), given++) {
        char *real_end, *whole_end;
        double real = strtod(text, &real_end);
        int64_t whole = strtoll(text, &whole_end, 10);
        char *end = tensor->type == TENSOR_F32 ? real_end : whole_end;
        if (end == text || given == count)
            die("expected a number, or the end", text);
        store(tensor, given, real, whole);
        text = end;
    }
    if (count > 0 && given == 0)
        die("expected numbers", all);
    for (size_t i = given; i < count; i++)
        memcpy((char *)tensor->data + i * element, (char *)tensor->data + (i - given) * element,
               element);
    return text;
}

static const char *parse_string(struct graph *graph, const char *text, char **string)
{
    const char *end = strchr(text + 1, '\'');
    if (*text != '\'' || !end)
        die("expected a quoted string", text);
    size_t length = (size_t)(end - text - 1);
    *string = must(graph_alloc(graph, length + 1));
    memcpy(*string, text + 1, length);
    return end + 1;
}

static bool is_float(const char *text)
{
    size_t length = strcspn(text, ",] ");
    for (size_t i = 0; i < length; i++)
        if (strchr(".eEn", text[i]))
            return true;
    return false;
}

static const char *parse_list(struct graph *graph, const char *text, struct attribute *attribute)
{
    enum { LIST_MAX = 256 };
    attribute->ints = must(graph_alloc(graph, LIST_MAX * sizeof(int64_t)));
    attribute->floats = must(graph_alloc(graph, LIST_MAX * sizeof(float)));
    attribute->strings = must(graph_alloc(graph, LIST_MAX * sizeof(char *)));
    attribute->kind = ATTRIBUTE_INTS;
    while (*text != ']') {
        size_t i = attribute->count++;
        char *end;
        if (i == LIST_MAX)
            die("list too long", text);
        if (*text == '\'') {
            attribute->kind = ATTRIBUTE_STRINGS;
            text = parse_string(graph, text, &attribute->strings[i]);
        } else {
            if (is_float(text))
                attribute->kind = ATTRIBUTE_FLOATS;
            attribute->ints[i] = strtoll(text, &end, 10);
            attribute->floats[i] = strtof(text, &end);
            if (end == text)
                die("expected a number", text);
            text = end;
        }
        text += *text == ',';
        text = skip_spaces(text);
    }
    return text + 1;
}

static const char *parse_attribute(struct graph *graph, const char *text,
                                   struct attribute *attribute)
{
    size_t length = strcspn(text, "=");
    if (text[length] != '=')
        die("expected =", text);
    attribute->name = must(graph_alloc(graph, length + 1));
    memcpy(attribute->name, text, length);
    text += length + 1;
    char *end;
    switch (*text) {
    case '[':
        return parse_list(graph, text + 1, attribute);
    case '\'':
        attribute->kind = ATTRIBUTE_STRING;
        return parse_string(graph, text, &attribute->s);
    case '{':
        attribute->kind = ATTRIBUTE_TENSOR;
        text = parse_tensor(graph, text + 1, &attribute->tensor);
        if (*text != '}')
            die("expected }", text);
        return text + 1;
    default:
        attribute->kind = is_float(text) ? ATTRIBUTE_FLOAT : ATTRIBUTE_INT;
        attribute->f = strtof(text, &end);
        if (attribute->kind == ATTRIBUTE_INT)
            attribute->i = strtoll(text, &end, 10);
        return end;
    }
}

void op_run_init(struct op_run *run, const struct op_case *test)
{
    enum { ATTRIBUTES_MAX = 16 };
    *run = (struct op_run){0};
    graph_init(&run->graph);
    const char *domain = test->domain ? test->domain : "";
    run->node = (struct node){.name = must(graph_strdup(&run->graph, "n")),
                              .op_type = must(graph_strdup(&run->graph, test->type)),
                              .domain = must(graph_strdup(&run->graph, domain)),
                              .op = op_find(domain, test->type, test->opset),
                              .opset = test->opset};
    if (!run->node.op)
        die("no such operator", test->type);
    struct attribute *attributes =
        must(graph_alloc(&run->graph, ATTRIBUTES_MAX * sizeof(struct attribute)));
    run->node.attributes = attributes;
    const char *text = skip_spaces(test->attributes ? test->attributes : "");
    while (*text) {
        if (run->node.attribute_count == ATTRIBUTES_MAX)
            die("too many attributes", text);
        text = skip_spaces(
            parse_attribute(&run->graph, text, &attributes[run->node.attribute_count++]));
    }
    struct op_call *call = &run->call;
    *call = (struct op_call){.node = &run->node,
                             .inputs = run->input_list,
                             .outputs = run->output_list,
                             .error = &run->error};
    while (call->input_count < OP_CASE_TENSORS && test->inputs[call->input_count]) {
        uint32_t i = call->input_count++;
        const char *input = test->inputs[i];
        if (*input == '\0')
            continue;
        const char *rest = input + (starts(input, "const ") ? 6 : 0);
        if (*parse_tensor(&run->graph, rest, &run->inputs[i]) != '\0')
            die("expected the end", input);
        run->input_list[i] = &run->inputs[i];
    }
    while (call->output_count < OP_CASE_TENSORS && test->outputs[call->output_count]) {
        uint32_t i = call->output_count++;
        if (*test->outputs[i])
            run->output_list[i] = &run->outputs[i];
    }
    run->node.input_count = call->input_count;
    run->node.output_count = call->output_count;
    if (run->node.op->params_bytes)
        call->params = must(graph_alloc(&run->graph, run->node.op->params_bytes));
}

int op_run_infer(struct op_run *run, const struct op_case *test)
{
    void *data[OP_CASE_TENSORS];
    for (uint32_t i = 0; i < run->call.input_count; i++) {
        data[i] = run->inputs[i].data;
        bool is_known =
            starts(test->inputs[i], "const ") || (i < 32 && (run->node.op->shape_inputs >> i & 1));
        if (!is_known)
            run->inputs[i].data = NULL;
    }
    int rc = run->node.op->infer(&run->call);
    for (uint32_t i = 0; i < run->call.input_count; i++)
        run->inputs[i].data = data[i];
    return rc;
}

/* Exactly as large as needed, so that a sanitizer sees one element too many; not zeroed. */
static void *exact(struct graph *graph, size_t bytes)
{
    void *memory;
    if (posix_memalign(&memory, 64, bytes ? bytes : 1) || graph_own(graph, memory))
        die("out of memory", "");
    memset(memory, 0xa5, bytes);
    return memory;
}

void op_run_compute(struct op_run *run, struct thread_pool *pool)
{
    for (uint32_t i = 0; i < run->call.output_count; i++) {
        size_t bytes;
        struct tensor *output = run->output_list[i];
        if (!output)
            continue;
        if (tensor_bytes(output, &bytes))
            die("infer set no valid shape and type", run->node.op_type);
        if (!output->data)
            output->data = exact(&run->graph, bytes);
    }
    run->call.pool = pool;
    run->call.scratch = exact(&run->graph, run->call.scratch_bytes);
    run->node.op->compute(&run->call);
}

void op_run_fini(struct op_run *run)
{
    graph_fini(&run->graph);
}

static bool is_close(double expected, double got, const struct op_case *test)
{
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got);
    if (expected == got)
        return true;
    if (isinf(expected) || isinf(got))
        return false;
    bool is_default = test->relative == 0 && test->absolute == 0;
    double relative = is_default ? 1e-6 : test->relative;
    double absolute = is_default ? 1e-6 : test->absolute;
    return fabs(expected - got) <= absolute + relative * fabs(expected);
}

static double element(const struct tensor *tensor, size_t i)
{
    switch (tensor->type) {
    case TENSOR_F32:
        return (double)((const float *)tensor->data)[i];
    case TENSOR_I32:
        return (double)((const int32_t *)tensor->data)[i];
    case TENSOR_I64:
        return (double)((const int64_t *)tensor->data)[i];
    default:
        return (double)((const uint8_t *)tensor->data)[i];
    }
}

static bool says(const struct op_case *test, const char *how, const char *what)
{
    fprintf(stderr, "\n%s%s%s (%s): %s\n", test->type, test->name ? ", " : "",
            test->name ? test->name : "", how, what);
    return false;
}

static bool matches(const struct op_case *test, const char *how, const struct tensor *expected,
                    const struct tensor *got)
{
    char text[256], left[96], right[96];
    if (expected->type != got->type || !shape_equal(&expected->shape, &got->shape)) {
        snprintf(text, sizeof(text), "expected %s %s, got %s %s", tensor_type_name(expected->type),
                 shape_print(&expected->shape, left, sizeof(left)), tensor_type_name(got->type),
                 shape_print(&got->shape, right, sizeof(right)));
        return says(test, how, text);
    }
    size_t count = tensor_count(expected);
    if (expected->type != TENSOR_F32 && count > 0 &&
        memcmp(expected->data, got->data, count * tensor_type_bytes(expected->type)) == 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        double a = element(expected, i), b = element(got, i);
        if (expected->type == TENSOR_F32 ? is_close(a, b, test) : a == b)
            continue;
        snprintf(text, sizeof(text), "element %zu: expected %.9g, got %.9g", i, a, b);
        return says(test, how, text);
    }
    return true;
}

static bool holds(const struct op_case *test, const char *how, struct thread_pool *pool,
                  bool is_in_place)
{
    struct op_run run;
    op_run_init(&run, test);
    bool ok = true;
    if (op_run_infer(&run, test)) {
        ok = says(test, how, run.error.text);
        goto fini;
    }
    if (is_in_place) {
        if (run.outputs[0].type != run.inputs[0].type ||
            !shape_equal(&run.outputs[0].shape, &run.inputs[0].shape))
            goto fini;
        run.outputs[0].data = run.inputs[0].data;
    }
    op_run_compute(&run, pool);
    for (uint32_t i = 0; i < run.call.output_count; i++) {
        struct tensor expected;
        if (!run.output_list[i])
            continue;
        parse_tensor(&run.graph, test->outputs[i], &expected);
        ok = matches(test, how, &expected, &run.outputs[i]) && ok;
    }
fini:
    op_run_fini(&run);
    return ok;
}

bool op_case_holds(const struct op_case *test)
{
    struct thread_pool *pool;
    bool ok = holds(test, "one thread", NULL, false);
    if (thread_pool_create(3, &pool))
        die("no threads", "");
    ok = holds(test, "three threads", pool, false) && ok;
    thread_pool_destroy(pool);
    const struct op *op = op_find(test->domain ? test->domain : "", test->type, test->opset);
    if (op && op->flags & OP_INPLACE)
        ok = holds(test, "in place", NULL, true) && ok;
    return ok;
}

bool op_case_refused(const struct op_case *test, const char *words)
{
    struct op_run run;
    op_run_init(&run, test);
    bool ok = true;
    if (op_run_infer(&run, test) == 0)
        ok = says(test, "refused", "infer accepted it");
    else if (!strstr(run.error.text, words) || !strstr(run.error.text, test->type))
        ok = says(test, "refused", run.error.text);
    op_run_fini(&run);
    return ok;
}

void op_case_check_all(const struct op_case *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(op_case_holds(&tests[i]));
}
