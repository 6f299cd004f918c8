/* `joint load`: asks a server how loaded it is, by a UDP probe, over HTTP, or both. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/command_line.h"
#include "scheduler/cli/http_get.h"
#include "scheduler/cli/live_screen.h"
#include "scheduler/cli/load_text.h"
#include "scheduler/cli/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "load"
#define DEFAULT_TRIES 5
#define DEFAULT_TIMEOUT_MS 200
#define DEFAULT_EVERY_S 1.0

struct load_options {
    const char *server, *http;
    uint32_t tries;
    double timeout_ms, every_s;
    bool watches, is_json;
};

/* What was heard, for one report. */
struct heard {
    struct load_probe_answer probe;
    json_t *load; /* owned; NULL: not asked over HTTP */
};

static const char about[] =
    "Asks a server for its load: one UDP datagram of 64 bytes, one back, nothing that the server\n"
    "has to remember. That says how long a request would wait, how busy the workers are, and the\n"
    "round-trip time. What does not fit into a datagram, each class and each model cut by cut, "
    "the\n"
    "server's HTTP knows: --http asks there too, or without --server only there.";

static const char notes[] =
    "'waits' is the wait that the server predicts for a request that came now; 'age' how old its\n"
    "numbers were when it told them. 'remaining' is how long a request would compute from each "
    "cut\n"
    "to the end in a batch as they are now, 'marginal' what it adds to that batch. With --watch a\n"
    "terminal is redrawn until q or Ctrl-C; elsewhere a line is printed each time until the\n"
    "program is ended, also where nobody answers. Servers refuse more than one question over HTTP\n"
    "in load.min_poll (50 ms) of one address. With --json and --http it is the server's own "
    "JSON.\n\n"
    "examples:\n"
    "  joint load --server 10.0.0.2:4470\n"
    "  joint load --server edge.lan:4470 --http edge.lan:4471 --watch --every 0.5\n"
    "  joint load --server [fd00::2]:4470 --json";

static void describe(struct load_options *options, struct command_line *line)
{
    *line = (struct command_line){.command = NAME,
                                  .usage = "--server HOST:PORT [--http HOST:PORT] [options]",
                                  .about = about,
                                  .notes = notes};
    command_line_add(line, (struct option){"server", "HOST:PORT", "whom to ask", OPTION_TEXT,
                                           &options->server, 0, 0, NULL});
    command_line_add_value(line, "http", "HOST:PORT", OPTION_TEXT, &options->http,
                           "the server's HTTP (api.port), for classes and models");
    command_line_add(line,
                     (struct option){"tries", "N", "probes, until one is answered (default 5)",
                                     OPTION_COUNT, &options->tries, 1, 60, NULL});
    command_line_add(line, (struct option){"timeout-ms", "T", "to wait for each (default 200)",
                                           OPTION_SECONDS, &options->timeout_ms, 0, 60000, NULL});
    command_line_add(line, (struct option){"watch", NULL, "ask again and again", OPTION_FLAG,
                                           &options->watches, 0, 0, NULL});
    command_line_add(line,
                     (struct option){"every", "S", "seconds between, with --watch (default 1)",
                                     OPTION_SECONDS, &options->every_s, 0, 86400, NULL});
    command_line_add(line, (struct option){"json", NULL, "print JSON, one line for each answer",
                                           OPTION_FLAG, &options->is_json, 0, 0, NULL});
}

/* A line. */
static int print_json(json_t *json)
{
    const int error = !json || json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0;
    json_decref(json);
    if (error)
        return command_fail(NAME, COMMAND_FAILED, "out of memory for the report");
    putchar('\n');
    return command_finish(NAME);
}

static json_t *pack_probe(const struct load_options *options,
                          const struct load_probe_answer *answer)
{
    const struct jtp_load *load = &answer->load;
    char boot[17];
    snprintf(boot, sizeof(boot), "%016" PRIx64, answer->boot);
    return json_pack("{s:o, s:s, s:I, s:s, s:f, s:f, s:I, s:I, s:f, s:f, s:f, s:I}", "server",
                     report_text(options->server), "boot_id", boot, "seq",
                     (json_int_t)answer->sequence, "state", load_text_state(load->state),
                     "predicted_wait_ms", load->predicted_wait_us / 1e3, "utilization",
                     load->utilization_permille / 1e3, "queued", (json_int_t)load->queued,
                     "credits", (json_int_t)load->credits, "switch_gain", load->switch_gain / 255.0,
                     "age_ms", load->age_us / 1e3, "rtt_ms", (double)answer->rtt_ns / 1e6, "tries",
                     (json_int_t)answer->tries);
}

static int fail(const struct load_options *options, int err)
{
    if (err == -ETIMEDOUT)
        return command_fail(NAME, COMMAND_FAILED,
                            "%s has not answered any of %" PRIu32
                            " probes; check that jointd runs there, that the port is its "
                            "server.port, and that no firewall drops UDP",
                            options->server, options->tries);
    if (err == -ECONNREFUSED)
        return command_fail(NAME, COMMAND_FAILED,
                            "nobody listens at %s; start jointd there, or give its server.port",
                            options->server);
    if (err == -EPROTO)
        return command_fail(NAME, COMMAND_FAILED,
                            "%s speaks another version of the protocol; use the 'joint' that came "
                            "with it",
                            options->server);
    return command_fail(NAME, COMMAND_FAILED, "cannot ask %s: %s", options->server, strerror(-err));
}

