/* What is wrong with an input of the planner: one field, one reason. */
#ifndef SCHEDULER_PLAN_SPLIT_ERROR_H
#define SCHEDULER_PLAN_SPLIT_ERROR_H

/* The largest number that an input may hold, and the least that a bandwidth may be: whatever is
 * computed from such numbers is finite. */
#define SPLIT_MAX_NUMBER 1e15
#define SPLIT_MIN_MBPS 1e-12

struct split_error {
    char field[96]; /* "layers[3].mobile_ms", counted from 0 as the file's arrays are */
    char reason[160]; /* "is negative (-3)" */
};

/* Fills error, if there is one, from a format for each part; returns err. */
int split_error_set(struct split_error *error, int err, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
