/* What jointd tells joint-api over the first of the two sockets between them: first api_setup with
 * the load page (load_report.h), read-only; then an api_message for each thing that comes or goes,
 * with the read-only descriptors that its kind has. joint-api sends api_beat, a sign of life, and
 * api_change there. The second is an ingress's (ingress.h): its requests. */
#ifndef SHM_API_SETUP_H
#define SHM_API_SETUP_H

#include "shm/ingress.h"
#include "shm/load_report.h"

#define API_MAX_ADDRESSES 8u
#define API_NAME_BYTES 64u
#define API_TEXT_BYTES 256u
#define API_TOKEN_BYTES 256u
#define API_PATH_BYTES 1024u
#define API_MAX_MODELS INGRESS_MAX_MODELS
#define API_MAX_ROWS 1024u
#define API_CORES 1024u
#define API_CORE_WORDS (API_CORES / 64)
#define API_MAX_COUNTERS 65u /* jointd's, and those of each queue of the dataplane */

/* Of the requests that come over HTTP. */
struct api_infer_setup {
    uint64_t slab_bytes; /* of the request slab, all of it joint-api's */
    uint64_t max_tensor_bytes; /* the largest message that it takes; a span holds four */
    uint64_t max_answer_bytes;
    uint64_t max_json_bytes; /* the longest text of JSON */
    uint32_t slots; /* requests at once */
    uint32_t answer_slots; /* answers at once, of the whole service */
    uint32_t max_requests_per_client;
    uint32_t reserved;
};

/* jointd: sets all, from its configuration; joint-api: checks what indexes. Names end with 0. */
struct api_setup {
    uint32_t tcp_port;
    uint32_t address_count;
    uint8_t address[API_MAX_ADDRESSES][16]; /* IPv6, or IPv4 as ::ffff:a.b.c.d */
    uint32_t max_connections; /* on each address */
    uint32_t class_count;
    uint64_t request_ns; /* a connection on which no request was ended for so long is closed */
    uint32_t poll_exempt_count; /* addresses that may ask for the load as often as they like */
    uint32_t has_tls; /* TLS follows, nobody is served before */
    uint8_t poll_exempt[API_MAX_ADDRESSES][16];
    struct api_infer_setup infer;
    uint64_t worker_cores[API_CORE_WORDS]; /* bits: where nobody else is to run, if it can be */
    char server[API_NAME_BYTES];
    char class_name[LOAD_REPORT_MAX_CLASSES][API_NAME_BYTES];
};

enum api_message_kind {
    API_COUNTERS = 1, /* descriptor: counters; `number` of them, in place of any before */
    API_MODEL, /* descriptors: the model's table; then, or none: its statistics
                * (model_statistics.h), its load page (model_load.h) */
    API_MODEL_GONE,
    API_ROW, /* row `number` of what there is to load: name, version, status, text */
    API_ROWS_END, /* there are `number` rows, and this is how they all are */
    API_TLS, /* descriptors: files of the certificate and of the key, as PEM */
    API_ANSWER, /* to the change of ticket `number`: status, text */
};

enum api_model_state { /* a row's status */
                       API_MODEL_LOADING,
                       API_MODEL_READY,
                       API_MODEL_UNLOADING,
                       API_MODEL_UNAVAILABLE, /* text: why */
};

enum api_verdict { /* an answer's status */
                   API_DONE,
                   API_WRONG, /* the request makes no sense */
                   API_NO_TOKEN, /* none is configured, so nothing can be changed */
                   API_WRONG_TOKEN,
                   API_UNKNOWN, /* no such model */
                   API_FAILED, /* all as it was before */
                   API_BUSY, /* later */
};

struct api_message {
    uint32_t kind; /* enum api_message_kind */
    uint32_t number; /* COUNTERS: 0 jointd, 1 + q queue q; else jointd's number of the model */
    uint32_t version; /* MODEL, ROW */
    uint32_t status; /* ROW, ANSWER */
    char name[API_NAME_BYTES]; /* MODEL, ROW */
    char text[API_TEXT_BYTES]; /* ROW, ANSWER */
};

struct api_beat {
    uint64_t count;
};

enum api_change_kind { API_LOAD = 1, API_UNLOAD };

/* What somebody asks for over HTTP; each gets one ANSWER. Texts end with 0. */
struct api_change {
    uint32_t kind; /* enum api_change_kind */
    uint32_t ticket;
    uint32_t version; /* LOAD: as which it is served; 0: as it was */
    uint32_t reserved;
    char name[API_NAME_BYTES];
    char token[API_TOKEN_BYTES]; /* "": none was brought */
    char path[API_PATH_BYTES]; /* LOAD: inside of api.model_root; "": the configuration's */
};

static_assert(sizeof(struct api_infer_setup) == 48, "api_infer_setup");
static_assert(sizeof(struct api_setup) ==
                  400 + API_CORES / 8 + API_NAME_BYTES * LOAD_REPORT_MAX_CLASSES,
              "api_setup");
static_assert(sizeof(struct api_message) == 80 + API_TEXT_BYTES, "api_message");
static_assert(sizeof(struct api_change) == 80 + API_TOKEN_BYTES + API_PATH_BYTES, "api_change");

#endif
