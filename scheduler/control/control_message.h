/* What is said over jointd's control socket, a UNIX socket of kind SOCK_SEQPACKET.
 *
 *   client -> jointd: one word a message        jointd -> client
 *   "status"                                    one message: a line of JSON (control_status.h)
 *   "watch"                                     control_region messages, one for each region, each
 *                                               with one descriptor; all of them again whenever one
 *                                               comes or goes
 *
 * Any other word is answered by a line of JSON with "error". A client that does not read what it
 * asked for is dropped. What can be asked changes nothing. */
#ifndef SCHEDULER_CONTROL_CONTROL_MESSAGE_H
#define SCHEDULER_CONTROL_CONTROL_MESSAGE_H

#include <assert.h>
#include <stdint.h>

#define CONTROL_MAGIC 0x4c54434au /* "JCTL" */
#define CONTROL_VERSION 1u
#define CONTROL_NAME_BYTES 48u
#define CONTROL_MAX_REGIONS 1024u
#define CONTROL_STATUS_BYTES (128u * 1024) /* a line of JSON at most */

enum control_kind {
    CONTROL_LOAD = 1, /* a load page: load_report.h */
    CONTROL_COUNTERS,
    CONTROL_STATISTICS, /* of a model: model_statistics.h */
};

/* One region, with a read-only descriptor of it; without, if count is 0. */
struct control_region {
    uint32_t magic, version;
    uint32_t index, count; /* this is number index of count, from 0; the last completes the list */
    uint32_t kind; /* enum control_kind */
    uint32_t epoch; /* of the region */
    char name[CONTROL_NAME_BYTES]; /* "jointd", "queue 3"; ends with 0 */
};

static_assert(sizeof(struct control_region) == 24 + CONTROL_NAME_BYTES, "control_region");

#endif
