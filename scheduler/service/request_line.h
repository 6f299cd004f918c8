/* A line of the request log: what is remembered of an ended request, as tab-separated values or as
 * JSON. README.md lists the columns. Pure. */
#ifndef SCHEDULER_SERVICE_REQUEST_LINE_H
#define SCHEDULER_SERVICE_REQUEST_LINE_H

#include "shm/ingress.h"

#include <stdbool.h>

#define REQUEST_PATH_PARTS 16u
#define REQUEST_PATH_NEVER UINT16_MAX
#define REQUEST_LINE_BYTES 2048u

/* Which cuts a request ran over, and with how many rows in all: parts, in their order. */
struct request_path {
    uint8_t count;
    bool is_cut_off; /* there were more */
    uint16_t merged; /* the first cut at which it ran with rows that had entered elsewhere */
    uint16_t worker; /* of the last; REQUEST_PATH_NEVER: it never ran */
    uint32_t dispatch; /* of the last part */
    struct {
        uint16_t from, to, rows;
    } part[REQUEST_PATH_PARTS];
};

/* Of a request that has not run yet. */
struct request_path request_path_start(void);
/* It ran so: another part, or the same one for a further row, or more of the last one. */
void request_path_add(struct request_path *path, uint32_t worker, uint32_t dispatch, uint32_t from,
                      uint32_t to, uint32_t rows, bool is_merged);

struct request_line {
    uint64_t ended_unix_ns;
    uint64_t id; /* counts up from 1 in each run of jointd */
    uint64_t client;
    char model[INGRESS_NAME_BYTES]; /* "": none of that number */
    uint32_t version, bytes;
    uint16_t from, to, rows;
    uint8_t class_index;
    uint8_t reason; /* enum ingress_reason */
    uint64_t total_ns, wait_ns, compute_ns; /* since it had come whole */
    uint64_t predicted_wait_ns, predicted_compute_ns;
    uint64_t deadline_ns; /* after it had come whole; UINT64_MAX: none */
    struct request_path path;
};

enum request_line_format { REQUEST_LINE_TSV, REQUEST_LINE_JSON };

/* The names of the columns, a line; of JSON there are none: "". */
const char *request_line_titles(enum request_line_format format);
/* The line with its end, up to REQUEST_LINE_BYTES; how many bytes. */
size_t request_line_write(const struct request_line *line, const char *class_name,
                          enum request_line_format format, char *text);
/* Says that so many lines are missing here. */
size_t request_line_write_lost(uint64_t count, enum request_line_format format, char *text);

#endif
