/* Typed fields of JSON objects: every rule about a value's form stands here. */
#include "scheduler/profile/file_object.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int file_object_fail(const struct file_object *object, const char *key, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return file_error_set(object->error, -EINVAL, object->file, "%s%s%s %s", object->place,
                          object->place[0] && key ? "." : "", key ? key : "", text);
}

bool file_object_has(const struct file_object *object, const char *key)
{
    return json_object_get(object->json, key) != NULL;
}

/* "is text ("12")": what was found where something else was expected. */
static int fail_type(const struct file_object *object, const char *key, const json_t *found,
                     const char *wanted)
{
    if (!found)
        return file_object_fail(object, key, "is missing; give %s", wanted);
    if (json_is_string(found))
        return file_object_fail(object, key, "is text (\"%.40s\"); give %s",
                                json_string_value(found), wanted);
    if (json_is_real(found))
        return file_object_fail(object, key, "is a number (%.9g); give %s", json_real_value(found),
                                wanted);
    return file_object_fail(object, key, "is %s; give %s",
                            json_is_object(found)  ? "an object"
                            : json_is_array(found) ? "an array"
                            : json_is_null(found)  ? "null"
                            : json_is_true(found)  ? "true"
                                                   : "false",
                            wanted);
}

static int to_number(const struct file_object *object, const char *key, const json_t *found,
                     double *value)
{
    if (!json_is_real(found))
        return fail_type(object, key, found, "a number, 0 or more");
    double number = json_real_value(found);
    if (!isfinite(number))
        return file_object_fail(object, key, "is not a finite number; give a number, 0 or more");
    if (number < 0)
        return file_object_fail(object, key, "is negative (%.9g); give a number, 0 or more",
                                number);
    *value = number;
    return 0;
}

static int to_count(const struct file_object *object, const char *key, const json_t *found,
                    uint32_t *value)
{
    double number;
    if (!json_is_real(found))
        return fail_type(object, key, found, "a whole number");
    int err = to_number(object, key, found, &number);
    if (err)
        return err;
    if (number > UINT32_MAX || floor(number) < number)
        return file_object_fail(object, key, "is %.9g; give a whole number up to %u", number,
                                UINT32_MAX);
    *value = (uint32_t)number;
    return 0;
}

int file_object_number(const struct file_object *object, const char *key, double *value)
{
    return to_number(object, key, json_object_get(object->json, key), value);
}

int file_object_number_or(const struct file_object *object, const char *key, double fallback,
                          double *value)
{
    *value = fallback;
    return file_object_has(object, key) ? file_object_number(object, key, value) : 0;
}

int file_object_count(const struct file_object *object, const char *key, uint32_t *value)
{
    return to_count(object, key, json_object_get(object->json, key), value);
}

int file_object_count_or(const struct file_object *object, const char *key, uint32_t fallback,
                         uint32_t *value)
{
    *value = fallback;
    return file_object_has(object, key) ? file_object_count(object, key, value) : 0;
}

int file_object_flag_or(const struct file_object *object, const char *key, bool fallback,
                        bool *value)
{
    const json_t *found = json_object_get(object->json, key);
    *value = found ? json_is_true(found) : fallback;
    if (found && !json_is_boolean(found))
        return fail_type(object, key, found, "true or false");
    return 0;
}

int file_object_text(const struct file_object *object, const char *key, const char **value)
{
    const json_t *found = json_object_get(object->json, key);
    *value = found ? json_string_value(found) : NULL;
    if (found && !*value)
        return fail_type(object, key, found, "text");
    return 0;
}

int file_object_array(const struct file_object *object, const char *key, const json_t **array)
{
    *array = json_object_get(object->json, key);
    if (*array && !json_is_array(*array))
        return fail_type(object, key, *array, "an array");
    return 0;
}

static void print_element(char place[48], const char *key, size_t index)
{
    snprintf(place, 48, "%.24s[%zu]", key, index);
}

int file_object_child(const struct file_object *object, const char *key, const json_t *array,
                      size_t index, struct file_object *child)
{
    const json_t *found = json_array_get(array, index);
    char element[48];
    print_element(element, key, index);
    if (!json_is_object(found))
        return fail_type(object, element, found, "an object");
    *child = (struct file_object){.file = object->file, .json = found, .error = object->error};
    snprintf(child->place, sizeof(child->place), "%s", element);
    return 0;
}

int file_object_child_count(const struct file_object *object, const char *key, const json_t *array,
                            size_t index, uint32_t *value)
{
    char element[48];
    print_element(element, key, index);
    return to_count(object, element, json_array_get(array, index), value);
}

int file_object_child_number(const struct file_object *object, const char *key, const json_t *array,
                             size_t index, double *value)
{
    char element[48];
    print_element(element, key, index);
    return to_number(object, element, json_array_get(array, index), value);
}

int file_object_check_schema(const struct file_object *object, const char *schema)
{
    const char *found;
    int err = file_object_text(object, "schema", &found);
    if (err)
        return err;
    if (!found)
        return file_object_fail(object, "schema", "is missing; give \"%s\"", schema);
    if (strcmp(found, schema) != 0)
        return file_object_fail(object, "schema", "is \"%.60s\"; expected \"%s\"", found, schema);
    return 0;
}
