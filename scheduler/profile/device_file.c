/* Reads device files: every speed checked by name. */
#include "scheduler/profile/device_file.h"
#include "scheduler/profile/file_object.h"
#include "scheduler/profile/json_text.h"
#include "scheduler/profile/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_BYTES ((size_t)1 << 20)
#define MAX_SPEED 1e12 /* giga: more is a slip of units */
#define MAX_OVERHEAD_US 1e9

/* A number above 0, times scale. */
static int read_positive(const struct file_object *object, const char *key, double most,
                         double scale, double *value)
{
    int err = file_object_number(object, key, value);
    if (err)
        return err;
    if (*value <= 0 || *value > most)
        return file_object_fail(object, key, "is %g; give a number above 0, at most %g", *value,
                                most);
    *value *= scale;
    return 0;
}

static int read_speed(const struct file_object *types, const char *name, struct device_speed *speed)
{
    struct file_object object = *types;
    object.json = json_object_get(types->json, name);
    if (!object.json)
        return file_object_fail(types, name, "is missing; give its speeds");
    if (!json_is_object(object.json))
        return file_object_fail(types, name, "is no object; give its speeds");
    snprintf(object.place, sizeof(object.place), "types.%s", name);
    int err = read_positive(&object, "gflop_per_s", MAX_SPEED, 1e9, &speed->flops_per_s);
    if (!err)
        err = read_positive(&object, "gb_per_s", MAX_SPEED, 1e9, &speed->bytes_per_s);
    double overhead_us;
    if (!err)
        err = file_object_number_or(&object, "overhead_us", 0, &overhead_us);
    if (!err && overhead_us > MAX_OVERHEAD_US)
        err = file_object_fail(&object, "overhead_us", "is %g; give at most %g", overhead_us,
                               MAX_OVERHEAD_US);
    if (!err)
        speed->overhead_ms = overhead_us / 1e3;
    return err;
}

static int read_root(struct device *device, const struct file_object *root)
{
    const char *name;
    int err = file_object_check_schema(root, DEVICE_FILE_SCHEMA);
    if (!err)
        err = file_object_text(root, "name", &name);
    if (err)
        return err;
    if (!name || !*name || strlen(name) >= sizeof(device->name))
        return file_object_fail(root, "name", "is missing or too long; give 1 to %zu bytes",
                                sizeof(device->name) - 1);
    memcpy(device->name, name, strlen(name) + 1);
    err = read_positive(root, "power_w", 1e6, 1, &device->power_watts);
    if (err)
        return err;
    struct file_object types = *root;
    types.json = json_object_get(root->json, "types");
    if (!json_is_object(types.json))
        return file_object_fail(root, "types", "is missing or no object; give each type's speeds");
    snprintf(types.place, sizeof(types.place), "types");
    for (int type = 0; !err && type < DEVICE_TYPE_COUNT; type++)
        err = read_speed(&types, device_type_name((enum device_type)type), &device->speeds[type]);
    return err;
}

int device_file_parse(struct device *device, const char *name, const char *bytes, size_t size,
                      struct file_error *error)
{
    *device = (struct device){0};
    json_t *json;
    int err = json_text_parse(name, bytes, size, &json, error);
    if (err)
        return err;
    const struct file_object root = {.file = name, .json = json, .error = error};
    err = read_root(device, &root);
    json_decref(json);
    return err;
}

int device_file_read(struct device *device, const char *path, struct file_error *error)
{
    struct text_file text;
    int err = text_file_read(&text, path, MAX_BYTES, error);
    if (err)
        return err;
    err = device_file_parse(device, path, text.bytes, text.size, error);
    text_file_fini(&text);
    return err;
}
