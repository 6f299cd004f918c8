/* Why an inference request gets no answer: the status of HTTP, a word for programs, a sentence for
 * people. */
#ifndef SCHEDULER_API_INFER_FAULT_H
#define SCHEDULER_API_INFER_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#define INFER_FAULT_BYTES 320u

struct infer_fault {
    unsigned status; /* 0: none */
    const char *reason; /* static */
    uint32_t retry_after_us; /* 0: coming again changes nothing, or nobody knows when */
    char what[INFER_FAULT_BYTES]; /* what, where, what to do */
};

/* Fills it; false, so that a check can end with it. */
bool infer_fault_set(struct infer_fault *fault, unsigned status, const char *reason,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
