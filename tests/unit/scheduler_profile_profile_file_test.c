/* Tests of scheduler/profile/profile_file.c: what is read, and the field and reason of each error.
 */
#include "scheduler/profile/profile_file.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file of the format's own description, with every extension. */
static const char whole[] =
    "{\"schema\": \"joint.profile/1\", \"model\": \"alexnet\", \"batch\": 1, \"input_bytes\": "
    "150528,\n"
    " \"fingerprint\": \"00112233445566778899AABBCCDDEEFF\", \"element_bytes\": 4,\n"
    " \"device\": \"phone\", \"cloud_device\": \"server\", \"energy_source\": \"rapl\", "
    "\"backward\": \"none\",\n"
    " \"cut_layers\": [0, 1, 3], \"unknown\": {\"x\": [1, null, true]},\n"
    " \"layers\": [{\"name\": \"conv1\", \"output_bytes\": 40000, \"weight_bytes\": 1200,\n"
    "             \"mobile_ms\": 8.0, \"mobile_mj\": 9.5, \"cloud_ms\": 0.9,\n"
    "             \"backward_mobile_ms\": 16, \"backward_mobile_mj\": 19, \"backward_cloud_ms\": "
    "2},\n"
    "  {\"output_bytes\": 30, \"mobile_ms\": 1, \"mobile_mj\": 2, \"cloud_ms\": 3, \"inputs\": [1, "
    "0]},\n"
    "  {\"name\": \"p\\u00e9\", \"output_bytes\": 20, \"mobile_ms\": 1, \"mobile_mj\": 2, "
    "\"cloud_ms\": 3}],\n"
    " \"blocks\": [{\"first\": 1, \"last\": 2, \"mobile_ms\": 20.0, \"mobile_mj\": 25.0, "
    "\"cloud_ms\": 2.0},\n"
    "  {\"first\": 2, \"last\": 3, \"mobile_ms\": 1, \"mobile_mj\": 2, \"cloud_ms\": 3,\n"
    "   \"backward_mobile_ms\": 4, \"backward_mobile_mj\": 5, \"backward_cloud_ms\": 6}],\n"
    " \"skips\": [{\"from\": 1, \"to\": 3, \"bytes\": 40000}]}";

static void check_whole(const struct profile_file *file)
{
    const struct split_profile *profile = &file->profile;
    CU_ASSERT_STRING_EQUAL(profile->model, "alexnet");
    CU_ASSERT_EQUAL(profile->batch, 1);
    CU_ASSERT_DOUBLE_EQUAL(profile->input_bytes, 150528, 0);
    CU_ASSERT_EQUAL_FATAL(profile->layer_count, 3);
    CU_ASSERT_STRING_EQUAL(profile->layers[0].name, "conv1");
    CU_ASSERT_DOUBLE_EQUAL(profile->layers[0].mobile_mj, 9.5, 0);
    CU_ASSERT_DOUBLE_EQUAL(profile->layers[0].weight_bytes, 1200, 0);
    CU_ASSERT_DOUBLE_EQUAL(profile->layers[0].backward_mobile_mj, 19, 0);
    CU_ASSERT_DOUBLE_EQUAL(profile->layers[1].backward_mobile_mj, 0, 0);
    CU_ASSERT_EQUAL_FATAL(profile->layers[1].input_count, 2);
    CU_ASSERT_EQUAL(profile->layers[1].inputs[0], 1);
    CU_ASSERT_EQUAL(profile->layers[1].inputs[1], 0);
    CU_ASSERT_STRING_EQUAL(profile->layers[2].name, "p\xc3\xa9");
    CU_ASSERT_EQUAL(profile->layers[2].input_count, 0);
    CU_ASSERT_EQUAL_FATAL(profile->block_count, 2);
    CU_ASSERT_FALSE(profile->blocks[0].has_backward);
    CU_ASSERT_TRUE(profile->blocks[1].has_backward);
    CU_ASSERT_DOUBLE_EQUAL(profile->blocks[1].backward_cloud_ms, 6, 0);
    CU_ASSERT_EQUAL_FATAL(profile->skip_count, 1);
    CU_ASSERT_EQUAL(profile->skips[0].to, 3);
    CU_ASSERT_STRING_EQUAL(file->about.fingerprint, "00112233445566778899aabbccddeeff");
    CU_ASSERT_STRING_EQUAL(file->about.device, "phone");
    CU_ASSERT_STRING_EQUAL(file->about.cloud_device, "server");
    CU_ASSERT_STRING_EQUAL(file->about.energy_source, "rapl");
    CU_ASSERT_STRING_EQUAL(file->about.backward, "none");
    CU_ASSERT_DOUBLE_EQUAL(file->about.element_bytes, 4, 0);
    CU_ASSERT_EQUAL_FATAL(file->about.cut_count, 3);
    CU_ASSERT_EQUAL(file->about.cut_layers[1], 1);
}

