/* Writes lines of the log without waiting for their reader. */
#include "scheduler/service/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 1024

void log_say(struct log *log, const char *format, ...)
{
    char line[LINE_BYTES];
    int used = snprintf(line, sizeof(line), "%s: ", log->who);
    va_list arguments;
    va_start(arguments, format);
    const int more = vsnprintf(line + used, sizeof(line) - (size_t)used, format, arguments);
    va_end(arguments);
    used += more > 0 ? more : 0;
    if (used > LINE_BYTES - 2)
        used = LINE_BYTES - 2;
    line[used++] = '\n';
    struct pollfd reader = {.fd = log->fd, .events = POLLOUT};
    if (poll(&reader, 1, 0) != 1 || write(log->fd, line, (size_t)used) != used)
        log->lost++;
}
