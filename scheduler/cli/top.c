/* `joint top`: shows what a running jointd does, again and again. */
#include "scheduler/cli/command_line.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/live_screen.h"
#include "scheduler/cli/top_json.h"
#include "scheduler/cli/top_roles.h"
#include "scheduler/top/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long the first list of what can be watched may take. */
#define FIRST_LIST_MS 5000

struct top_options {
    const char *control, *name;
    bool is_once, is_json, is_all;
    double interval_s;
};

struct top {
    const struct top_options *options;
    struct live_screen live;
    struct control_watch watch;
    int roles_fd; /* another connection, for questions; -1: none */
    bool is_connected;
    struct sample samples[2]; /* the newest is samples[newest] */
    struct roles roles[2];
    unsigned newest;
    bool has_before; /* the other sample is of the same jointd */
};

static const char about[] =
    "Shows what a running jointd does: its state and load, its processes and their cores, each\n"
    "class's latency, each model's batches, datagrams, answers and rejects per second, and every\n"
    "counter. All but the list of processes is read from shared memory, so jointd does no work\n"
    "for it. Needs the rights of jointd's user, on the same host.";

static const char notes[] =
    "A terminal is redrawn until q or Ctrl-C; elsewhere the tables follow each other, and with\n"
    "--json each is one line (schema joint.top/1). Latencies, from when a request had come whole\n"
    "to its answer, and batches are those of the last interval, within the steps of histograms "
    "(1,\n"
    "1.5, 2, 3, 5, 7, 10). 'cores' are those that a process kept busy. Counters that are 0 are "
    "left\n"
    "out without --all.\n\n"
    "examples:\n"
    "  joint top\n"
    "  joint top --once --interval 5\n"
    "  joint top --json --control /run/joint/edge-1.sock | jq .overview.answers.per_s";

static void describe(struct top_options *options, struct command_line *line)
{
    *line = (struct command_line){
        .command = "top", .usage = "[options]", .about = about, .notes = notes};
    command_line_add(line, (struct option){"control", "PATH",
                                           "jointd's control socket (default: where a server of "
                                           "that name has it)",
                                           OPTION_TEXT, &options->control, 0, 0, NULL});
    command_line_add(line, (struct option){"name", "NAME", "server.name (default joint)",
                                           OPTION_TEXT, &options->name, 0, 0, NULL});
    command_line_add(line, (struct option){"interval", "S", "seconds between two looks (default 1)",
                                           OPTION_SECONDS, &options->interval_s, 0, 3600, NULL});
    command_line_add(line, (struct option){"once", NULL, "one table, after one interval, and end",
                                           OPTION_FLAG, &options->is_once, 0, 0, NULL});
    command_line_add(line, (struct option){"all", NULL, "every counter, and each queue by itself",
                                           OPTION_FLAG, &options->is_all, 0, 0, NULL});
    command_line_add(line, (struct option){"json", NULL, "print JSON", OPTION_FLAG,
                                           &options->is_json, 0, 0, NULL});
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* 0 or -errno and why. */
static int connect_it(struct top *top, char *why, size_t why_bytes)
{
    const int fd = control_connect(top->options->control, top->options->name, why, why_bytes);
    if (fd < 0)
        return fd;
    int error = control_watch_init(&top->watch, fd);
    if (error)
        close(fd);
    else
        error = control_watch_poll(&top->watch, FIRST_LIST_MS);
    if (error > 0) {
        top->is_connected = true;
        top->has_before = false;
        top->roles_fd = control_connect(top->options->control, top->options->name, why, why_bytes);
        return 0;
    }
    control_watch_fini(&top->watch);
    snprintf(why, why_bytes, "jointd does not answer: %s; is it of the same version?",
             strerror(error ? -error : ETIMEDOUT));
    return error ? error : -ETIMEDOUT;
}

static void disconnect(struct top *top)
{
    control_watch_fini(&top->watch);
    if (top->roles_fd >= 0)
        close(top->roles_fd);
    top->roles_fd = -1;
    top->is_connected = false;
    top->has_before = false;
}

/* Sleeps, and takes in what jointd says meanwhile. False: it is to end. */
static bool await_next(struct top *top)
{
    const uint64_t end_ns = now_ns() + (uint64_t)(top->options->interval_s * 1e9);
    for (uint64_t now = now_ns(); now < end_ns; now = now_ns()) {
        const enum live_event event = live_screen_wait(&top->live, (double)(end_ns - now) / 1e9,
                                                       top->is_connected ? top->watch.fd : -1);
        if (event == LIVE_END)
            return false;
        if (event == LIVE_READY && control_watch_poll(&top->watch, 0) < 0)
            disconnect(top);
    }
    return true;
}

static int look(struct top *top)
{
    top->newest = !top->newest;
    struct roles *roles = &top->roles[top->newest];
    *roles = (struct roles){0};
    if (top->roles_fd >= 0 && top_roles_ask(top->roles_fd, roles, now_ns())) {
        close(top->roles_fd); /* it does not answer, and would answer later what was asked now */
        top->roles_fd = -1;
    }
    return sample_take(&top->samples[top->newest], &top->watch, now_ns());
}

static int show_json(const struct screen *screen)
{
    json_t *json = top_json(screen);
    const int error = !json || json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(json);
    if (error)
        return command_fail("top", COMMAND_FAILED, "out of memory for the report");
    putchar('\n');
    return command_finish("top");
}

static int show_screen(const struct top *top, const struct screen *screen)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    const int error = !file || screen_print(screen, file);
    if (file)
        fclose(file);
    if (!error && text) {
        live_screen_draw(&top->live, text);
        if (!top->live.is_live && !top->options->is_once)
            putchar('\n');
    }
    free(text);
    return error ? command_fail("top", COMMAND_FAILED, "out of memory") : command_finish("top");
}

