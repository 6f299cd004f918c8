/* `joint load`: asks a server how loaded it is, by a UDP probe. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/command_line.h"
#include "scheduler/cli/report.h"
#include "scheduler/client/load_probe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define NAME "load"
#define DEFAULT_TRIES 5
#define DEFAULT_TIMEOUT_MS 200
#define DEFAULT_EVERY_S 1.0

struct load_options {
    const char *server;
    uint32_t tries;
    double timeout_ms, every_s;
    bool watches, is_json;
};

static const char about[] =
    "Asks a server for its load: one UDP datagram of 64 bytes, one back, nothing that the server\n"
    "has to remember. Prints how long a request would wait, how busy the workers are, and the\n"
    "round-trip time.";

static const char notes[] =
    "'waits' is the wait that the server predicts for a request that came now; 'age' how old its\n"
    "numbers were when it told them. With --watch a line is printed for each probe until the\n"
    "program is ended, also where nobody answers.\n\n"
    "examples:\n"
    "  joint load --server 10.0.0.2:4470\n"
    "  joint load --server edge.lan:4470 --watch --every 0.5\n"
    "  joint load --server [fd00::2]:4470 --json";

static const char *state_name(uint8_t state)
{
    static const char *const names[] = {"ready", "degraded", "overloaded", "draining", "loading"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static void describe(struct load_options *options, struct command_line *line)
{
    *line = (struct command_line){
        .command = NAME, .usage = "--server HOST:PORT [options]", .about = about, .notes = notes};
    command_line_add(line, (struct option){"server", "HOST:PORT", "whom to ask", OPTION_TEXT,
                                           &options->server, 0, 0, NULL});
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

static int print_json(const struct load_options *options, const struct load_probe_answer *answer)
{
    const struct jtp_load *load = &answer->load;
    char boot[17];
    snprintf(boot, sizeof(boot), "%016" PRIx64, answer->boot);
    return report_json_print(
        NAME, json_pack("{s:o, s:s, s:I, s:s, s:f, s:f, s:I, s:I, s:f, s:f, s:f, s:I}", "server",
                        report_text(options->server), "boot_id", boot, "seq",
                        (json_int_t)answer->sequence, "state", state_name(load->state),
                        "predicted_wait_ms", load->predicted_wait_us / 1e3, "utilization",
                        load->utilization_permille / 1e3, "queued", (json_int_t)load->queued,
                        "credits", (json_int_t)load->credits, "switch_gain",
                        load->switch_gain / 255.0, "age_ms", load->age_us / 1e3, "rtt_ms",
                        (double)answer->rtt_ns / 1e6, "tries", (json_int_t)answer->tries));
}

static int print_line(const struct load_options *options, const struct load_probe_answer *answer)
{
    const struct jtp_load *load = &answer->load;
    char address[64];
    snprintf(address, sizeof(address), "%s", options->server);
    printf("%s: %s, waits %.2f ms, utilization %.1f %%, queued %u, age %.2f ms, round trip %.2f ms",
           address, state_name(load->state), load->predicted_wait_us / 1e3,
           load->utilization_permille / 10.0, (unsigned)load->queued, load->age_us / 1e3,
           (double)answer->rtt_ns / 1e6);
    if (load->credits > 0)
        printf(", at most %u requests of one client", (unsigned)load->credits);
    if (answer->tries > 1)
        printf(", answered after %" PRIu32 " probes", answer->tries);
    printf("\n");
    return command_finish(NAME);
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

static int ask(const struct load_options *options, struct socket *socket)
{
    int status;
    const struct timespec pause = {
        .tv_sec = (time_t)options->every_s,
        .tv_nsec = (long)((options->every_s - (double)(time_t)options->every_s) * 1e9)};
    for (;;) {
        struct load_probe_answer answer;
        int err =
            load_probe(socket, options->tries, (uint64_t)(options->timeout_ms * 1e6), &answer);
        if (err)
            status = fail(options, err);
        else
            status = options->is_json ? print_json(options, &answer) : print_line(options, &answer);
        if (!options->watches || (!err && status))
            return status;
        nanosleep(&pause, NULL);
    }
}

int command_load(int argc, char **argv)
{
    struct load_options options = {
        .tries = DEFAULT_TRIES, .timeout_ms = DEFAULT_TIMEOUT_MS, .every_s = DEFAULT_EVERY_S};
    struct command_line line;
    struct jtp_address address;
    struct socket socket;
    int status;
    describe(&options, &line);
    if (!command_line_parse(&line, argc, argv, &status))
        return status;
    if (!options.server)
        return command_fail(NAME, COMMAND_MISUSED, "--server HOST:PORT is missing");
    int err = socket_resolve(options.server, &address);
    if (err == -EINVAL)
        return command_fail(NAME, COMMAND_MISUSED, "--server %s: give HOST:PORT, or [IPV6]:PORT",
                            options.server);
    if (err)
        return command_fail(NAME, COMMAND_FAILED, "--server %s: no such host is known",
                            options.server);
    err = socket_open(&socket, &address);
    if (err)
        return fail(&options, err);
    status = ask(&options, &socket);
    socket_close(&socket);
    return status;
}
