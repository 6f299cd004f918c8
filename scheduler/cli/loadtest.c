/* `joint loadtest`: offers a server the requests of thousands of phones. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/loadtest_costs.h"
#include "scheduler/cli/loadtest_details.h"
#include "scheduler/cli/progress.h"
#include "scheduler/cli/report.h"
#include "scheduler/loadtest/deadlines.h"
#include "scheduler/loadtest/server_address.h"
#include "scheduler/loadtest/sockets.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "loadtest"
#define PROBE_PATIENCE_NS 1000000000
#define TENSORS_PER_CUT 4
#define MOST_UNLOADED_ROUNDS 60

/* All that a run needs, in the order in which it is made. */
struct loadtest {
    const struct loadtest_options *options;
    struct jtp_address server;
    struct loadtest_probe_answer probe;
    struct loadtest_model model;
    struct loadtest_mix mix;
    struct loadtest_costs costs;
    struct loadtest_messages messages;
    uint64_t *unloaded_ns, *deadlines_ns; /* by entry of the mix */
    struct loadtest_schedule schedule;
    struct loadtest_plan plan;
    struct port *ports[LOADTEST_MAX_SOCKETS];
    struct loadtest_run *run;
};

static uint64_t to_ns(double seconds)
{
    return (uint64_t)(seconds * 1e9 + 0.5);
}

static int find_server(struct loadtest *test)
{
    char text[400];
    const struct loadtest_options *options = test->options;
    if (loadtest_server_address_resolve(options->server, &test->server, text, sizeof(text)))
        return command_fail(NAME, COMMAND_FAILED, "--server: %s", text);
    if (options->allows_public || !loadtest_server_address_is_public(&test->server))
        return COMMAND_DONE;
    loadtest_server_address_print(&test->server, text, sizeof(text));
    return command_fail(NAME, COMMAND_MISUSED,
                        "%s is a public address, where load may hit a stranger; if the server is "
                        "yours, add --allow-public",
                        text);
}

static int ask_server(struct loadtest *test)
{
    struct port *port;
    int err = loadtest_sockets_open(&port, 1, &test->server);
    if (!err) {
        err = loadtest_probe(port, 0, &test->server, PROBE_PATIENCE_NS, &test->probe);
        loadtest_sockets_close(&port, 1);
    }
    if (err == -ETIMEDOUT)
        return command_fail(NAME, COMMAND_FAILED,
                            "%s has not answered any of %d probes, so no load was sent; check that "
                            "jointd runs there, that the port is its server.port, and that no "
                            "firewall drops UDP",
                            test->options->server, LOADTEST_PROBES);
    if (err == -EPROTO)
        return command_fail(NAME, COMMAND_FAILED,
                            "%s speaks another version of the protocol; use the 'joint' that came "
                            "with it",
                            test->options->server);
    if (err)
        return command_fail(NAME, COMMAND_FAILED, "cannot send to %s: %s", test->options->server,
                            strerror(-err));
    return COMMAND_DONE;
}

static int no_memory(void)
{
    return command_fail(NAME, COMMAND_FAILED, "out of memory; give fewer --clients or less --rate");
}

static int misuse_split(const struct loadtest *test, const char *option, const char *value)
{
    return command_fail(NAME, COMMAND_MISUSED,
                        "%s %s: the cuts of %s that a phone can hand over at are 0 to %" PRIu32
                        "; 'joint cuts' lists them",
                        option, value, test->model.name, test->model.last_cut - 1);
}

static int make_mix(struct loadtest *test)
{
    const char *split = test->options->split, *mix = test->options->mix;
    uint64_t cut = 0;
    int err;
    if (strcmp(split, "mix") == 0 && mix) {
        err = loadtest_mix_init_text(&test->mix, mix, test->model.last_cut);
        if (err == -EINVAL)
            return misuse_split(test, "--mix", mix);
    } else if (strcmp(split, "mix") == 0 || test->options->profile) {
        err = loadtest_mix_init_all(&test->mix, test->model.last_cut);
    } else {
        if (strcmp(split, "cloud") != 0 && !text_to_count(split, 0, test->model.last_cut - 1, &cut))
            return misuse_split(test, "--split", split);
        err = loadtest_mix_init_one(&test->mix, (uint16_t)cut);
    }
    return err ? no_memory() : COMMAND_DONE;
}

