/* Tests of scheduler/api/infer_words.c and infer_plan.c over a small model: where tensors belong,
 * and what is said of each fault. Offsets are by hand from PROTOCOL.md. */
#include "tests/unit/cunit_main.h"
#include "tests/unit/infer_case.h"

#include <stdio.h>
#include <string.h>

static struct infer_words words;
static struct infer_plan plan;
static struct infer_fault fault;

/* With ' for ". */
static bool make(const char *text, uint64_t binary_bytes)
{
    static char json[4096];
    const size_t length = strlen(text);
    CU_ASSERT_FATAL(length < sizeof(json));
    for (size_t i = 0; i < length; i++)
        json[i] = text[i] == '\'' ? '"' : text[i];
    fault = (struct infer_fault){0};
    return infer_words_read(&words, json, length, &fault) &&
           infer_plan_make(&plan, &words, &infer_case_table, &infer_case_limits, binary_bytes,
                           &fault);
}

#define WHOLE "'inputs':[{'name':'input','datatype':'FP32','shape':[1,2,3],'data':[1,2,3,4,5,6]}]"

static void a_whole_network_needs_no_more_than_its_input(void)
{
    CU_ASSERT_TRUE_FATAL(make("{" WHOLE "}", 0));
    CU_ASSERT_EQUAL(plan.from, 0);
    CU_ASSERT_EQUAL(plan.to, 4);
    CU_ASSERT_EQUAL(plan.rows, 1);
    CU_ASSERT_EQUAL(plan.bytes, 24);
    CU_ASSERT_EQUAL(plan.answer_bytes, 12);
    CU_ASSERT_EQUAL(plan.deadline_us, 0);
    CU_ASSERT_FALSE(plan.has_client);
    CU_ASSERT_EQUAL(plan.piece_count, 1);
    CU_ASSERT_EQUAL(plan.result_count, 1);
    CU_ASSERT_FALSE(plan.results[0].is_binary);
    CU_ASSERT_EQUAL(plan.results[0].tensor, 6);
}

static void tensors_lie_as_the_protocol_has_them_whatever_their_order(void)
{
    CU_ASSERT_TRUE_FATAL(make(
        "{'inputs':[{'name':'b','datatype':'FP32','shape':[3,2,1],'parameters':"
        "{'binary_data_size':24}},{'name':'a','datatype':'FP32','shape':[3,4],'parameters':"
        "{'binary_data_size':48}}],'parameters':{'from':'two','to':2,'binary_data_output':true},"
        "'outputs':[{'name':'n'},{'name':'c','parameters':{'binary_data':false}}]}",
        72));
    CU_ASSERT_EQUAL(plan.rows, 3);
    CU_ASSERT_EQUAL(plan.pieces[0].offset, 48); /* b is behind three rows of a */
    CU_ASSERT_EQUAL(plan.pieces[0].bytes, 24);
    CU_ASSERT_EQUAL(plan.pieces[1].offset, 0);
    CU_ASSERT_EQUAL(plan.result_count, 2);
    CU_ASSERT_TRUE(plan.results[0].is_binary);
    CU_ASSERT_EQUAL(plan.results[0].offset, 24); /* n is behind three rows of c */
    CU_ASSERT_EQUAL(plan.results[0].bytes, 24);
    CU_ASSERT_FALSE(plan.results[1].is_binary);
    CU_ASSERT_EQUAL(plan.results[1].bytes, 24);
    CU_ASSERT_EQUAL(plan.answer_bytes, 48);
}

static void halves_go_in_and_out_as_bytes(void)
{
    CU_ASSERT_TRUE_FATAL(
        make("{'inputs':[{'name':'input','datatype':'FP16','shape':[2,2,3],'parameters':"
             "{'binary_data_size':24}}],'outputs':[{'name':'prob','parameters':{'datatype':'FP16',"
             "'binary_data':true}}]}",
             24));
    CU_ASSERT_EQUAL(plan.encoding, 1);
    CU_ASSERT_EQUAL(plan.answer_encoding, 1);
    CU_ASSERT_EQUAL(plan.bytes, 24);
    CU_ASSERT_EQUAL(plan.answer_bytes, 12);
    CU_ASSERT_STRING_EQUAL(infer_plan_datatype(&infer_case_tensors[6], 1), "FP16");
}

