/* One number of JSON, to the nearest float and back. */
#ifndef SCHEDULER_API_JSON_FLOAT_H
#define SCHEDULER_API_JSON_FLOAT_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_FLOAT_ROOM 20u /* what the longest takes */

/* Reads the number that begins at *at, which json_reader_check has seen, and goes behind it. False:
 * it is over what a float can hold. */
bool json_float_read(const char **at, const char *end, float *number);

/* Writes digits that give back this very float, without an end; how many bytes. What is no number
 * is null. */
size_t json_float_write(float number, char text[JSON_FLOAT_ROOM]);

#endif