static int show(const struct top *top)
{
    const struct roles *roles = &top->roles[top->newest];
    const struct screen screen = {.before = &top->samples[!top->newest],
                                  .now = &top->samples[top->newest],
                                  .roles_before = &top->roles[!top->newest],
                                  .roles_now = roles->count ? roles : NULL,
                                  .is_all = top->options->is_all};
    return top->options->is_json ? show_json(&screen) : show_screen(top, &screen);
}

/* One look; shows it if there is one before it. *is_shown says so. */
static int step(struct top *top, bool *is_shown)
{
    *is_shown = false;
    if (!top->is_connected)
        return COMMAND_DONE;
    if (look(top))
        return command_fail("top", COMMAND_FAILED, "out of memory");
    *is_shown = top->has_before;
    top->has_before = true;
    return *is_shown ? show(top) : COMMAND_DONE;
}

/* Until there is one again. False: it is to end. */
static bool find_next(struct top *top)
{
    char why[512];
    command_fail("top", COMMAND_FAILED, "jointd has ended; looking for it");
    while (connect_it(top, why, sizeof(why)))
        if (!await_next(top))
            return false;
    return true;
}

static int watch(struct top *top)
{
    for (;;) {
        bool is_shown;
        const int status = step(top, &is_shown);
        if (status || (is_shown && top->options->is_once) || !await_next(top))
            return status;
        if (top->is_connected)
            continue;
        if (top->options->is_once)
            return command_fail("top", COMMAND_FAILED, "jointd has ended");
        if (!find_next(top))
            return COMMAND_DONE;
    }
}

static int start(struct top *top)
{
    char why[512];
    if (connect_it(top, why, sizeof(why)))
        return command_fail("top", COMMAND_FAILED, "%s", why);
    const int error =
        live_screen_init(&top->live, !top->options->is_once && !top->options->is_json);
    if (error)
        return command_fail("top", COMMAND_FAILED, "cannot use this terminal: %s",
                            strerror(-error));
    const int status = watch(top);
    live_screen_fini(&top->live);
    return status;
}

int command_top(int argc, char **argv)
{
    struct top_options options = {.name = "joint", .interval_s = 1};
    struct command_line line;
    int status;
    describe(&options, &line);
    if (!command_line_parse(&line, argc, argv, &status))
        return status;
    struct top top = {.options = &options, .roles_fd = -1};
    status = start(&top);
    disconnect(&top);
    sample_fini(&top.samples[0]);
    sample_fini(&top.samples[1]);
    return status;
}
