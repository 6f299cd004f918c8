/* JSON as it stands in a text (RFC 8259): checked once as a whole, then read where it lies, without
 * a tree. A tree of numbers takes many times the text's size, and a request may bring millions.
 *
 *   struct json_fault fault;
 *   if (json_reader_check(text, size, &fault)) {...}               // everything below relies on
 * this struct json_value root = json_reader_root(text, size), key, value; struct json_value members
 * = json_reader_inside(root); while (json_reader_next_member(&members, &key, &value)) {...} */
#ifndef SCHEDULER_API_JSON_READER_H
#define SCHEDULER_API_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_READER_MAX_DEPTH 32u

enum json_reader_kind {
    JSON_READER_NONE,
    JSON_READER_NULL,
    JSON_READER_FALSE,
    JSON_READER_TRUE,
    JSON_READER_NUMBER,
    JSON_READER_STRING,
    JSON_READER_ARRAY,
    JSON_READER_OBJECT,
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
bool json_reader_check(const char *text, size_t size, struct json_fault *fault);

struct json_value json_reader_root(const char *text, size_t size);
enum json_reader_kind json_reader_kind_of(struct json_value value);

/* What stands between the brackets of an array or object: the start of a walk. */
struct json_value json_reader_inside(struct json_value value);
bool json_reader_next_item(struct json_value *rest, struct json_value *item);
bool json_reader_next_member(struct json_value *rest, struct json_value *key,
                             struct json_value *value);

/* Whether it is this string. */
bool json_reader_is(struct json_value value, const char *string);
/* The string unescaped, with its end. False: it is none, has a NUL inside, or no room. */
bool json_reader_string(struct json_value value, char *string, size_t room);
/* A whole number without sign, fraction or exponent. False: it is none, or does not fit. */
bool json_reader_count(struct json_value value, uint64_t *count);

/* Reads the numbers of nested arrays in their order into at most `room` places. How many there are,
 * which may be more; SIZE_MAX: something in there is no number, or none that a float can hold. */
size_t json_reader_floats(struct json_value array, float *numbers, size_t room);

#endif
