/* What the files of inference over HTTP have in common: one request of one connection. */
#ifndef SCHEDULER_API_INFER_CALL_H
#define SCHEDULER_API_INFER_CALL_H

#include "scheduler/api/infer.h"
#include "scheduler/api/infer_plan.h"

#define INFER_ID_BYTES 256u

enum infer_call_state {
    INFER_FREE,
    INFER_TEXT, /* its JSON arrives */
    INFER_BINARY, /* its tensors do, into their place */
    INFER_DROP, /* it has a fault; the rest of its body is dropped */
    INFER_WAITING, /* with jointd; suspended */
    INFER_ENDED, /* jointd has answered, or nobody waits: fault or response say what */
};

struct infer_call {
    enum infer_call_state state;
    struct infer_call *next_free;
    struct infer *infer;
    struct MHD_Connection *connection;
    uint64_t opened_ns;
    char model_name[INGRESS_NAME_BYTES];
    uint32_t version; /* 0: the newest */
    char *text; /* owned: the JSON */
    size_t text_bytes, text_used, text_room;
    uint64_t binary_bytes; /* that follow the JSON */
    uint32_t piece; /* where the next byte of these belongs */
    uint64_t piece_used;
    bool has_slot; /* a place, not yet submitted */
    uint32_t slot;
    unsigned char *place;
    uint32_t model;
    char id[INFER_ID_BYTES]; /* as it stood there, quotes and escapes included; "": none */
    struct infer_plan plan;
    struct infer_fault fault;
    struct MHD_Response *response; /* owned; of an answer */
};

/* infer_head.c: what path and headers say, before the body is asked for. */
void infer_begin(struct infer_call *call, const struct route_match *match);
bool infer_wants_body(const struct infer_call *call);

/* infer_body.c */
void infer_take_body(struct infer_call *call, const char *bytes, size_t count);
/* The body is whole: submitted (true), or it has a fault. */
bool infer_submit(struct infer_call *call);
void infer_drop_text(struct infer_call *call);

/* infer_answer.c: makes call->response or call->fault of what jointd said. */
void infer_make_answer(struct infer_call *call, const struct ingress_finished *finished,
                       const unsigned char *bytes);
/* Queues it. */
enum MHD_Result infer_respond(struct infer_call *call);

#endif