static int make_messages(struct loadtest *test)
{
    const struct loadtest_options *options = test->options;
    int err = loadtest_messages_init(&test->messages, &test->model, &test->mix,
                                     (uint8_t)options->encoding, TENSORS_PER_CUT, options->seed);
    if (err == -ENOTSUP)
        return command_fail(NAME, COMMAND_FAILED,
                            "a cut of the mix is not of f32 alone; leave --encoding out");
    return err ? no_memory() : COMMAND_DONE;
}

static int make_schedule(struct loadtest *test)
{
    const struct loadtest_options *options = test->options;
    if (options->has_closed)
        return COMMAND_DONE;
    const struct loadtest_schedule_config config = {
        .seed = options->seed,
        .steps = &options->steps,
        .first_step_ns = to_ns(options->warmup_s),
        .duration_ns = to_ns(options->warmup_s + options->duration_s),
        .client_count = options->clients,
        .tensor_count = TENSORS_PER_CUT,
        .mix = &test->mix,
    };
    int err = loadtest_schedule_init(&test->schedule, &config);
    if (err == -E2BIG)
        return command_fail(NAME, COMMAND_MISUSED,
                            "--rate and --duration make more than %u requests; give less of either",
                            LOADTEST_MAX_ARRIVALS);
    return err ? no_memory() : COMMAND_DONE;
}

static int ask_round(struct loadtest *test, uint32_t round, struct loadtest_tally *tally)
{
    struct port *port;
    int err = loadtest_sockets_open(&port, 1, &test->server);
    if (err)
        return err;
    err = loadtest_unloaded_measure(&test->plan, port, round, tally);
    loadtest_sockets_close(&port, 1);
    return err;
}

static int measure_unloaded(struct loadtest *test)
{
    struct loadtest_tally *tally = loadtest_tally_create(test->mix.count);
    int err = tally ? 0 : -ENOMEM;
    for (uint32_t i = 0; !err && !loadtest_unloaded_is_known(tally); i++)
        err = i < MOST_UNLOADED_ROUNDS ? ask_round(test, i, tally) : -ENODATA;
    for (uint32_t i = 0; !err && i < test->mix.count; i++)
        test->unloaded_ns[i] = loadtest_unloaded_ns(tally, i);
    free(tally);
    if (err == -EINTR)
        return command_fail(NAME, COMMAND_FAILED, "interrupted before the run began");
    if (err == -ETIMEDOUT)
        return command_fail(NAME, COMMAND_FAILED,
                            "--deadline-factor: the server answered nothing for 3 s; check that it "
                            "still runs");
    if (err == -ENODATA)
        return command_fail(NAME, COMMAND_FAILED,
                            "--deadline-factor: too few requests were answered even one at a "
                            "time; check --name and the server's log, or give --deadline-ms");
    return err ? command_fail(NAME, COMMAND_FAILED, "--deadline-factor: %s", strerror(-err))
               : COMMAND_DONE;
}

static int make_deadlines(struct loadtest *test)
{
    const struct loadtest_options *options = test->options;
    const uint32_t count = test->mix.count;
    test->unloaded_ns = calloc(count, sizeof(*test->unloaded_ns));
    test->deadlines_ns = calloc(count, sizeof(*test->deadlines_ns));
    if (!test->unloaded_ns || !test->deadlines_ns)
        return no_memory();
    if (options->deadline &&
        loadtest_deadlines_read(options->deadline, &test->mix, test->deadlines_ns))
        return command_fail(NAME, COMMAND_MISUSED,
                            "--deadline-ms %s: expected milliseconds, at most an hour, or "
                            "K=D,... with every cut of the mix once",
                            options->deadline);
    if (options->deadline_factor == 0)
        return COMMAND_DONE;
    const int status = measure_unloaded(test);
    for (uint32_t i = 0; i < count && !status; i++)
        test->deadlines_ns[i] =
            (uint64_t)((double)test->unloaded_ns[i] * options->deadline_factor + 0.5);
    return status;
}

