/* Reads the command line of `joint-dataplane`. */
#include "dataplane/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATUS_MISUSED = 2 };

static const char help[] =
    "usage: joint-dataplane --sockets LIST\n\n"
    "Takes tensors from the network for jointd, which starts it, and sends answers. All settings\n"
    "come over its first socket.\n\n"
    "  --sockets LIST  inherited SOCK_SEQPACKET sockets to jointd, as 3,4: one for each queue;\n"
    "                  kept for its life\n\n"
    "SIGTERM: no new requests; it exits when all that were begun are answered. Exit status: 0 "
    "done\n"
    "or jointd is gone, 1 the work failed, 2 the command line is wrong.\n";

static int misuse(const char *what, const char *word)
{
    fprintf(stderr, "joint-dataplane: %s: %s; see joint-dataplane --help\n", what, word);
    return STATUS_MISUSED;
}

static bool read_sockets(const char *text, struct options *options)
{
    options->socket_count = 0;
    while (options->socket_count < DATAPLANE_MAX_QUEUES) {
        char *end;
        errno = 0;
        const unsigned long number = strtoul(text, &end, 10);
        if (end == text || text[0] == '-' || errno || number > INT_MAX)
            return false;
        options->socket[options->socket_count++] = (int)number;
        if (*end == '\0')
            return true;
        if (*end != ',')
            return false;
        text = end + 1;
    }
    return false;
}

int options_read(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"sockets", required_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    *options = (struct options){0};
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (option == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (option != 's')
            return STATUS_MISUSED; /* getopt has said why */
        if (!read_sockets(optarg, options))
            return misuse("--sockets wants up to 64 numbers of descriptors as 3,4", optarg);
    }
    if (optind < argc)
        return misuse("no such argument", argv[optind]);
    if (options->socket_count == 0)
        return misuse("--sockets is missing", "jointd gives them");
    return -1;
}
