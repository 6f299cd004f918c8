/* Tests of scheduler/profile/device_file.c: units, and one error that names file and field. */
#include "scheduler/profile/device_file.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SPEED "{\"gflop_per_s\": 200, \"gb_per_s\": 30, \"overhead_us\": 40}"
#define REST                                                                                       \
    "\"depthwise\": " SPEED ", \"linear\": " SPEED ", \"pool\": " SPEED ", \"norm\": " SPEED       \
    ", \"other\": {\"gflop_per_s\": 1.5, \"gb_per_s\": 2.5}"
#define FILE_OF(head, types) "{" head ", \"types\": {" types "}, \"sources\": [{\"what\": \"x\"}]}"
#define HEAD "\"schema\": \"joint.device/1\", \"name\": \"phone\", \"power_w\": 4.5"

static int parse(const char *text, struct device *device, struct file_error *error)
{
    error->text[0] = '\0';
    return device_file_parse(device, "d.json", text, strlen(text), error);
}

static void reads_units_as_they_are_named(void)
{
    struct device device;
    struct file_error error;
    CU_ASSERT_EQUAL_FATAL(parse(FILE_OF(HEAD, "\"conv\": " SPEED ", " REST), &device, &error), 0);
    CU_ASSERT_STRING_EQUAL(device.name, "phone");
    CU_ASSERT_DOUBLE_EQUAL(device.power_watts, 4.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(device.speeds[DEVICE_CONV].flops_per_s, 200e9, 1);
    CU_ASSERT_DOUBLE_EQUAL(device.speeds[DEVICE_CONV].bytes_per_s, 30e9, 1);
    CU_ASSERT_DOUBLE_EQUAL(device.speeds[DEVICE_CONV].overhead_ms, 0.04, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(device.speeds[DEVICE_OTHER].flops_per_s, 1.5e9, 1);
    CU_ASSERT_DOUBLE_EQUAL(device.speeds[DEVICE_OTHER].overhead_ms, 0, 1e-12);
}

static void refuses_with_file_and_field(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "d.json"},
        {"[]", "d.json"},
        {"{\"name\": ", "d.json"},
        {"{}", "schema"},
        {FILE_OF("\"schema\": \"joint.profile/1\", \"name\": \"p\", \"power_w\": 1", ""), "schema"},
        {FILE_OF("\"schema\": \"joint.device/1\", \"power_w\": 1", ""), "name"},
        {FILE_OF("\"schema\": \"joint.device/1\", \"name\": \"\", \"power_w\": 1", ""), "name"},
        {FILE_OF("\"schema\": \"joint.device/1\", \"name\": 3, \"power_w\": 1", ""), "name"},
        {FILE_OF("\"schema\": \"joint.device/1\", \"name\": \"p\"", ""), "power_w"},
        {FILE_OF("\"schema\": \"joint.device/1\", \"name\": \"p\", \"power_w\": -1", ""),
         "power_w"},
        {FILE_OF("\"schema\": \"joint.device/1\", \"name\": \"p\", \"power_w\": 0", ""), "power_w"},
        {"{" HEAD "}", "types"},
        {"{" HEAD ", \"types\": []}", "types"},
        {FILE_OF(HEAD, REST), "types.conv"},
        {FILE_OF(HEAD, "\"conv\": 5, " REST), "types.conv"},
        {FILE_OF(HEAD, "\"conv\": {\"gb_per_s\": 1}, " REST), "types.conv.gflop_per_s"},
        {FILE_OF(HEAD, "\"conv\": {\"gflop_per_s\": 0, \"gb_per_s\": 1}, " REST),
         "types.conv.gflop_per_s"},
        {FILE_OF(HEAD, "\"conv\": {\"gflop_per_s\": 1e300, \"gb_per_s\": 1}, " REST),
         "types.conv.gflop_per_s"},
        {FILE_OF(HEAD, "\"conv\": {\"gflop_per_s\": 1, \"gb_per_s\": \"1\"}, " REST),
         "types.conv.gb_per_s"},
        {FILE_OF(HEAD,
                 "\"conv\": {\"gflop_per_s\": 1, \"gb_per_s\": 1, \"overhead_us\": -1}, " REST),
         "types.conv.overhead_us"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct device device;
        struct file_error error;
        CU_ASSERT_EQUAL(parse(cases[i].text, &device, &error), -EINVAL);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "d.json"));
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].words));
        CU_ASSERT_PTR_NULL(strchr(error.text, '\n'));
    }
    struct device device;
    struct file_error error;
    CU_ASSERT_EQUAL(device_file_read(&device, "/nowhere/d.json", &error), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/nowhere/d.json"));
}

const struct cunit_test tests[] = {
    {"numbers are read in the units that their names say", reads_units_as_they_are_named},
    {"what is missing, negative, zero or of another type is refused by file and field",
     refuses_with_file_and_field},
    {NULL, NULL},
};
