/* The table of routes, and finding one of them. */
#include "scheduler/api/route.h"

#include <stddef.h>
#include <string.h>

#define ORCA_FORMAT                                                                                \
    {                                                                                              \
        "endpoint-load-metrics-format", true, "string",                                            \
            "TEXT or JSON: the answer carries the load as ORCA's header endpoint-load-metrics"     \
    }

#define INFER(path)                                                                                \
    {                                                                                              \
        .page = ROUTE_INFER, .method = ROUTE_POST, .pattern = path,                                \
        .help = "Runs a model, whole or between two cuts (Open Inference Protocol v2).",           \
        .parameters = {{"Inference-Header-Content-Length", true, "integer",                        \
                        "where the JSON ends and the bytes of the tensors begin"},                 \
                       ORCA_FORMAT},                                                               \
        .body_help =                                                                               \
            "inputs: name, shape [rows, ...], datatype, and data or parameters.binary_data_size; " \
            "outputs: name, parameters.binary_data; id; parameters: from, to, deadline_us, "       \
            "class, "                                                                              \
            "client, binary_data_output.",                                                         \
        .answers = {                                                                               \
            {200, "outputs, and parameters: batch, queue_us, compute_us."},                        \
            {400, "What the request says cannot be: error, reason."},                              \
            {404, "No such model, version or cut."},                                               \
            {411, "It does not say how long it is."},                                              \
            {413, "Its JSON or its tensors are too large."},                                       \
            {415, "It is compressed, or a form."},                                                 \
            {429, "This client has as many requests open as it may."},                             \
            {500, "It could not be computed."},                                                    \
            {503, "Overloaded, infeasible deadline, no memory, draining: reason, retry_after_ms, " \
                  "load."},                                                                        \
        }                                                                                          \
    }

#define CHANGE_ANSWERS                                                                             \
    {401, "The secret is missing or wrong."}, {403, "No secret is configured."},                   \
        {404, "No such model."}, {413, "The body is over 4096 bytes."},                            \
    {                                                                                              \
        503, "Too many changes at once, or jointd is draining."                                    \
    }

const struct route routes[] = {
    {.page = ROUTE_SERVER,
     .pattern = "/v2",
     .help = "Name, version and extensions of the server.",
     .parameters = {ORCA_FORMAT},
     .answers = {{200, "The server."}}},
    {.page = ROUTE_OPENAPI,
     .pattern = "/v2/openapi.json",
     .help = "This document.",
     .answers = {{200, "OpenAPI 3."}}},
    {.page = ROUTE_LIVE,
     .pattern = "/v2/health/live",
     .help = "Whether the process answers.",
     .answers = {{200, "It does."}}},
    {.page = ROUTE_READY,
     .pattern = "/v2/health/ready",
     .help = "Whether requests are taken.",
     .parameters = {{"fail_on_overload", false, "string",
                     "any but 0: a server that turns requests away is not ready either"}},
     .answers = {{200, "They are."}, {503, "They are not: the body says why."}}},
    {.page = ROUTE_LOAD,
     .pattern = "/v2/load",
     .help = "The load: queues, predicted wait, and what is left from each cut of each model.",
     .parameters = {{"model", false, "string", "only this model"},
                    {"class", false, "string", "only this class"},
                    {"include", false, "string", "only these parts: classes, models"},
                    {"watch", false, "string",
                     "any but 0: server-sent events, one when what was asked for has changed"},
                    {"interval_ms", false, "integer",
                     "the least time between two events; min_poll_ms holds as well"},
                    {"If-None-Match", true, "string", "the ETag of the load that is known"},
                    ORCA_FORMAT},
     .answers = {{200, "The load, schema joint.load/1; watched: as text/event-stream."},
                 {304, "The one that is known is the newest."},
                 {400, "include or interval_ms makes no sense, or the request brings a body."},
                 {404, "No such model or class."},
                 {429, "This address asked more often than min_poll_ms."},
                 {503, "No load was published yet, or too many watch it already."}}},
    {.page = ROUTE_MODELS,
     .pattern = "/v2/models",
     .help = "The models that take requests.",
     .answers = {{200, "Their names and versions."}}},
    {.page = ROUTE_STATS, /* before a model of that name */
     .pattern = "/v2/models/stats",
     .help = "Statistics of all models, as Triton's extension has them.",
     .answers = {{200, "model_stats: an object for each."}}},
    {.page = ROUTE_MODEL,
     .pattern = "/v2/models/{model}",
     .help = "A model: inputs, outputs and cuts, with what is left from each.",
     .answers = {{200, "Its newest version."}, {404, "It takes no requests."}}},
    {.page = ROUTE_MODEL_READY,
     .pattern = "/v2/models/{model}/ready",
     .help = "Whether a model takes requests.",
     .answers = {{200, "It does."}, {404, "It does not."}}},
    {.page = ROUTE_MODEL,
     .pattern = "/v2/models/{model}/versions/{version}",
     .help = "A version of a model.",
     .answers = {{200, "That version."}, {404, "It takes no requests."}}},
    {.page = ROUTE_MODEL_READY,
     .pattern = "/v2/models/{model}/versions/{version}/ready",
     .help = "Whether a version of a model takes requests.",
     .answers = {{200, "It does."}, {404, "It does not."}}},
    {.page = ROUTE_MODEL_STATS,
     .pattern = "/v2/models/{model}/stats",
     .help = "Statistics of a model: requests, queueing, computing, and that for each batch size.",
     .answers = {{200, "model_stats, of one."}, {404, "It takes no requests."}}},
    {.page = ROUTE_MODEL_STATS,
     .pattern = "/v2/models/{model}/versions/{version}/stats",
     .help = "Statistics of a model; a newer version goes on where the older one was.",
     .answers = {{200, "model_stats, of one."}, {404, "It takes no requests."}}},
    INFER("/v2/models/{model}/infer"),
    INFER("/v2/models/{model}/versions/{version}/infer"),
    {.page = ROUTE_INDEX,
     .method = ROUTE_POST,
     .pattern = "/v2/repository/index",
     .help = "What there is to load, and how each is.",
     .body_help = "ready: true for only those that take requests.",
     .answers = {{200, "A list of name, version, state, reason."},
                 {400, "The body makes no sense."},
                 {413, "The body is over 4096 bytes."}}},
    {.page = ROUTE_LOAD_MODEL,
     .method = ROUTE_POST,
     .pattern = "/v2/repository/models/{model}/load",
     .help = "Loads a model, or its file anew; answered when it takes requests.",
     .body_help = "parameters: version, as which it is served; path, of a file inside of "
                  "api.model_root.",
     .needs_token = true,
     .answers = {{200, "It takes requests."},
                 {400, "The body makes no sense, or the model cannot be loaded: the body says why, "
                       "and the one before it serves on."},
                 CHANGE_ANSWERS}},
    {.page = ROUTE_UNLOAD_MODEL,
     .method = ROUTE_POST,
     .pattern = "/v2/repository/models/{model}/unload",
     .help = "Unloads a model; answered when its last request has ended.",
     .body_help = "parameters: unload_dependents, of which there are none.",
     .needs_token = true,
     .answers = {{200, "It is gone."}, {400, "The body makes no sense."}, CHANGE_ANSWERS}},
    {.page = ROUTE_METRICS,
     .pattern = "/metrics",
     .help = "For Prometheus; as OpenMetrics where Accept names it.",
     .type = "text/plain",
     .parameters = {{"Accept", true, "string", "application/openmetrics-text, or any other"}},
     .answers = {{200, "All metrics."}}},
};
const uint32_t route_count = sizeof(routes) / sizeof(routes[0]);

