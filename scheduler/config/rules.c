/* The rules between options. */
#include "scheduler/config/rules.h"

#include "scheduler/config/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct checker {
    const struct jointd_config *config;
    const struct config_places *places;
    const char *file;
    struct config_errors *errors;
};

/* The line of the first of these options ("section.option") that the file names. */
static uint32_t line_of(const struct checker *checker, const char *const *names)
{
    for (; *names; names++) {
        const char *dot = strchr(*names, '.');
        const struct config_section *section = config_section_find(*names, (size_t)(dot - *names));
        uint32_t line =
            config_places_line(checker->places, section, 0, config_option_find(section, dot + 1));
        if (line)
            return line;
    }
    return 0;
}

/* The rule about these options, the one at fault first, does not hold. */
static void broken(const struct checker *checker, const char *first, const char *second,
                   const char *what)
{
    const char *const names[] = {first, second, NULL};
    config_errors_add(checker->errors, checker->file, line_of(checker, names), "%s: %s", first,
                      what);
}

static void check_listen(const struct checker *checker)
{
    const struct server_section *server = &checker->config->server;
    for (uint32_t i = 0; i < server->listen.count; i++) {
        const struct config_address *address = &server->listen.items[i];
        if (config_address_is_multicast(address))
            broken(checker, "server.listen", NULL,
                   "a multicast address, nobody listens on it: name one of this host's own");
        if (config_address_is_any(address) && server->listen.count > 1 &&
            !config_address_is_v4(address))
            broken(checker, "server.listen", NULL,
                   ":: is every address already, leave out the others or it");
    }
    const struct config_addresses *http = &checker->config->api.listen;
    for (uint32_t i = 0; i < http->count; i++)
        if (config_address_is_multicast(&http->items[i]))
            broken(checker, "api.listen", NULL,
                   "a multicast address, nobody listens on it: name one of this host's own");
}

static void check_public(const struct checker *checker)
{
    static const char what[] =
        "a public address, and plain JTP is not encrypted: name a private one, or write "
        "server.allow_public = yes";
    const struct jointd_config *config = checker->config;
    if (config->server.allow_public)
        return;
    for (uint32_t i = 0; i < config->server.listen.count; i++)
        if (config_address_is_public(&config->server.listen.items[i])) {
            broken(checker, "server.listen", NULL, what);
            break;
        }
    if (!jointd_config_uses_dpdk(config))
        return;
    if (config->dataplane.address_v4.has_value &&
        config_address_is_public(&config->dataplane.address_v4.address))
        broken(checker, "dataplane.address_v4", NULL, what);
    if (config->dataplane.address_v6.has_value &&
        config_address_is_public(&config->dataplane.address_v6.address))
        broken(checker, "dataplane.address_v6", NULL, what);
}

static void check_gateway(const struct checker *checker, const struct config_prefix *gateway,
                          const struct config_prefix *address, const char *gateway_name,
                          const char *address_name)
{
    if (!gateway->has_value)
        return;
    if (!address->has_value)
        broken(checker, gateway_name, address_name, "given without an address, give that too");
    else if (!config_prefix_has(address, &gateway->address))
        broken(checker, gateway_name, address_name,
               "outside of the address's network, name one inside or correct the prefix");
}

static void check_dataplane(const struct checker *checker)
{
    const struct dataplane_section *dataplane = &checker->config->dataplane;
    if (dataplane->port == CONFIG_PORT_DPDK && !dataplane->device[0])
        broken(checker, "dataplane.port", NULL,
               "dpdk without a device, name one (dataplane.device) or write port = uring");
    if (jointd_config_uses_dpdk(checker->config) && !dataplane->address_v4.has_value &&
        !dataplane->address_v6.has_value)
        broken(checker, "dataplane.device", "dataplane.port",
               "dpdk without an IP address, give dataplane.address_v4 or address_v6");
    if (dataplane->cores.count && dataplane->cores.count != dataplane->queues)
        broken(checker, "dataplane.cores", "dataplane.queues",
               "not as many as queues, name one a queue or none");
    check_gateway(checker, &dataplane->gateway_v4, &dataplane->address_v4, "dataplane.gateway_v4",
                  "dataplane.address_v4");
    check_gateway(checker, &dataplane->gateway_v6, &dataplane->address_v6, "dataplane.gateway_v6",
                  "dataplane.address_v6");
}

/* A slab's largest spans hold four maximal tensors, each of these in whole lines of 64 bytes; none
 * has less than 4096 lines. */
static uint64_t span_bytes(uint64_t max_tensor_bytes)
{
    const uint64_t bytes = 4 * ((max_tensor_bytes + 63) / 64 * 64);
    return bytes < 4096 * 64 ? 4096 * 64 : bytes;
}

