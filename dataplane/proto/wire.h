/* JTP's datagrams: what they may hold, and their reading and writing. The format is specified in
 * dataplane/PROTOCOL.md; this is the only place that knows its bytes.
 *
 * Reading: jtp_packet_read() checks a datagram as a whole and fills a struct jtp_packet, of which
 * only the payload still points into the datagram. Writing: jtp_writer_begin(), one jtp_write_*()
 * for each frame, jtp_writer_finish() with the payload that follows the head. */
#ifndef DATAPLANE_PROTO_WIRE_H
#define DATAPLANE_PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JTP_VERSION 1
#define JTP_HEADER_BYTES 24
#define JTP_OPEN_BYTES 60
#define JTP_DATA_BYTES 12
#define JTP_RETRY_BYTES 36
#define JTP_REFUSE_BYTES 48
#define JTP_PROBE_BYTES 64
#define JTP_BASE_DATAGRAM_BYTES 1200 /* what every path must carry */
#define JTP_MAX_DATAGRAM_BYTES 65507
#define JTP_MAX_HEAD_BYTES 384 /* all that can precede a payload */
#define JTP_MAX_ACK_RANGES 16
#define JTP_MAX_CONTROLS 4

enum jtp_kind {
    JTP_FIRST = 1, /* client to server, before the client has heard of this connection */
    JTP_CLIENT = 2, /* client to server, after */
    JTP_SERVER = 3, /* server to client */
    JTP_RETRY = 4, /* server to client: come back with this cookie */
    JTP_REFUSE = 5, /* server to client: there is no such connection, nor will there be */
    JTP_PROBE = 6, /* anyone to server: how loaded are you? */
    JTP_LOAD = 7, /* server to whoever probed */
};

enum jtp_encoding { JTP_F32 = 0, JTP_F16 = 1, JTP_U8 = 2 };

enum jtp_reason {
    JTP_OVERLOADED = 1, /* the queue would make the answer late */
    JTP_DEADLINE = 2, /* cannot be met, or has passed */
    JTP_NO_MEMORY = 3, /* no slab memory, and no place to wait for it */
    JTP_MODEL_UNKNOWN = 4,
    JTP_MODEL_MISMATCH = 5, /* the name is known, the fingerprint differs */
    JTP_BAD_RANGE = 6, /* from and to are no cuts of the model */
    JTP_BAD_SIZE = 7, /* total bytes contradict model, cut, rows and encoding */
    JTP_BAD_ENCODING = 8,
    JTP_DRAINING = 9,
    JTP_TOO_MANY = 10, /* requests of this client at once */
    JTP_STALLED = 11, /* the request stopped arriving */
    JTP_FAILED = 12, /* the computation did */
    JTP_QUARANTINED = 13, /* computing it killed workers */
    JTP_UNKNOWN_CONNECTION = 14, /* REFUSE only: the server has lost the state, if it had it */
    JTP_FULL = 15, /* no room for one more client or request */
    JTP_BAD_VERSION = 16, /* REFUSE only: the header's version is the server's */
    JTP_REASON_COUNT = 17,
};

enum jtp_progress { JTP_WAITING = 1, JTP_RECEIVING = 2, JTP_WORKING = 3 };
enum jtp_state { JTP_READY = 0, JTP_DEGRADED, JTP_IS_OVERLOADED, JTP_IS_DRAINING, JTP_LOADING };

/* OPEN flags. */
#define JTP_ONCE 1u /* the answer is sent once, unacknowledged: for stateless generators */
/* GRANT flags. */
#define JTP_RESTART 1u /* all data sent so far was discarded: send it from offset 0 */

struct jtp_header {
    uint8_t version;
    uint8_t kind; /* enum jtp_kind */
    uint64_t connection; /* chosen by the client at random, given back by the server */
    uint64_t packet_number;
};

struct jtp_load {
    uint32_t predicted_wait_us;
    uint16_t utilization_permille;
    uint16_t queued;
    uint16_t credits; /* requests that this client may have open; 0: no advice */
    uint8_t state; /* enum jtp_state */
    uint8_t switch_gain; /* 255ths */
    uint32_t age_us;
};

struct jtp_ack_range {
    uint64_t first, last; /* packet numbers, both included */
};

struct jtp_ack {
    uint32_t delay_us; /* from the arrival of the largest to the sending of this */
    uint32_t count;
    struct jtp_ack_range ranges[JTP_MAX_ACK_RANGES]; /* the largest first */
};

struct jtp_cookie {
    uint32_t made_s;
    uint64_t signature;
};

struct jtp_open {
    uint32_t request;
    uint8_t encoding, answer_encoding; /* enum jtp_encoding */
    uint8_t class_index;
    uint8_t flags;
    uint64_t client;
    uint8_t fingerprint[16];
    uint32_t model; /* CRC32C of the model's name */
    uint32_t model_version; /* 0: any */
    uint16_t from, to; /* cuts */
    uint16_t rows;
    uint32_t total_bytes;
    uint32_t deadline_us; /* from the sending of this frame on; 0: none */
    uint32_t answer_granted_bytes;
};

struct jtp_data {
    uint32_t request;
    uint32_t offset;
    uint32_t length;
    const uint8_t *payload;
};