static void parameters_are_taken(void)
{
    CU_ASSERT_TRUE_FATAL(make("{'id':'7'," WHOLE ",'parameters':{'class':'batch','client':17,"
                              "'deadline_us':3600000000,'to':'mixed','priority':5}}",
                              0) == false); /* n cannot be had as JSON */
    CU_ASSERT_TRUE_FATAL(make("{'id':'7'," WHOLE ",'parameters':{'class':'batch','client':17,"
                              "'deadline_us':3600000000,'to':'flat','priority':5}}",
                              0));
    CU_ASSERT_EQUAL(plan.class_index, 1);
    CU_ASSERT_TRUE(plan.has_client);
    CU_ASSERT_EQUAL(plan.client, 17);
    CU_ASSERT_EQUAL(plan.deadline_us, 3600000000);
    CU_ASSERT_EQUAL(plan.to, 3);
    CU_ASSERT_TRUE_FATAL(make("{" WHOLE ",'parameters':{'class':1,'client':'phone'}}", 0));
    CU_ASSERT_EQUAL(plan.class_index, 1);
    const uint64_t phone = plan.client;
    CU_ASSERT_TRUE_FATAL(make("{" WHOLE ",'parameters':{'client':'other'}}", 0));
    CU_ASSERT_NOT_EQUAL(plan.client, phone);
}

#define INPUT(more) "{'inputs':[{'name':'input','datatype':'FP32'," more "}]}"
#define PARAMETERS(more) "{" WHOLE ",'parameters':{" more "}}"

