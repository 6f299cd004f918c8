/* What is wrong with a file: keeps it to one line, whatever the file holds. */
#include "scheduler/profile/file_error.h"

#include <stdarg.h>
#include <stdio.h>

int file_error_set(struct file_error *error, int err, const char *file, const char *format, ...)
{
    if (!error)
        return err;
    int length = snprintf(error->text, sizeof(error->text), "%.400s: ", file);
    va_list arguments;
    va_start(arguments, format);
    if (length >= 0)
        vsnprintf(error->text + length, sizeof(error->text) - (size_t)length, format, arguments);
    va_end(arguments);
    for (char *at = error->text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    return err;
}
