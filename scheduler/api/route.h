/* The routes: which paths there are, which method each takes, and what may come of it. One table,
 * so that what is served, what OPTIONS says and what /v2/openapi.json says cannot part. */
#ifndef SCHEDULER_API_ROUTE_H
#define SCHEDULER_API_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#define ROUTE_NAME_BYTES 256u /* of a model in a path, with its end */

enum route_page {
    ROUTE_SERVER,
    ROUTE_OPENAPI,
    ROUTE_LIVE,
    ROUTE_READY,
    ROUTE_LOAD,
    ROUTE_MODELS,
    ROUTE_MODEL,
    ROUTE_MODEL_READY,
    ROUTE_MODEL_STATS,
    ROUTE_STATS,
    ROUTE_INFER,
    ROUTE_INDEX,
    ROUTE_LOAD_MODEL,
    ROUTE_UNLOAD_MODEL,
    ROUTE_METRICS,
};

/* GET also takes HEAD, and neither takes a body: 400. Each path takes OPTIONS. */
enum route_method { ROUTE_GET, ROUTE_POST };

struct route_parameter {
    const char *name; /* NULL ends a list */
    bool is_header; /* else it stands behind the path's "?" */
    const char *type; /* of JSON's schema: "string", "integer" */
    const char *help;
};

struct route_answer {
    unsigned status; /* 0 ends a list */
    const char *help;
};

struct route {
    enum route_page page;
    enum route_method method;
    const char *pattern; /* words between slashes; {model} and {version} stand for any */
    const char *help;
    const char *type; /* of the body when all is well; NULL: application/json */
    struct route_parameter parameters[9];
    struct route_answer answers[10];
    bool needs_token;
    const char *body_help; /* of a POST: what its JSON says */
};

extern const struct route routes[];
extern const uint32_t route_count;

struct route_match {
    const struct route *route;
    char model[ROUTE_NAME_BYTES]; /* "" if the pattern has none */
    uint32_t version; /* 0: none */
};

enum route_result {
    ROUTE_FOUND,
    ROUTE_UNKNOWN, /* no such path */
    ROUTE_NO_VERSION, /* there would be, with a number for a version */
};

/* The route of a path that was decoded; slashes at its end count for nothing. */
enum route_result route_find(const char *path, struct route_match *match);

/* "GET, HEAD, OPTIONS": for the header Allow. */
const char *route_allow(const struct route *route);
/* Whether the route takes a request of this method; OPTIONS aside. */
bool route_takes(const struct route *route, const char *method);

#endif
