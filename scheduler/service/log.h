/* jointd's log: one line for what an operator would want to know, never waited for. */
#ifndef SCHEDULER_SERVICE_LOG_H
#define SCHEDULER_SERVICE_LOG_H

#include <stdint.h>

struct log {
    int fd; /* borrowed */
    const char *who; /* "jointd"; before each line */
    uint64_t lost; /* lines that nobody would take */
};

/* "WHO: text\n" in one write. A reader that does not read costs its lines, not our time. */
void log_say(struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