/* What all of its parts are about; the rest follows in make_run(). */
static void begin_plan(struct loadtest *test)
{
    test->plan = loadtest_plan_default();
    test->plan.server = test->server;
    test->plan.model = &test->model;
    test->plan.mix = &test->mix;
    test->plan.messages = &test->messages;
    test->plan.class_index = (uint8_t)test->options->class_index;
    test->plan.first_client = test->options->first_client;
}

static int make_run(struct loadtest *test)
{
    const struct loadtest_options *options = test->options;
    test->plan.schedule = options->has_closed ? NULL : &test->schedule;
    test->plan.costs = options->profile ? &test->costs : NULL;
    test->plan.closed_count = options->closed_count;
    test->plan.client_count = options->clients;
    test->plan.requests_per_client = options->requests_per_client;
    test->plan.warmup_ns = to_ns(options->warmup_s);
    test->plan.duration_ns = to_ns(options->duration_s);
    test->plan.deadlines_ns = test->deadlines_ns;
    test->plan.late_send_ns = to_ns(options->late_ms / 1e3);
    test->plan.seed = options->seed;
    test->plan.sample_count = options->verify_count;
    test->plan.has_records = options->bin_ms > 0 || options->is_by_client || options->requests_path;
    int err = loadtest_sockets_open(test->ports, options->sockets, &test->server);
    if (err)
        return command_fail(NAME, COMMAND_FAILED, "cannot open %" PRIu32 " sockets: %s",
                            options->sockets, strerror(-err));
    return loadtest_run_create(&test->run, &test->plan, test->ports, options->sockets)
               ? no_memory()
               : COMMAND_DONE;
}

static int make_all(struct loadtest *test)
{
    char text[LOADTEST_ERROR_BYTES];
    const struct loadtest_options *options = test->options;
    if (loadtest_model_open(&test->model, options->model, options->name, text))
        return command_fail(NAME, COMMAND_FAILED, "--model: %s", text);
    int status = options->profile ? loadtest_costs_read(&test->costs, options, &test->model) : 0;
    if (!status)
        status = make_mix(test);
    if (!status)
        status = make_messages(test);
    if (!status) {
        begin_plan(test);
        status = make_deadlines(test);
    }
    if (!status)
        status = make_schedule(test);
    if (!status)
        status = make_run(test);
    return status;
}

static void destroy_all(struct loadtest *test)
{
    loadtest_run_destroy(test->run);
    loadtest_sockets_close(test->ports, test->options->sockets);
    loadtest_schedule_fini(&test->schedule);
    free(test->deadlines_ns);
    free(test->unloaded_ns);
    loadtest_messages_fini(&test->messages);
    loadtest_mix_fini(&test->mix);
    loadtest_costs_fini(&test->costs);
    loadtest_model_close(&test->model);
}

static void show_second(void *user, uint64_t elapsed_ns,
                        const struct loadtest_lane_progress *progress)
{
    char text[200];
    snprintf(text, sizeof(text),
             "%.0f s: %" PRIu64 " offered, %" PRIu64 " answered, %" PRIu64 " rejected, %" PRIu64
             " late, %" PRIu64 " open",
             (double)elapsed_ns / 1e9, progress->offered, progress->answered, progress->rejected,
             progress->late, progress->open);
    progress_show(user, text, -1);
}

static void print_beginning(const struct loadtest *test)
{
    const struct loadtest_options *options = test->options;
    char server[LOADTEST_ADDRESS_TEXT_BYTES];
    loadtest_server_address_print(&test->server, server, sizeof(server));
    printf("%s at %s (answered a probe in %.2f ms): ", test->model.name, server,
           (double)test->probe.rtt_ns / 1e6);
    if (options->has_closed)
        printf("%" PRIu32 " requests in flight", options->closed_count);
    else
        printf("%s requests/s", options->rate);
    printf(
        " of %" PRIu32 " phones on %" PRIu32 " sockets for %g s after %g s, seed %" PRIu32 "\n\n",
        options->clients, options->sockets, options->duration_s, options->warmup_s, options->seed);
    fflush(stdout);
}