static void reads_every_field(void)
{
    struct profile_file file;
    struct file_error error = {{0}};
    int err = profile_file_parse(&file, "p.json", whole, sizeof(whole) - 1, &error);
    if (err)
        puts(error.text);
    CU_ASSERT_EQUAL_FATAL(err, 0);
    check_whole(&file);
    profile_file_fini(&file);
}

static void what_is_written_reads_the_same(void)
{
    struct profile_file file;
    CU_ASSERT_EQUAL_FATAL(profile_file_parse(&file, "p", whole, sizeof(whole) - 1, NULL), 0);
    char path[] = "/tmp/profile_file_test.XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    struct profile_file again;
    CU_ASSERT_EQUAL(profile_file_write(path, &file.profile, &file.about, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(profile_file_read(&again, path, NULL), 0);
    check_whole(&again);
    unlink(path);
    profile_file_fini(&again);
    profile_file_fini(&file);
}

#define HEAD "{\"schema\": \"joint.profile/1\", \"input_bytes\": 100, \"layers\": ["
#define LAYER "{\"output_bytes\": 5, \"mobile_ms\": 1, \"mobile_mj\": 2, \"cloud_ms\": 3}"
#define BLOCK "{\"first\": 1, \"last\": 2, \"mobile_ms\": 1, \"mobile_mj\": 1, \"cloud_ms\": 1}"

/* A file and what its error line must hold: a field and a reason. */
struct bad {
    const char *text, *field, *reason;
};

static const struct bad bads[] = {
    {"", "line 1", "malformed JSON"},
    {"{\"schema\": \"joint.profile/1\",\n\n ]", "line 3", "malformed JSON"},
    {HEAD LAYER ",\n{\"mobile_ms\": tru}]}", "line 2, in layers[1].mobile_ms", "malformed JSON"},
    {HEAD LAYER "]", "line 1", "malformed JSON"},
    {HEAD LAYER "]} x", "line 1", "malformed JSON"},
    {"\xef\xbb", "line 1", "malformed JSON"},
    {HEAD "{\"name\": \"\xff\"}]}", "layers[0].name", "malformed JSON"},
    {"[1]", "p.json:", "is an array"},
    {"{}", "schema", "is missing"},
    {"{\"schema\": \"joint.profile/2\"}", "schema", "is \"joint.profile/2\""},
    {"{\"schema\": 1}", "schema", "is a number (1)"},
    {"{\"schema\": \"joint.profile/1\"}", "input_bytes", "is missing"},
    {"{\"schema\": \"joint.profile/1\", \"input_bytes\": 1}", "layers", "is missing"},
    {"{\"schema\": \"joint.profile/1\", \"input_bytes\": 1, \"layers\": 3}", "layers",
     "is a number"},
    {HEAD "]}", "layers", "is empty"},
    {HEAD "7]}", "layers[0]", "is a number"},
    {HEAD LAYER "], \"batch\": 0}", "batch", "is 0"},
    {HEAD LAYER "], \"batch\": 1.5}", "batch", "whole number"},
    {HEAD LAYER "], \"model\": 1}", "model", "is a number"},
    {HEAD LAYER ", {\"output_bytes\": 5, \"mobile_mj\": 1, \"cloud_ms\": 1}]}",
     "layers[1].mobile_ms", "is missing"},
    {HEAD LAYER ", {\"output_bytes\": 5, \"mobile_ms\": -3, \"mobile_mj\": 1, \"cloud_ms\": 1}]}",
     "layers[1].mobile_ms", "is negative (-3)"},
    {HEAD LAYER ", {\"output_bytes\": 5, \"mobile_ms\": \"3\"}]}", "layers[1].mobile_ms",
     "is text (\"3\")"},
    {HEAD LAYER ", {\"output_bytes\": 5, \"mobile_ms\": null}]}", "layers[1].mobile_ms", "is null"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": 1e999}]}", "layers[0].mobile_ms",
     "is not a finite number"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": NaN}]}", "layers[0].mobile_ms",
     "is not a finite number"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": Infinity}]}", "layers[0].mobile_ms",
     "is not a finite number"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": -Infinity}]}", "layers[0].mobile_ms",
     "is not a finite number"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": 1, \"mobile_ms\": 2}]}", "layers[0].mobile_ms",
     "stands there twice"},
    {HEAD LAYER "], \"blocks\": [" BLOCK "]}", "blocks[0]", "out of range for 1 layers"},
    {HEAD LAYER "," LAYER "], \"blocks\": [" BLOCK "," BLOCK "]}", "blocks[1]",
     "contradicts blocks[0]"},
    {HEAD LAYER "], \"blocks\": [{\"first\": -1}]}", "blocks[0].first", "is negative"},
    {HEAD LAYER "], \"blocks\": [{\"first\": 1e10}]}", "blocks[0].first", "whole number up to"},
    {HEAD LAYER "], \"blocks\": [{\"first\": 1, \"last\": 1}]}", "blocks[0].mobile_ms",
     "is missing"},
    {HEAD LAYER "], \"blocks\": [{\"first\": 1, \"last\": 1, \"mobile_ms\": 1, \"mobile_mj\": 1, "
                "\"cloud_ms\": 1, \"backward_mobile_ms\": 1}]}",
     "blocks[0].backward_mobile_mj", "is missing"},
    {HEAD LAYER "], \"skips\": [{\"from\": 1, \"to\": 1, \"bytes\": 5}]}", "skips[0]",
     "out of order"},
    {HEAD LAYER "], \"skips\": {}}", "skips", "is an object"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": 1, \"mobile_mj\": 2, \"cloud_ms\": 3, "
          "\"inputs\": [1]}]}",
     "layers[0].inputs[0]", "can only take layers before it"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": 1, \"mobile_mj\": 2, \"cloud_ms\": 3, "
          "\"inputs\": []}]}",
     "layers[0].inputs", "is empty"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": 1, \"mobile_mj\": 2, \"cloud_ms\": 3, "
          "\"inputs\": [\"a\"]}]}",
     "layers[0].inputs[0]", "is text (\"a\")"},
    {HEAD "{\"output_bytes\": 5, \"mobile_ms\": 1, \"mobile_mj\": 1e16, \"cloud_ms\": 1}]}",
     "layers[0].mobile_mj", "is too large (1e+16)"},
    {HEAD LAYER "], \"fingerprint\": \"12\"}", "fingerprint", "32 hexadecimal digits"},
    {HEAD LAYER "], \"cut_layers\": [0, 2]}", "cut_layers", "do not go from 0 to 1"},
    {HEAD LAYER "," LAYER "], \"cut_layers\": [0, 1, 1, 2]}", "cut_layers[2]", "is not above"},
    {HEAD LAYER "], \"x\": [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}", "x[0][0]", "nested deeper"},
};

static void each_error_names_field_and_reason(void)
{
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
        struct profile_file file;
        struct file_error error = {{0}};
        int err = profile_file_parse(&file, "p.json", bads[i].text, strlen(bads[i].text), &error);
        bool is_named = strstr(error.text, bads[i].field) && strstr(error.text, bads[i].reason) &&
                        strncmp(error.text, "p.json: ", 8) == 0;
        if (err != -EINVAL || !is_named)
            printf("%s\n  -> %d %s\n", bads[i].text, err, error.text);
        CU_ASSERT_EQUAL(err, -EINVAL);
        CU_ASSERT_TRUE(is_named);
        CU_ASSERT_PTR_NULL(file.profile.layers);
    }
}

/* A file of `count` layers, or what else is to stand there that often. */
static char *repeated(const char *item, size_t count, size_t *size)
{
    const size_t item_size = strlen(item);
    char *text = malloc(sizeof(HEAD) + count * (item_size + 1) + 8);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memcpy(text, HEAD, sizeof(HEAD));
    char *end = text + sizeof(HEAD) - 1;
    for (size_t i = 0; i < count; i++) {
        if (i)
            *end++ = ',';
        memcpy(end, item, item_size);
        end += item_size;
    }
    memcpy(end, "]}", 3);
    *size = (size_t)(end - text) + 2;
    return text;
}

static void sizes_are_bounded(void)
{
    struct profile_file file;
    struct file_error error = {{0}};
    size_t size;
    char *text = repeated(LAYER, 100000, &size);
    CU_ASSERT_EQUAL(profile_file_parse(&file, "p", text, size, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "layers are 100000, more than 65535"));
    free(text);
    text = repeated(LAYER, 65535, &size);
    CU_ASSERT_EQUAL(profile_file_parse(&file, "p", text, size, NULL), 0);
    CU_ASSERT_EQUAL(file.profile.layer_count, 65535);
    profile_file_fini(&file);
    free(text);
    text = repeated("{}", 1100000, &size);
    CU_ASSERT_EQUAL(profile_file_parse(&file, "p", text, size, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "layers[1048574]"));
    free(text);
    text = repeated("0", 9000000, &size);
    CU_ASSERT_EQUAL(profile_file_parse(&file, "p", text, size, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "more than 8388608 values"));
    free(text);
}

static void files_that_cannot_be_read_say_why(void)
{
    struct profile_file file;
    struct file_error error = {{0}};
    CU_ASSERT_EQUAL(profile_file_read(&file, "/nowhere/p.json", &error), -ENOENT);
    CU_ASSERT_STRING_EQUAL(error.text, "/nowhere/p.json: No such file or directory");
    CU_ASSERT_EQUAL(profile_file_read(&file, "/", &error), -EISDIR);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "Is a directory"));
    CU_ASSERT_EQUAL(profile_file_read(&file, "/dev/zero", &error), -EFBIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "larger than 64 MiB"));
}

const struct cunit_test tests[] = {
    {"a profile's every field is read, unknown ones are ignored", reads_every_field},
    {"a profile that is written reads the same", what_is_written_reads_the_same},
    {"each error names the field and the reason", each_error_names_field_and_reason},
    {"65,535 layers are read; more, and floods of values, are refused", sizes_are_bounded},
    {"files that cannot be read say why", files_that_cannot_be_read_say_why},
    {NULL, NULL},
};
