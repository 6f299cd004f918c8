/* Parses JSON text by jansson within limits, and turns its errors into places. */
#include "scheduler/profile/json_text.h"
#include "scheduler/profile/json_scan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_not_finite(const json_error_t *wrong)
{
    static const char *const words[] = {"near 'NaN'", "near 'nan'",     "near 'Infinity'",
                                        "near 'inf'", "near 'infinity", "near 'Inf'"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strstr(wrong->text, words[i]))
            return true;
    return json_error_code(wrong) == json_error_numeric_overflow;
}

/* "-Infinity": the parser names only the sign. */
static bool is_minus_infinity(const json_error_t *wrong, const char *bytes, size_t size)
{
    size_t at = (size_t)wrong->position;
    return strstr(wrong->text, "near '-'") && at < size && (bytes[at] == 'I' || bytes[at] == 'i');
}

static int fail(const char *name, const char *bytes, size_t size, const json_error_t *wrong,
                struct file_error *error)
{
    if (json_error_code(wrong) == json_error_out_of_memory)
        return file_error_set(error, -ENOMEM, name, "out of memory");
    size_t position = wrong->position > 0 ? (size_t)wrong->position : 0;
    if (position > size)
        position = size;
    const bool is_twice = json_error_code(wrong) == json_error_duplicate_key;
    if (is_twice) { /* the parser stops before the colon that makes its last string a key */
        const char *colon = memchr(bytes + position, ':', size - position);
        position = colon ? (size_t)(colon - bytes) + 1 : size;
    }
    struct json_scan scan;
    json_scan(&scan, bytes, position);
    const char *place = scan.place[0] ? scan.place : "the file";
    if (is_not_finite(wrong) || is_minus_infinity(wrong, bytes, size))
        return file_error_set(error, -EINVAL, name,
                              "%s (line %d) is not a finite number; give a number", place,
                              wrong->line);
    if (is_twice)
        return file_error_set(error, -EINVAL, name,
                              "%s (line %d) stands there twice; leave one of them", place,
                              wrong->line);
    return file_error_set(error, -EINVAL, name, "line %d, in %s: malformed JSON: %s; correct it",
                          wrong->line, place, wrong->text);
}

static int check_limits(const char *name, const char *bytes, size_t size, struct file_error *error)
{
    if (size > JSON_TEXT_MAX_BYTES)
        return file_error_set(error, -EFBIG, name, "is larger than %zu MiB, the most that is read",
                              JSON_TEXT_MAX_BYTES >> 20);
    struct json_scan scan;
    json_scan(&scan, bytes, size);
    const char *place = scan.place[0] ? scan.place : "the file";
    if (scan.is_too_deep)
        return file_error_set(error, -EINVAL, name,
                              "%s (line %u) is nested deeper than %u levels; no field needs that",
                              place, scan.line, JSON_SCAN_MAX_DEPTH);
    if (scan.is_too_much)
        return file_error_set(error, -EINVAL, name,
                              "%s (line %u): more than %zu values or %zu objects and arrays; "
                              "leave out blocks",
                              place, scan.line, JSON_SCAN_MAX_VALUES, JSON_SCAN_MAX_CONTAINERS);
    return 0;
}

int json_text_parse(const char *name, const char *bytes, size_t size, json_t **root,
                    struct file_error *error)
{
    *root = NULL;
    int err = check_limits(name, bytes, size, error);
    if (err)
        return err;
    json_error_t wrong;
    json_t *json = json_loadb(bytes ? bytes : "", size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &wrong);
    if (!json)
        return fail(name, bytes, size, &wrong, error);
    if (!json_is_object(json)) {
        json_decref(json);
        return file_error_set(error, -EINVAL, name, "is an array; expected an object: { ... }");
    }
    *root = json;
    return 0;
}
