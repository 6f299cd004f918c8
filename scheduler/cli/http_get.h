/* One page over HTTP/1.1, for what a probe cannot say. No TLS, no redirects. */
#ifndef SCHEDULER_CLI_HTTP_GET_H
#define SCHEDULER_CLI_HTTP_GET_H

#include <stddef.h>
#include <stdint.h>

struct http_page {
    int status; /* 200 */
    char *body; /* owned; ends with 0 */
    size_t length;
};

/* GET of the path at HOST:PORT, all of it within so long. 0; -EINVAL: not of this form;
 * -EHOSTUNREACH: no such name; -ETIMEDOUT; -EPROTO: that was no HTTP; -EMSGSIZE: over 16 MiB; or
 * -errno. A body that ends early is what has come of it. */
int http_get(const char *address, const char *path, uint64_t patience_ns, struct http_page *page);
void http_page_fini(struct http_page *page); /* accepts NULL and zeroed */

#endif
