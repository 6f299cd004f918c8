/* Errors as JSON. */
#include "scheduler/api/reply.h"

#include <stdarg.h>
#include <stdio.h>

#define ERROR_BYTES 512

struct reply reply_empty(struct page_text *body, unsigned status)
{
    page_text_clear(body);
    return (struct reply){.status = status, .body = body};
}

static struct reply write(struct page_text *body, unsigned status, uint64_t retry_ns,
                          const char *format, va_list arguments)
{
    char what[ERROR_BYTES];
    vsnprintf(what, sizeof(what), format, arguments);
    page_text_clear(body);
    page_text_add(body, "{\"error\":");
    page_text_add_json_string(body, what);
    if (retry_ns) {
        page_text_add(body, ",\"retry_after_ms\":");
        page_text_add_ms(body, retry_ns);
    }
    page_text_add(body, "}\n");
    return (struct reply){.status = status, .body = body, .retry_ns = retry_ns};
}

struct reply reply_error(struct page_text *body, unsigned status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const struct reply reply = write(body, status, 0, format, arguments);
    va_end(arguments);
    return reply;
}

struct reply reply_retry(struct page_text *body, unsigned status, uint64_t retry_ns,
                         const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const struct reply reply = write(body, status, retry_ns, format, arguments);
    va_end(arguments);
    return reply;
}