static void each_fault_is_said(void)
{
    static const struct {
        const char *text;
        uint64_t binary_bytes;
        unsigned status;
        const char *says;
    } cases[] = {
        {"[]", 0, 400, "the body: an object"},
        {"{'inputs':[]}", 0, 400, "inputs: missing"},
        {"{}", 0, 400, "inputs: missing"},
        {"{'inputs':7}", 0, 400, "inputs: one array"},
        {"{'inputs':[7]}", 0, 400, "inputs: an array of objects"},
        {"{'id':7," WHOLE "}", 0, 400, "id: a string"},
        {"{'id':'7','id':'8'," WHOLE "}", 0, 400, "id: stands there twice"},
        {"{" WHOLE "," WHOLE "}", 0, 400, "inputs: one array"},
        {INPUT("'data':[]"), 0, 400, "inputs[].shape: missing"},
        {INPUT("'shape':[1,2,3]"), 0, 400, "either data, or"},
        {INPUT("'shape':[1,2,3],'data':[],'parameters':{'binary_data_size':1}"), 1, 400,
         "either data, or"},
        {INPUT("'shape':[1,2,3],'data':7"), 0, 400, "inputs[].data: an array"},
        {INPUT("'shape':[1,2],'data':[]"), 0, 400, "[rows,2,3] is meant"},
        {INPUT("'shape':[0,2,3],'data':[]"), 0, 400, "[rows,2,3] is meant"},
        {INPUT("'shape':[1,3,2],'data':[]"), 0, 400, "[rows,2,3] is meant"},
        {INPUT("'shape':[-1,2,3],'data':[]"), 0, 400, "inputs[].shape: whole numbers"},
        {INPUT("'shape':[1.0,2,3],'data':[]"), 0, 400, "inputs[].shape: whole numbers"},
        {INPUT("'shape':[1,2,3,1,1,1,1,1,1,1],'data':[]"), 0, 400, "more dimensions"},
        {INPUT("'shape':[65536,2,3],'data':[]"), 0, 413, "65536 rows"},
        {INPUT("'shape':[171,2,3],'data':[]"), 0, 413, "over 4096 bytes"},
        {INPUT("'shape':[1,2,3],'parameters':{'binary_data_size':20}"), 20, 400,
         "20, but its shape and datatype have 24"},
        {INPUT("'shape':[1,2,3],'parameters':{'binary_data_size':24}"), 20, 400,
         "20 bytes follow the JSON, but binary_data_size are 24"},
        {INPUT("'shape':[1,2,3],'parameters':{'binary_data_size':-4}"), 0, 400,
         "binary_data_size: the number of bytes"},
        {INPUT("'shape':[1,2,3],'parameters':{'shared_memory_region':'x'}"), 0, 400,
         "shared memory is not served"},
        {"{" WHOLE "}", 4, 400, "4 bytes follow the JSON, but binary_data_size are 0"},
        {"{'inputs':[{'name':'x','datatype':'FP32','shape':[1],'data':[]}]}", 0, 400,
         "inputs[].name: cut 0 takes: input"},
        {"{'inputs':[{'name':'input','datatype':'FP64','shape':[1,2,3],'data':[]}]}", 0, 400,
         "FP32 or FP16 is meant"},
        {"{'inputs':[{'name':'input','datatype':'FP16','shape':[1,2,3],'data':[]}]}", 0, 400,
         "only FP32 can be written as JSON"},
        {"{'inputs':[{'name':'a','datatype':'FP32','shape':[1,4],'data':[]},{'name':'a','datatype':"
         "'FP32','shape':[1,4],'data':[]}],'parameters':{'from':1}}",
         0, 400, "cut 1 takes: a, b; each once"},
        {"{'inputs':[{'name':'a','datatype':'FP32','shape':[1,4],'data':[]},{'name':'b','datatype':"
         "'FP32','shape':[2,2,1],'data':[]}],'parameters':{'from':1}}",
         0, 400, "as many rows as the other inputs"},
        {"{'inputs':[{'name':'flat','datatype':'FP32','shape':[10],'data':[]}],'parameters':{'from'"
         ":3}}",
         0, 400, "[5] is meant"},
        {PARAMETERS("'from':5"), 0, 404, "cuts 0 to 4"},
        {PARAMETERS("'to':99999999999"), 0, 404, "cuts 0 to 4"},
        {PARAMETERS("'to':'nowhere'"), 0, 404, "cuts 0 to 4"},
        {PARAMETERS("'to':-1"), 0, 400, "parameters.to: a cut's number or name"},
        {PARAMETERS("'to':[1]"), 0, 400, "parameters.to: a cut's number or name"},
        {PARAMETERS("'to':0"), 0, 400, "cut 0 is not before cut 0"},
        {PARAMETERS("'class':2"), 0, 400, "parameters.class"},
        {PARAMETERS("'class':'none'"), 0, 400, "parameters.class"},
        {PARAMETERS("'client':1.5"), 0, 400, "parameters.client"},
        {PARAMETERS("'deadline_us':0"), 0, 400, "parameters.deadline_us: 1 to 3600000000"},
        {PARAMETERS("'deadline_us':3600000001"), 0, 400, "parameters.deadline_us"},
        {PARAMETERS("'deadline_us':'soon'"), 0, 400, "parameters.deadline_us"},
        {PARAMETERS("'binary_data_output':1"), 0, 400, "true or false"},
        {PARAMETERS("'to':'mixed'"), 0, 400, "n can only be had as bytes"},
        {"{" WHOLE ",'outputs':[{'name':'x'}]}", 0, 400, "outputs[].name: cut 4 gives: prob"},
        {"{" WHOLE ",'outputs':[{'name':'prob'},{'name':'prob'}]}", 0, 400, "each once"},
        {"{" WHOLE ",'outputs':[{}]}", 0, 400, "outputs[]: name is missing"},
        {"{" WHOLE ",'outputs':[{'name':'prob','parameters':{'datatype':'FP16'}}]}", 0, 400,
         "prob can only be had as bytes"},
        {"{" WHOLE ",'outputs':[{'name':'prob','parameters':{'classification':3}}]}", 0, 400,
         "classification: not served"},
        {"{'inputs':[{'name':'input','datatype':'FP32','shape':[2,2,3],'data':[]}],'parameters':"
         "{'to':3}}",
         0, 400, "they cannot be told apart at cut 3"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bool is_made = make(cases[i].text, cases[i].binary_bytes);
        if (is_made || fault.status != cases[i].status || !strstr(fault.what, cases[i].says)) {
            printf("%s\n  gives %u %s\n", cases[i].text, fault.status, fault.what);
            CU_FAIL("another fault");
        }
    }
}

const struct cunit_test tests[] = {
    {"a whole network needs no more than its input", a_whole_network_needs_no_more_than_its_input},
    {"tensors lie as the protocol has them, whatever their order",
     tensors_lie_as_the_protocol_has_them_whatever_their_order},
    {"halves go in and out as bytes", halves_go_in_and_out_as_bytes},
    {"parameters are taken", parameters_are_taken},
    {"each fault is said", each_fault_is_said},
    {NULL, NULL},
};
