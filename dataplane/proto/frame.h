/* What the reader and the writer of the wire format share: numbers and sizes of the frames. */
#ifndef DATAPLANE_PROTO_FRAME_H
#define DATAPLANE_PROTO_FRAME_H

#define JTP_MAGIC 0x544a /* "JT" in order of bytes */

enum jtp_frame {
    JTP_FRAME_PADDING = 0,
    JTP_FRAME_ACK = 1,
    JTP_FRAME_COOKIE = 2,
    JTP_FRAME_OPEN = 3,
    JTP_FRAME_DATA = 4,
    JTP_FRAME_ANSWER = 7,
    JTP_FRAME_PING = 11,
};

#define JTP_LOAD_BYTES 16
#define JTP_ACK_BYTES 16
#define JTP_ACK_RANGE_BYTES 8
#define JTP_COOKIE_BYTES 16
#define JTP_ANSWER_BYTES 40
#define JTP_GRANT_BYTES 12
#define JTP_PROGRESS_BYTES 8
#define JTP_REJECT_BYTES 28
#define JTP_CANCEL_BYTES 8
#define JTP_UNKNOWN_BYTES 8
#define JTP_QUERY_BYTES 8
#define JTP_PING_BYTES 1

#endif