/* 0: it is no version. */
static uint32_t read_version(const char *word, size_t length)
{
    uint64_t version = 0;
    for (size_t i = 0; i < length; i++) {
        if (word[i] < '0' || word[i] > '9')
            return 0;
        version = version * 10 + (uint64_t)(word[i] - '0');
        if (version > UINT32_MAX)
            return 0;
    }
    return (uint32_t)version;
}

/* Whether a word of the path is what the pattern asks for there; takes what it stands for. */
static enum route_result take_word(struct route_match *match, const char *asked, size_t asked_bytes,
                                   const char *word, size_t bytes)
{
    if (asked[0] != '{')
        return asked_bytes == bytes && memcmp(asked, word, bytes) == 0 ? ROUTE_FOUND
                                                                       : ROUTE_UNKNOWN;
    if (bytes == 0)
        return ROUTE_UNKNOWN;
    if (asked[1] == 'v') {
        match->version = read_version(word, bytes);
        return match->version ? ROUTE_FOUND : ROUTE_NO_VERSION;
    }
    if (bytes >= sizeof(match->model))
        return ROUTE_UNKNOWN;
    memcpy(match->model, word, bytes);
    match->model[bytes] = '\0';
    return ROUTE_FOUND;
}

static enum route_result compare(struct route_match *match, const char *pattern, const char *path)
{
    enum route_result result = ROUTE_FOUND;
    match->model[0] = '\0';
    match->version = 0;
    while (*pattern && *path == '/') {
        pattern++;
        path++;
        const size_t asked = strcspn(pattern, "/"), bytes = strcspn(path, "/");
        const enum route_result word = take_word(match, pattern, asked, path, bytes);
        if (word == ROUTE_UNKNOWN)
            return word;
        if (word != ROUTE_FOUND)
            result = word;
        pattern += asked;
        path += bytes;
    }
    path += strspn(path, "/");
    return *pattern || *path ? ROUTE_UNKNOWN : result;
}

enum route_result route_find(const char *path, struct route_match *match)
{
    enum route_result best = ROUTE_UNKNOWN;
    for (uint32_t i = 0; i < route_count; i++) {
        match->route = &routes[i];
        const enum route_result result = compare(match, routes[i].pattern, path);
        if (result == ROUTE_FOUND)
            return result;
        if (result != ROUTE_UNKNOWN)
            best = result;
    }
    match->route = NULL;
    return best;
}

const char *route_allow(const struct route *route)
{
    return route->method == ROUTE_POST ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

bool route_takes(const struct route *route, const char *method)
{
    if (route->method == ROUTE_POST)
        return strcmp(method, "POST") == 0;
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}
