/* A reply with its headers, for libmicrohttpd. */
#include "scheduler/api/answer.h"

#include <microhttpd.h>
#include <stdio.h>

#define SECOND_NS UINT64_C(1000000000)

struct MHD_Response *answer_make(struct pages *pages, const struct reply *reply,
                                 const char *orca_format)
{
    const struct page_text *body = reply->body;
    const bool has_bytes = !body->has_failed && body->length > 0;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        has_bytes ? body->length : 0, has_bytes ? body->bytes : NULL, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return NULL;
    const char *orca = reply->has_orca || orca_format ? pages_orca(pages, orca_format) : NULL;
    if (has_bytes)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                reply->type ? reply->type : "application/json");
    if (reply->etag)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
    if (orca)
        MHD_add_response_header(response, "endpoint-load-metrics", orca);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (reply->allow)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (reply->status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (reply->retry_ns) {
        char seconds[24];
        snprintf(seconds, sizeof(seconds), "%llu",
                 (unsigned long long)((reply->retry_ns + SECOND_NS - 1) / SECOND_NS));
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    return response;
}