static int fail_http(const struct load_options *options, int error, int status)
{
    if (!error && status == 429)
        return command_fail(NAME, COMMAND_FAILED,
                            "http://%s was asked again before its load.min_poll was over; use a "
                            "longer --every",
                            options->http);
    if (!error)
        return command_fail(NAME, COMMAND_FAILED,
                            "http://%s/v2/load answered with status %d; is it joint-api?",
                            options->http, status);
    if (error == -EINVAL)
        return command_fail(NAME, COMMAND_MISUSED, "--http %s: give HOST:PORT, or [IPV6]:PORT",
                            options->http);
    if (error == -EHOSTUNREACH)
        return command_fail(NAME, COMMAND_FAILED, "--http %s: no such host is known",
                            options->http);
    return command_fail(NAME, COMMAND_FAILED,
                        "cannot ask http://%s: %s; [api] listen of its configuration says where "
                        "HTTP is served",
                        options->http, strerror(-error));
}

static int ask_http(const struct load_options *options, json_t **load)
{
    struct http_page page;
    const uint64_t patience_ns = (uint64_t)(options->timeout_ms * 1e6) * options->tries;
    const int error = http_get(options->http, "/v2/load", patience_ns, &page);
    if (error || page.status != 200) {
        const int status = page.status;
        http_page_fini(&page);
        return fail_http(options, error, status);
    }
    *load = json_loadb(page.body, page.length, 0, NULL);
    http_page_fini(&page);
    if (json_is_object(*load))
        return COMMAND_DONE;
    json_decref(*load);
    *load = NULL;
    return command_fail(NAME, COMMAND_FAILED, "http://%s/v2/load is no JSON; is it joint-api?",
                        options->http);
}

/* By all ways that were asked for. */
static int hear(const struct load_options *options, struct socket *socket, struct heard *heard)
{
    *heard = (struct heard){0};
    if (options->server) {
        const int error = load_probe(socket, options->tries, (uint64_t)(options->timeout_ms * 1e6),
                                     &heard->probe);
        if (error)
            return fail(options, error);
    }
    return options->http ? ask_http(options, &heard->load) : COMMAND_DONE;
}

static int show_screen(const struct load_text *text, const struct live_screen *live)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&bytes, &length);
    if (!file)
        return command_fail(NAME, COMMAND_FAILED, "out of memory");
    load_text_screen(text, live_screen_columns(live), file);
    if (live->is_live)
        fputs("\nq ends\n", file);
    fclose(file);
    if (bytes)
        live_screen_draw(live, bytes);
    free(bytes);
    return command_finish(NAME);
}

static int show(const struct load_options *options, const struct heard *heard,
                const struct live_screen *live)
{
    const struct load_text text = {.server = options->server ? options->server : options->http,
                                   .probe = options->server ? &heard->probe : NULL,
                                   .load = heard->load};
    if (options->is_json)
        return print_json(heard->load ? json_incref(heard->load)
                                      : pack_probe(options, &heard->probe));
    if (live->is_live || (heard->load && !options->watches))
        return show_screen(&text, live);
    load_text_line(&text, stdout);
    return command_finish(NAME);
}

static int ask(const struct load_options *options, struct socket *socket)
{
    struct live_screen live;
    int status;
    const int error = live_screen_init(&live, options->watches && !options->is_json);
    if (error)
        return command_fail(NAME, COMMAND_FAILED, "cannot use this terminal: %s", strerror(-error));
    for (;;) {
        struct heard heard;
        const int heard_status = hear(options, socket, &heard);
        status = heard_status ? heard_status : show(options, &heard, &live);
        json_decref(heard.load);
        if (!options->watches || status == COMMAND_MISUSED || (!heard_status && status))
            break;
        if (live_screen_wait(&live, options->every_s, -1) == LIVE_END) {
            status = COMMAND_DONE;
            break;
        }
    }
    live_screen_fini(&live);
    return status;
}

/* Opens what a probe needs. */
static int open_server(const struct load_options *options, struct socket *socket)
{
    struct jtp_address address;
    int error = socket_resolve(options->server, &address);
    if (error == -EINVAL)
        return command_fail(NAME, COMMAND_MISUSED, "--server %s: give HOST:PORT, or [IPV6]:PORT",
                            options->server);
    if (error)
        return command_fail(NAME, COMMAND_FAILED, "--server %s: no such host is known",
                            options->server);
    error = socket_open(socket, &address);
    return error ? fail(options, error) : COMMAND_DONE;
}

int command_load(int argc, char **argv)
{
    struct load_options options = {
        .tries = DEFAULT_TRIES, .timeout_ms = DEFAULT_TIMEOUT_MS, .every_s = DEFAULT_EVERY_S};
    struct command_line line;
    struct socket socket = {.fd = -1};
    int status;
    describe(&options, &line);
    if (!command_line_parse(&line, argc, argv, &status))
        return status;
    if (!options.server && !options.http)
        return command_fail(NAME, COMMAND_MISUSED, "--server HOST:PORT is missing");
    status = options.server ? open_server(&options, &socket) : COMMAND_DONE;
    if (!status)
        status = ask(&options, &socket);
    socket_close(&socket);
    return status;
}
