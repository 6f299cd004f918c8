/* Values as JSON text, each printed so that reading it gives the same value. */
#ifndef SCHEDULER_PROFILE_JSON_PRINT_H
#define SCHEDULER_PROFILE_JSON_PRINT_H

#include <stdio.h>

/* The shortest decimal of 15 to 17 digits that reads as value, which is finite. */
void json_print_number(FILE *stream, double value);

/* In quotes; a text that is not UTF-8 gets '?' for each byte that is not ASCII. */
void json_print_text(FILE *stream, const char *text);

#endif
