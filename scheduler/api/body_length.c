/* Reads Content-Length and Transfer-Encoding more strictly than libmicrohttpd does. */
#include "scheduler/api/body_length.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_DIGITS 18u

struct said {
    uint32_t count;
    bool is_plain;
};

static bool is_length(const char *name)
{
    return strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
}

static bool is_coding(const char *name)
{
    return strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
}

static bool is_digits(const char *value)
{
    const size_t length = strlen(value);
    return length > 0 && length <= MOST_DIGITS && strspn(value, "0123456789") == length;
}

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *name,
                            const char *value)
{
    struct said *said = context;
    if (!name[0] || strpbrk(name, " \t"))
        said->is_plain = false; /* "Content-Length : 5" is one to some */
    if (is_length(name))
        said->is_plain = said->is_plain && value && is_digits(value);
    else if (is_coding(name))
        said->is_plain = said->is_plain && value && strcasecmp(value, "chunked") == 0;
    else
        return MHD_YES;
    said->count++;
    return MHD_YES;
}

static const char *length_of(struct MHD_Connection *connection)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
}

bool body_length_has(struct MHD_Connection *connection)
{
    const char *length = length_of(connection);
    return (length && strcmp(length, "0") != 0) ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                       MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

bool body_length_is_clear(struct MHD_Connection *connection)
{
    struct said said = {.is_plain = true};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, look, &said);
    return said.is_plain && said.count <= 1;
}

uint64_t body_length_announced(struct MHD_Connection *connection)
{
    const char *length = length_of(connection);
    return length ? strtoull(length, NULL, 10) : 0;
}
