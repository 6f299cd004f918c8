/* A first look at JSON text: how much it holds, how deep, and where in it a byte stands. */
#ifndef SCHEDULER_PROFILE_JSON_SCAN_H
#define SCHEDULER_PROFILE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_SCAN_MAX_DEPTH 16
#define JSON_SCAN_MAX_CONTAINERS ((size_t)1 << 20)
#define JSON_SCAN_MAX_VALUES ((size_t)1 << 23)

struct json_scan {
    size_t container_count, value_count;
    bool is_too_deep, is_too_much; /* a limit above is passed: the scan stopped there */
    unsigned line; /* where it stopped, from 1 */
    char place[96]; /* the innermost value there: "layers[3].mobile_ms"; "" for the whole */
};

/* Looks at bytes until they end or a limit is passed. They need not be well-formed; of such that
 * are, place is exact. */
void json_scan(struct json_scan *scan, const char *bytes, size_t size);

#endif
