/* One object of a JSON file and its fields as typed values, with errors that name the field. */
#ifndef SCHEDULER_PROFILE_FILE_OBJECT_H
#define SCHEDULER_PROFILE_FILE_OBJECT_H

#include "scheduler/profile/file_error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct file_object {
    const char *file; /* its name, for errors */
    char place[64]; /* "layers[3]"; "" for the whole file */
    const json_t *json;
    struct file_error *error;
};

/* Each of these returns 0, or -EINVAL with the error filled. */

bool file_object_has(const struct file_object *object, const char *key);

/* A finite number, 0 or more. */
int file_object_number(const struct file_object *object, const char *key, double *value);
/* The same, or fallback where there is no such field. */
int file_object_number_or(const struct file_object *object, const char *key, double fallback,
                          double *value);

/* A whole number that fits. */
int file_object_count(const struct file_object *object, const char *key, uint32_t *value);
int file_object_count_or(const struct file_object *object, const char *key, uint32_t fallback,
                         uint32_t *value);

/* true or false; fallback where there is no such field. */
int file_object_flag_or(const struct file_object *object, const char *key, bool fallback,
                        bool *value);

/* Text, borrowed from the tree; *value NULL where there is no such field. */
int file_object_text(const struct file_object *object, const char *key, const char **value);

/* An array; *array NULL where there is no such field. */
int file_object_array(const struct file_object *object, const char *key, const json_t **array);

/* The array's elements: objects, whole numbers, numbers. */
int file_object_child(const struct file_object *object, const char *key, const json_t *array,
                      size_t index, struct file_object *child);
int file_object_child_count(const struct file_object *object, const char *key, const json_t *array,
                            size_t index, uint32_t *value);
int file_object_child_number(const struct file_object *object, const char *key, const json_t *array,
                             size_t index, double *value);

/* The field "schema" has this value. */
int file_object_check_schema(const struct file_object *object, const char *schema);

/* Fills the error: "file: place.key " and the text; returns -EINVAL. key NULL: the object. */
int file_object_fail(const struct file_object *object, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
