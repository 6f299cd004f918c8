/* What is wrong with a file, in one line: which file, where in it, what, and what to do. */
#ifndef SCHEDULER_PROFILE_FILE_ERROR_H
#define SCHEDULER_PROFILE_FILE_ERROR_H

struct file_error {
    char text[1024]; /* "p.json: layers[3].mobile_ms is negative (-3); give a number, 0 or more" */
};

/* Fills error, if there is one, with "file: " and the formatted text as one line; returns err. */
int file_error_set(struct file_error *error, int err, const char *file, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
