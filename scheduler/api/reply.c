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

struct reply reply_error(struct page_text *body, unsigned status, const char *format, ...)
{
    char what[ERROR_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    page_text_clear(body);
    page_text_add(body, "{\"error\":");
    page_text_add_json_string(body, what);
    page_text_add(body, "}\n");
    return (struct reply){.status = status, .body = body};
}