struct jtp_answer {
    uint32_t request;
    uint32_t total_bytes;
    uint8_t encoding;
    uint16_t batch; /* rows computed together */
    uint32_t queue_us, compute_us;
    struct jtp_load load;
};

enum jtp_control_type {
    JTP_GRANT = 5,
    JTP_PROGRESS = 6,
    JTP_REJECT = 8,
    JTP_CANCEL = 9,
    JTP_UNKNOWN = 10,
    JTP_QUERY = 12,
};

/* The small frames about one request. */
struct jtp_control {
    uint8_t type; /* enum jtp_control_type */
    uint8_t detail; /* GRANT: flags, PROGRESS: enum jtp_progress, REJECT: enum jtp_reason */
    uint32_t request;
    uint32_t value; /* GRANT: granted bytes, REJECT: retry after, in us */
    struct jtp_load load; /* REJECT */
};

/* A datagram, checked. Which members are meaningful follows from header.kind and the flags. */
struct jtp_packet {
    struct jtp_header header;
    bool has_ack, has_cookie, has_open, has_answer, has_data, has_ping;
    uint32_t control_count;
    struct jtp_ack ack;
    struct jtp_cookie cookie; /* RETRY: the one to come back with */
    struct jtp_open open;
    struct jtp_answer answer;
    struct jtp_control controls[JTP_MAX_CONTROLS];
    struct jtp_data data;
    uint8_t reason; /* REFUSE */
    uint32_t retry_after_us; /* REFUSE */
    struct jtp_load load; /* REFUSE, LOAD */
    uint64_t boot, sequence; /* LOAD */
};

/* Whether the receiver owes an acknowledgement for it. */
static inline bool jtp_packet_elicits_ack(const struct jtp_packet *packet)
{
    return packet->has_open || packet->has_answer || packet->has_data || packet->has_ping ||
           packet->control_count > 0;
}

/* Reads a datagram. -EPROTO: not JTP, or not this version (the header is filled if it is JTP);
 * -EILSEQ: the checksum is wrong; -EBADMSG: it breaks the format. */
int jtp_packet_read(const uint8_t *bytes, size_t count, struct jtp_packet *packet);

/* Puts frames into the caller's memory. A frame that does not fit sets is_full, and so do all that
 * follow; sizes can be asked for first. */
struct jtp_writer {
    uint8_t *bytes;
    size_t count, capacity;
    bool is_full;
};

void jtp_writer_begin(struct jtp_writer *writer, uint8_t *memory, size_t capacity,
                      const struct jtp_header *header);
void jtp_write_ack(struct jtp_writer *writer, const struct jtp_ack *ack);
void jtp_write_cookie(struct jtp_writer *writer, const struct jtp_cookie *cookie);
void jtp_write_open(struct jtp_writer *writer, const struct jtp_open *open);
void jtp_write_answer(struct jtp_writer *writer, const struct jtp_answer *answer);
void jtp_write_control(struct jtp_writer *writer, const struct jtp_control *control);
void jtp_write_ping(struct jtp_writer *writer);

/* The head of the DATA frame; its payload, data->length bytes, follows the writer's bytes. */
void jtp_write_data(struct jtp_writer *writer, const struct jtp_data *data);

/* Says that zeros follow the writer's bytes up to the datagram's end. */
void jtp_write_padding(struct jtp_writer *writer);

/* The checksum over the writer's bytes and what follows them; last of all. */
void jtp_writer_finish(struct jtp_writer *writer, const uint8_t *payload, size_t payload_bytes);

size_t jtp_ack_bytes(const struct jtp_ack *ack);
size_t jtp_control_bytes(uint8_t type); /* 0: no such control */

/* The datagrams without a connection's state, whole; memory of at least the bytes returned. */
size_t jtp_write_retry(uint8_t *memory, const struct jtp_header *to,
                       const struct jtp_cookie *cookie);
size_t jtp_write_refuse(uint8_t *memory, const struct jtp_header *to, enum jtp_reason reason,
                        uint32_t retry_after_us, const struct jtp_load *load);
size_t jtp_write_probe(uint8_t *memory, uint64_t nonce);
size_t jtp_write_load(uint8_t *memory, const struct jtp_header *to, const struct jtp_load *load,
                      uint64_t boot, uint64_t sequence);

/* Little-endian numbers at any address. */
static inline void jtp_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void jtp_put_u32(uint8_t *at, uint32_t value)
{
    jtp_put_u16(at, (uint16_t)value);
    jtp_put_u16(at + 2, (uint16_t)(value >> 16));
}

static inline void jtp_put_u64(uint8_t *at, uint64_t value)
{
    jtp_put_u32(at, (uint32_t)value);
    jtp_put_u32(at + 4, (uint32_t)(value >> 32));
}

static inline uint16_t jtp_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t jtp_get_u32(const uint8_t *at)
{
    return jtp_get_u16(at) | (uint32_t)jtp_get_u16(at + 2) << 16;
}

static inline uint64_t jtp_get_u64(const uint8_t *at)
{
    return jtp_get_u32(at) | (uint64_t)jtp_get_u32(at + 4) << 32;
}

/* The connection of a datagram of JTP_HEADER_BYTES or more, which may be anything yet: for whoever
 * sorts datagrams by connection before they are read. */
static inline uint64_t jtp_peek_connection(const uint8_t *bytes)
{
    return jtp_get_u64(bytes + 8);
}

#endif
