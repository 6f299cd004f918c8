/* How commands report errors and end. */
#include "scheduler/cli/commands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int command_fail(const char *command, int status, const char *format, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    /* Names come from files: whatever they hold, the message stays one line without control codes.
     */
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = ' ';
    fprintf(stderr, "joint %s: %s\n", command, text);
    return status;
}

int command_finish(const char *command)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return COMMAND_DONE;
    return command_fail(command, COMMAND_FAILED, "cannot write the report to standard output: %s",
                        strerror(errno));
}
