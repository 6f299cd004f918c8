/* Reads the command line of `joint-worker`. */
#include "compute/worker/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_MISUSED = 2 };

static const char help[] =
    "usage: joint-worker --socket FD [--cpus LIST] [--idle MODE] [--spin-us N]\n"
    "       joint-worker --pack --socket FD [--cpus LIST]\n\n"
    "Computes for jointd, which starts it. Takes no input of its own. With --pack it opens and\n"
    "packs the one model that is asked for over the socket, hands it over, and ends.\n\n"
    "  --socket FD    an inherited SOCK_SEQPACKET socket to jointd; kept for its life\n"
    "  --cpus LIST    cores for its threads, as 2,3: the first for the polling thread,\n"
    "                 the others for its helpers (default: wherever the kernel puts them)\n"
    "  --idle MODE    adaptive: spin, then sleep (default); busy: spin\n"
    "  --pack         as above\n"
    "  --spin-us N    how long adaptive spins (default 20)\n\n"
    "SIGTERM: what was begun is ended, then it exits. Exit status: 0 done or jointd is gone,\n"
    "1 the work failed, 2 the command line is wrong.\n";

static int misuse(const char *what, const char *word)
{
    fprintf(stderr, "joint-worker: %s: %s; see joint-worker --help\n", what, word);
    return STATUS_MISUSED;
}

/* A number up to max, ending at `end` or the text's end. NULL if it is none. */
static const char *read_number(const char *text, unsigned long max, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return end == text || text[0] == '-' || errno || *number > max ? NULL : end;
}

static bool read_whole(const char *text, unsigned long max, unsigned long *number)
{
    const char *end = read_number(text, max, number);
    return end && *end == '\0';
}

static bool read_cpus(const char *text, struct worker_config *config)
{
    while (config->cpu_count < WORKER_MAX_CPUS) {
        unsigned long cpu;
        text = read_number(text, UINT16_MAX, &cpu);
        if (!text)
            return false;
        config->cpu[config->cpu_count++] = (uint32_t)cpu;
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

static bool read_idle(const char *text, struct idle_config *config)
{
    if (strcmp(text, "busy") == 0)
        config->mode = IDLE_BUSY;
    else if (strcmp(text, "adaptive") == 0)
        config->mode = IDLE_ADAPTIVE;
    else
        return false;
    return true;
}

static int take(struct options *options, int option)
{
    unsigned long number = 0;
    switch (option) {
    case 's':
        if (!read_whole(optarg, INT_MAX, &number))
            return misuse("--socket wants the number of a descriptor", optarg);
        options->worker.socket = (int)number;
        return -1;
    case 'c':
        return read_cpus(optarg, &options->worker)
                   ? -1
                   : misuse("--cpus wants up to 64 numbers as 2,3", optarg);
    case 'i':
        return read_idle(optarg, &options->idle) ? -1
                                                 : misuse("--idle is busy or adaptive", optarg);
    case 'u':
        if (!read_whole(optarg, 1000000, &number))
            return misuse("--spin-us wants microseconds up to 1000000", optarg);
        options->idle.spin_ns = (uint64_t)number * 1000;
        return -1;
    case 'p':
        options->is_loader = true;
        return -1;
    case 'h':
        fputs(help, stdout);
        return 0;
    default:
        return STATUS_MISUSED; /* getopt has said why */
    }
}

int options_read(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"socket", required_argument, NULL, 's'},
                                          {"cpus", required_argument, NULL, 'c'},
                                          {"idle", required_argument, NULL, 'i'},
                                          {"spin-us", required_argument, NULL, 'u'},
                                          {"pack", no_argument, NULL, 'p'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    *options = (struct options){.worker = {.socket = -1}, .idle = idle_config_default()};
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        const int status = take(options, option);
        if (status >= 0)
            return status;
    }
    if (optind < argc)
        return misuse("no such argument", argv[optind]);
    if (options->worker.socket < 0)
        return misuse("--socket is missing", "jointd gives it");
    return -1;
}
