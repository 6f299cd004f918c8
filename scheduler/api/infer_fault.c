/* Prints the sentence. */
#include "scheduler/api/infer_fault.h"

#include <stdarg.h>
#include <stdio.h>

bool infer_fault_set(struct infer_fault *fault, unsigned status, const char *reason,
                     const char *format, ...)
{
    va_list arguments;
    fault->status = status;
    fault->reason = reason;
    fault->retry_after_us = 0;
    va_start(arguments, format);
    vsnprintf(fault->what, sizeof(fault->what), format, arguments);
    va_end(arguments);
    return false;
}