static int verify(struct loadtest *test, struct loadtest_report *report)
{
    char text[LOADTEST_ERROR_BYTES];
    if (test->plan.sample_count == 0)
        return COMMAND_DONE;
    if (loadtest_verify(&test->plan, test->run, test->options->sockets, &report->verified, text))
        return command_fail(NAME, COMMAND_FAILED, "--verify: %s", text);
    return COMMAND_DONE;
}

static int report_run(struct loadtest *test)
{
    struct loadtest_report report = {.options = test->options,
                                     .plan = &test->plan,
                                     .outcome = loadtest_run_outcome(test->run),
                                     .run = test->run,
                                     .unloaded_ns = test->unloaded_ns,
                                     .probe = test->probe};
    int status = verify(test, &report);
    if (!status)
        status = loadtest_details_write(&report);
    if (status)
        return status;
    const struct loadtest_facts facts = {
        .tally = report.outcome->tally,
        .is_open_loop = !test->options->has_closed,
        .is_interrupted = report.outcome->is_interrupted,
        .is_silent = report.outcome->is_silent,
        .late_send_ns = test->plan.late_send_ns,
        .silence_ns = test->plan.silence_ns,
        .verified = report.verified.compared,
        .wrong = report.verified.wrong,
        .largest_difference = report.verified.largest_difference,
    };
    report.verdict = loadtest_judge(&facts, report.problem, sizeof(report.problem));
    status = test->options->is_json ? loadtest_report_print_json(&report)
                                    : loadtest_report_print(&report);
    if (!status && report.verdict != LOADTEST_GOOD)
        return command_fail(NAME, COMMAND_FAILED, "%s", report.problem);
    return status;
}

static int go(struct loadtest *test)
{
    struct progress progress;
    progress_init(&progress);
    if (!test->options->is_json)
        print_beginning(test);
    const struct loadtest_watch watch = {.user = &progress, .tick = show_second};
    int err = loadtest_run_go(test->run, &watch);
    progress_clear(&progress);
    if (err)
        return command_fail(NAME, COMMAND_FAILED, "cannot start %" PRIu32 " threads: %s",
                            test->options->sockets, strerror(-err));
    return report_run(test);
}

/* A phone that computes all by itself asks nobody. */
static int report_mobile(const struct loadtest_options *options)
{
    if (options->is_json)
        return report_json_print(NAME, json_pack("{s:s, s:s, s:s, s:s, s:{s:s}, s:{s:i}}", "schema",
                                                 "joint.loadtest/1", "verdict", "good", "problem",
                                                 "", "note", "nothing is sent", "settings", "split",
                                                 "mobile", "counts", "offered", 0));
    printf("--split mobile: the phones compute all by themselves; nothing is sent\n");
    return command_finish(NAME);
}

/* Libraries have threads that block no signals: what comes to one of them is handed on to the main
 * thread, where it waits until the run takes it. */
static void hand_on(int number)
{
    if (gettid() != getpid())
        tgkill(getpid(), getpid(), number);
}

static void hold_signals(sigset_t *before)
{
    const struct sigaction action = {.sa_handler = hand_on};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, before);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int command_loadtest(int argc, char **argv)
{
    struct loadtest_options options;
    struct loadtest test = {.options = &options};
    sigset_t before;
    int status;
    if (!loadtest_options_parse(&options, argc, argv, &status))
        return status;
    if (strcmp(options.split, "mobile") == 0)
        return report_mobile(&options);
    status = find_server(&test);
    if (!status)
        status = ask_server(&test);
    if (status)
        return status;
    /* From here on there may be files to remove: an interrupt waits until the run takes it. */
    hold_signals(&before);
    status = make_all(&test);
    if (!status)
        status = go(&test);
    destroy_all(&test);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
