/* The checks that need no body, so that it need not be sent: method, sizes, encodings, the model,
 * and whether the service takes requests at all. */
#include "scheduler/api/infer_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STALE_FACTOR 10u /* a load so many times older than it is valid */
/* A body up to here is read and dropped if it has a fault: closing the connection under it could
 * take the answer with it. */
#define DROP_BYTES (UINT64_C(8) << 20)

static const char *header(const struct infer_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

/* False: there are other things than digits, or more than a size can be. */
static bool read_size(const char *text, uint64_t *size)
{
    char *end;
    errno = 0;
    *size = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : UINT64_MAX;
    return *size != UINT64_MAX && !errno && !*end;
}

static bool check_model(struct infer_call *call, const struct route_match *match)
{
    const size_t length = strlen(match->model);
    call->version = match->version;
    if (length < sizeof(call->model_name))
        memcpy(call->model_name, match->model, length + 1);
    return infer_models_find(&call->infer->ring.models, call->model_name, call->version) >= 0 ||
           infer_fault_set(&call->fault, 404, "unknown_model",
                           "no model %.63s%s takes requests; /v2/models lists them", match->model,
                           match->version ? " of that version" : "");
}

static bool check_sizes(struct infer_call *call)
{
    const struct api_infer_setup *setup = &call->infer->ring.setup;
    const char *length = header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *text = header(call, "Inference-Header-Content-Length");
    uint64_t body_bytes, text_bytes;
    if (!length)
        return infer_fault_set(&call->fault, 411, "no_length",
                               "Content-Length is missing, say how long the body is; chunks are "
                               "not taken");
    if (!read_size(length, &body_bytes))
        return infer_fault_set(&call->fault, 400, "bad_request", "Content-Length: no number");
    text_bytes = body_bytes;
    if (text && (!read_size(text, &text_bytes) || text_bytes > body_bytes))
        return infer_fault_set(&call->fault, 400, "bad_request",
                               "Inference-Header-Content-Length: the bytes of the JSON at the "
                               "body's begin are meant");
    if (text_bytes == 0)
        return infer_fault_set(&call->fault, 400, "bad_request",
                               "the body: JSON with \"inputs\" is meant");
    if (text_bytes > setup->max_json_bytes)
        return infer_fault_set(&call->fault, 413, "too_large",
                               "the JSON is over %llu bytes; send tensors as bytes after it, or "
                               "enlarge api.max_json",
                               (unsigned long long)setup->max_json_bytes);
    if (body_bytes - text_bytes > setup->max_tensor_bytes)
        return infer_fault_set(&call->fault, 413, "too_large",
                               "the tensors are over %llu bytes; send fewer rows, or enlarge "
                               "api.request_slab and memory.max_tensor",
                               (unsigned long long)setup->max_tensor_bytes);
    call->text_bytes = text_bytes;
    call->binary_bytes = body_bytes - text_bytes;
    return true;
}

static bool check_types(struct infer_call *call)
{
    const char *encoding = header(call, MHD_HTTP_HEADER_CONTENT_ENCODING);
    const char *type = header(call, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (encoding && strcasecmp(encoding, "identity") != 0)
        return infer_fault_set(&call->fault, 415, "bad_encoding",
                               "Content-Encoding: send it as it is, not compressed");
    if (type && strncasecmp(type, "multipart/", 10) == 0)
        return infer_fault_set(&call->fault, 415, "bad_type",
                               "Content-Type: no forms; curl sends a file by --data-binary @FILE");
    return true;
}

static bool check_service(struct infer_call *call)
{
    const struct view_load *load = pages_load(call->infer->pages);
    if (call->infer->ring.is_draining || (load && load->report.state == LOAD_DRAINING))
        return infer_fault_set(&call->fault, 503, "draining",
                               "the service is about to end; ask another one, or later");
    if (!load)
        return infer_fault_set(&call->fault, 503, "loading", "it has just begun; ask again");
    return pages_age_ns(call->infer->pages) <= STALE_FACTOR * load->report.valid_ns ||
           infer_fault_set(&call->fault, 503, "stale", "jointd does not move; ask again later");
}

void infer_begin(struct infer_call *call, const struct route_match *match)
{
    const bool is_good =
        check_service(call) && check_model(call, match) && check_types(call) && check_sizes(call);
    call->state = is_good ? INFER_TEXT : INFER_DROP;
}

bool infer_wants_body(const struct infer_call *call)
{
    const char *length = header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t bytes;
    if (call->state != INFER_DROP)
        return true;
    return length && read_size(length, &bytes) && bytes <= DROP_BYTES &&
           !header(call, MHD_HTTP_HEADER_EXPECT);
}
