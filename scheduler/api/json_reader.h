/* JSON as it stands in a text (RFC 8259): checked once as a whole, then read where it lies, without
 * a tree. A tree of numbers takes many times the text's size, and a request may bring millions.
 *
 *   struct json_fault fault;
 *   if (json_check(text, size, &fault)) {...}               // everything below relies on this
 *   struct json_value root = json_root(text, size), key, value;
 *   struct json_value members = json_inside(root);
 *   while (json_next_member(&members, &key, &value)) {...} */
#ifndef SCHEDULER_API_JSON_READER_H
#define SCHEDULER_API_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 32u

enum json_kind {
    JSON_NONE,
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* A value and nothing around it; it points into the text. */
struct json_value {
    const char *at, *end;
};

struct json_fault {
    size_t offset;
    const char *what;
};

/* Whether the text is one JSON value, in UTF-8 and not nested too deeply; else what and where. */
bool json_check(const char *text, size_t size, struct json_fault *fault);

struct json_value json_root(const char *text, size_t size);
enum json_kind json_kind_of(struct json_value value);

/* What stands between the brackets of an array or object: the start of a walk. */
struct json_value json_inside(struct json_value value);
bool json_next_item(struct json_value *rest, struct json_value *item);
bool json_next_member(struct json_value *rest, struct json_value *key, struct json_value *value);

/* Whether it is this string. */
bool json_is_string(struct json_value value, const char *string);
/* The string unescaped, with its end. False: it is none, has a NUL inside, or no room. */
bool json_read_string(struct json_value value, char *string, size_t room);
/* A whole number without sign, fraction or exponent. False: it is none, or does not fit. */
bool json_read_count(struct json_value value, uint64_t *count);

/* Reads the numbers of nested arrays in their order into at most `room` places. How many there are,
 * which may be more; SIZE_MAX: something in there is no number, or none that a float can hold. */
size_t json_read_floats(struct json_value array, float *numbers, size_t room);

#endif