/* Each of so many parts, in whole pages, holds a span. */
static void check_slab(const struct checker *checker, const char *name, uint64_t bytes,
                       uint64_t parts)
{
    const struct config_option *option =
        config_option_find(config_section_find("memory", 6), "max_tensor");
    const uint64_t span = span_bytes(checker->config->memory.max_tensor_bytes);
    if (bytes / parts / 4096 * 4096 >= span)
        return;
    const uint64_t least = parts * ((span + 4095) / 4096 * 4096);
    char *has = config_value_text(option, &bytes);
    char *needs = config_value_text(option, &least);
    char *tensor = config_value_text(option, &checker->config->memory.max_tensor_bytes);
    char what[320];
    snprintf(what, sizeof(what),
             "%s, but %llu queue%s with four tensors of max_tensor = %s each need %s: enlarge it, "
             "or lessen memory.max_tensor%s",
             has ? has : "?", (unsigned long long)parts, parts > 1 ? "s" : "",
             tensor ? tensor : "?", needs ? needs : "?", parts > 1 ? " or dataplane.queues" : "");
    broken(checker, name, "memory.max_tensor", what);
    free(has);
    free(needs);
    free(tensor);
}

static void check_memory(const struct checker *checker)
{
    const struct memory_section *memory = &checker->config->memory;
    const uint64_t queues = checker->config->dataplane.queues;
    check_slab(checker, "memory.request_slab", memory->request_slab_bytes, queues);
    check_slab(checker, "memory.response_slab", memory->response_slab_bytes, 1);
    if (memory->slots < 4 * queues)
        broken(checker, "memory.slots", "dataplane.queues",
               "fewer than four a queue, enlarge it or lessen dataplane.queues");
}

static void check_sizes(const struct checker *checker)
{
    const struct jointd_config *config = checker->config;
    if (config->workers.cores.count && config->workers.threads > CONFIG_MAX_WORKER_CORES)
        broken(checker, "workers.threads", "workers.cores",
               "more than 64 with cores of their own, lessen it or leave out workers.cores");
    if (config->workers.cores.count &&
        config->workers.cores.count != config->workers.count * config->workers.threads)
        broken(checker, "workers.cores", "workers.count",
               "not count x threads of them, name one for each thread or none");
    if (config->workers.restart_delay_ns > config->workers.restart_delay_max_ns)
        broken(checker, "workers.restart_delay", "workers.restart_delay_max",
               "over restart_delay_max, lessen it or enlarge that");
    if (!config->api.tls_certificate[0] != !config->api.tls_key[0])
        broken(checker, "api.tls_certificate", "api.tls_key",
               "a certificate needs its key, and the other way around: name both or none");
    if (config->load.min_poll_ns > config->load.valid_ns)
        broken(checker, "load.min_poll", "load.valid",
               "over valid, so reports expire before the next: lessen it or enlarge load.valid");
    if (config->limits.max_requests_per_client > config->limits.max_requests)
        broken(checker, "limits.max_requests_per_client", "limits.max_requests",
               "over max_requests, lessen it or enlarge that");
}

static void check_control(const struct checker *checker)
{
    const struct server_section *server = &checker->config->server;
    if (server->control[0] && strcmp(server->control, "auto") != 0 && server->control[0] != '/')
        broken(checker, "server.control", NULL,
               "does not begin with '/', so clients elsewhere would not find it: write auto or the "
               "whole path");
    if (strchr(server->name, '/'))
        broken(checker, "server.name", NULL,
               "has a '/', and files are named after it: leave it out");
}

static void check_log(const struct checker *checker)
{
    const struct log_section *log = &checker->config->log;
    if (log->requests != CONFIG_REQUESTS_OFF && !log->file[0])
        broken(checker, "log.requests", "log.file",
               "needs a file for the lines: write file = PATH below [log], or requests = off");
}

static void check_models(const struct checker *checker)
{
    const struct config_section *section = config_section_find("model", 5);
    for (uint32_t i = 0; i < checker->config->model_count; i++) {
        const struct model_section *model = &checker->config->models[i];
        if (model->path[0])
            continue;
        uint32_t line = config_places_line(checker->places, section, i, NULL);
        if (!config_places_line(checker->places, section, i, config_option_find(section, "path")))
            config_errors_add(checker->errors, checker->file, line,
                              "model.%s.path: missing, write path = FILE.onnx", model->name);
    }
}

void config_rules_check(const struct jointd_config *config, const struct config_places *places,
                        const char *file, struct config_errors *errors)
{
    const struct checker checker = {config, places, file, errors};
    check_listen(&checker);
    check_public(&checker);
    check_dataplane(&checker);
    check_memory(&checker);
    check_sizes(&checker);
    check_control(&checker);
    check_log(&checker);
    check_models(&checker);
}
