/* What jointd and those who bring requests say to each other: 64-byte descriptors in the rings of
 * their channel. An ingress is one thread that brings requests: a queue of joint-dataplane, or
 * joint-api; each has a socket and a channel of its own.
 *
 *   ingress -> jointd                          jointd -> ingress
 *   STARTED    it takes requests               MODEL     its table came over the socket before
 *   ASK        may one send its tensor?        VERDICT   exactly one for each ASK
 *   SUBMIT     a request, whole in its place   FINISHED  exactly one for each SUBMIT
 *   CANCEL     nobody wants the answer
 *   SENT       the answer's place is free
 *   WITHDRAWN  no SUBMIT of it follows         WITHDRAW  no new requests for that model
 *   DRAINED    nothing is open any more        DRAIN     no new requests at all
 *
 * The ingress gives out the places of its part of the request slab itself: it alone takes bytes in,
 * so nobody else is asked while a tensor arrives, and the worst it can do with a wrong place is to
 * spoil requests of its own. jointd checks that a place lies in that part. FINISHED gives the place
 * back; until then it is not written, not even after CANCEL, since a worker may be reading it.
 * jointd gives out the places of the response slab, and takes each back by SENT, or when the
 * ingress has died.
 *
 * ASK is for when the load report says so. One that may come is expected, with a place for its
 * answer, until SUBMIT or CANCEL of the same slot and generation: CANCEL ends it without a word.
 * SUBMIT need not wait for the VERDICT; it may be refused after a good one, if time has passed.
 *
 * A request's bytes are a message as dataplane/PROTOCOL.md lays it out, encoding included; so are
 * an answer's. Whoever is named after a field sets it; reserved bytes are zero and not looked at.
 */
#ifndef SHM_INGRESS_H
#define SHM_INGRESS_H

#include "shm/model_table.h"

/* The regions of an ingress's channel, by their number in the offer. */
enum ingress_grant {
    INGRESS_REQUESTS, /* the request slab, read-write; its part stands in the setup */
    INGRESS_RESPONSES, /* the response slab, read-only */
    INGRESS_LOAD, /* the load page (load_report.h), read-only */
    INGRESS_COUNTERS, /* its own counters, read-write; it formats them */
    INGRESS_GRANT_COUNT,
};

enum ingress_kind {
    INGRESS_NONE, /* zeroed memory says nothing */
    INGRESS_STARTED,
    INGRESS_SUBMIT,
    INGRESS_CANCEL,
    INGRESS_SENT,
    INGRESS_WITHDRAWN,
    INGRESS_DRAINED,
    INGRESS_ASK,
    INGRESS_MODEL = 64,
    INGRESS_WITHDRAW,
    INGRESS_FINISHED,
    INGRESS_DRAIN,
    INGRESS_VERDICT,
};

/* Why a request was not computed; the numbers are those of a REJECT in PROTOCOL.md. */
enum ingress_reason {
    INGRESS_ANSWERED = 0,
    INGRESS_OVERLOADED = 1,
    INGRESS_DEADLINE = 2,
    INGRESS_NO_MEMORY = 3,
    INGRESS_MODEL_UNKNOWN = 4,
    INGRESS_BAD_RANGE = 6,
    INGRESS_BAD_SIZE = 7,
    INGRESS_BAD_ENCODING = 8,
    INGRESS_DRAINING = 9,
    INGRESS_TOO_MANY = 10, /* of this client, while others wait */
    INGRESS_FAILED = 12,
    INGRESS_QUARANTINED = 13,
    INGRESS_CANCELLED = 255, /* by CANCEL: nobody is told */
};

/* SUBMIT, ASK. ingress: sets all; jointd: checks all but slot and generation, which it repeats. */
struct ingress_submit {
    uint8_t kind;
    uint8_t encoding, answer_encoding; /* 0 f32 (the tensors' own type), 1 f16, 2 u8 */
    uint8_t class_index;
    uint16_t model; /* jointd's number, as in MODEL */
    uint16_t from, to; /* cuts, from < to */
    uint16_t rows; /* 1 and up */
    uint32_t bytes; /* of the message */
    uint32_t slot, generation; /* the ingress's name for it; one open request each */
    uint64_t offset; /* into the request slab's payload; a multiple of 64 */
    uint64_t deadline_ns; /* monotonic; UINT64_MAX: none */
    uint64_t client;
    uint64_t opened_ns, whole_ns; /* monotonic: when its first and its last byte had come; ASK: when
                                   * the last one will have, UINT64_MAX: nobody knows */
};

/* FINISHED. jointd: sets all; an answer is named only by INGRESS_ANSWERED.
 * VERDICT. jointd: sets kind, reason, slot, generation and retry_after_us; ANSWERED: it may come.
 */
struct ingress_finished {
    uint8_t kind;
    uint8_t reason; /* enum ingress_reason */
    uint8_t encoding; /* of the answer */
    uint8_t reserved;
    uint16_t batch; /* the most rows computed together with it */
    uint16_t reserved2;
    uint32_t slot, generation; /* as in SUBMIT */
    uint32_t answer_slot, answer_generation; /* for SENT */
    uint64_t offset; /* of the answer, into the response slab's payload */
    uint32_t bytes;
    uint32_t queue_us, compute_us;
    uint32_t retry_after_us;
    uint64_t reserved3[2];
};

/* All others. */
struct ingress_order {
    uint8_t kind;
    uint8_t reserved;
    uint16_t model; /* MODEL, WITHDRAW, WITHDRAWN */
    uint32_t reserved2;
    uint32_t slot, generation; /* CANCEL: as in SUBMIT; SENT: the answer's */
    uint64_t reserved3[6];
};

union ingress_message {
    uint8_t kind;
    struct ingress_submit submit;
    struct ingress_finished finished;
    struct ingress_order order;
    struct spsc_entry entry;
};

static_assert(sizeof(struct ingress_submit) == SHM_LINE_BYTES, "ingress_submit");
static_assert(offsetof(struct ingress_submit, offset) == 24, "ingress_submit");
static_assert(sizeof(struct ingress_finished) == SHM_LINE_BYTES, "ingress_finished");
static_assert(offsetof(struct ingress_finished, offset) == 24, "ingress_finished");
static_assert(sizeof(struct ingress_order) == SHM_LINE_BYTES, "ingress_order");
static_assert(sizeof(union ingress_message) == sizeof(struct spsc_entry), "ingress_message");

#define INGRESS_NAME_BYTES 64u
#define INGRESS_MAX_MODELS 256u

/* A model that requests may name: one message over the socket, with one descriptor, its sealed
 * table (model_table.h), before the MODEL that names it. Requests name it by the CRC32C of its name
 * and by version, 0 being the newest. */
struct ingress_model {
    uint32_t model; /* jointd's number */
    uint32_t version;
    char name[INGRESS_NAME_BYTES]; /* ends with 0 */
};

static_assert(sizeof(struct ingress_model) == 72, "ingress_model");

/* Maps and checks the table that came with it. Takes fd. -EBADMSG: a number, name or version that
 * cannot be; or the errors of region_attach and model_table_attach. */
int ingress_model_attach(const struct ingress_model *said, int fd, struct region *region,
                         struct model_table *table);

#endif
