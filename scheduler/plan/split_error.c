/* What is wrong with an input of the planner: one field, one reason. */
#include "scheduler/plan/split_error.h"

#include <stdarg.h>
#include <stdio.h>

int split_error_set(struct split_error *error, int err, const char *field, const char *format, ...)
{
    if (!error)
        return err;
    snprintf(error->field, sizeof(error->field), "%s", field);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->reason, sizeof(error->reason), format, arguments);
    va_end(arguments);
    return err;
}
