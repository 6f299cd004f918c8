/* `joint top`: shows what a running jointd does, again and again. */
#include "scheduler/cli/command_line.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/top_json.h"
#include "scheduler/top/screen.h"

#include <errno.h>
#include <stdio.h>
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
    struct control_watch watch;
    bool is_connected;
    struct sample samples[2]; /* the newest is samples[newest] */
    unsigned newest;
    bool has_before; /* the other sample is of the same jointd */
};

static const char about[] =
    "Shows what a running jointd does: its state and load, datagrams, answers and rejects per\n"
    "second, and every counter of its processes. It reads shared memory, so jointd does no work\n"
    "for it. Needs the rights of jointd's user, on the same host.";

static const char notes[] =
    "Counters that are 0 are left out without --all. Without a terminal the tables follow each\n"
    "other; with --json each is one line (schema joint.top/1).\n\n"
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
    top->is_connected = false;
    top->has_before = false;
}

/* Sleeps, and takes in what jointd says meanwhile. */
static void await_next(struct top *top)
{
    const uint64_t end_ns = now_ns() + (uint64_t)(top->options->interval_s * 1e9);
    for (uint64_t now = now_ns(); now < end_ns; now = now_ns()) {
        const uint64_t left_ns = end_ns - now;
        if (!top->is_connected) {
            const struct timespec left = {.tv_sec = (time_t)(left_ns / 1000000000),
                                          .tv_nsec = (long)(left_ns % 1000000000)};
            nanosleep(&left, NULL);
        } else if (control_watch_poll(&top->watch, (int)(left_ns / 1000000) + 1) < 0) {
            disconnect(top);
        }
    }
}

static int look(struct top *top)
{
    top->newest = !top->newest;
    return sample_take(&top->samples[top->newest], &top->watch, now_ns());
}

static int show(const struct top *top)
{
    const struct sample *before = &top->samples[!top->newest];
    const struct sample *now = &top->samples[top->newest];
    if (top->options->is_json) {
        json_t *json = top_json(before, now);
        const int error = !json || json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
        json_decref(json);
        if (error)
            return command_fail("top", COMMAND_FAILED, "out of memory for the report");
        putchar('\n');
        return command_finish("top");
    }
    if (isatty(STDOUT_FILENO) && !top->options->is_once)
        fputs("\033[H\033[J", stdout);
    const struct screen screen = {before, now, top->options->is_all};
    if (screen_print(&screen, stdout))
        return command_fail("top", COMMAND_FAILED, "out of memory");
    if (!isatty(STDOUT_FILENO) && !top->options->is_once)
        putchar('\n');
    return command_finish("top");
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

static int watch(struct top *top)
{
    char why[512];
    if (connect_it(top, why, sizeof(why)))
        return command_fail("top", COMMAND_FAILED, "%s", why);
    for (;;) {
        bool is_shown;
        const int status = step(top, &is_shown);
        if (status || (is_shown && top->options->is_once))
            return status;
        await_next(top);
        if (top->is_connected)
            continue;
        if (top->options->is_once)
            return command_fail("top", COMMAND_FAILED, "jointd has ended");
        command_fail("top", COMMAND_FAILED, "jointd has ended; looking for it");
        while (connect_it(top, why, sizeof(why)))
            await_next(top);
    }
}

int command_top(int argc, char **argv)
{
    struct top_options options = {.name = "joint", .interval_s = 1};
    struct command_line line;
    int status;
    describe(&options, &line);
    if (!command_line_parse(&line, argc, argv, &status))
        return status;
    struct top top = {.options = &options};
    status = watch(&top);
    control_watch_fini(&top.watch);
    sample_fini(&top.samples[0]);
    sample_fini(&top.samples[1]);
    return status;
}
