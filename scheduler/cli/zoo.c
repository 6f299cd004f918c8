/* joint zoo: writes a well-known network as an ONNX file. */
#include "compute/zoo/zoo.h"
#include "scheduler/cli/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_list(void)
{
    size_t count;
    const struct zoo_network *networks = zoo_networks(&count);
    for (size_t i = 0; i < count; i++)
        printf("  %-13s %s\n", networks[i].name, networks[i].description);
}

static void print_help(void)
{
    puts("usage: joint zoo NAME -o FILE.onnx [--seed N] [--size N] [--width-divisor N]\n"
         "       joint zoo --list\n"
         "Writes a network, structured as published, with seeded random weights (He-initialised) "
         "as\n"
         "an ONNX file (opset 13, dynamic batch). The same arguments give the same file "
         "everywhere.\n"
         "\n"
         "  -o, --output FILE.onnx   where to write; replaced as a whole or left as it was\n"
         "  --seed N                 which random weights (default 1)\n"
         "  --size N                 height and width of the input; frames for deepspeech\n"
         "                           (default: as published)\n"
         "  --width-divisor N        divides the hidden channels: a small network of the same\n"
         "                           structure, for tests (default 1)\n"
         "  --list                   prints the networks' names and what they are\n"
         "  --help                   prints this\n"
         "\n"
         "Networks:");
    print_list();
    puts("\nExit status: 0 written, 1 not written, 2 wrong command line.");
}

/* A decimal number in [least, most] and nothing else. */
static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    if (text[0] < '0' || text[0] > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || value < least || value > most)
        return false;
    *number = value;
    return true;
}

struct progress {
    uint64_t shown_percent;
};

static void show_progress(void *context, uint64_t written_bytes, uint64_t total_bytes)
{
    struct progress *progress = context;
    uint64_t percent = written_bytes * 100 / total_bytes;
    if (percent == progress->shown_percent)
        return;
    progress->shown_percent = percent;
    fprintf(stderr, "\rwriting %3llu %% of %llu MB", (unsigned long long)percent,
            (unsigned long long)(total_bytes / 1000000));
}

struct request {
    const char *name, *path;
    struct zoo_config config;
};

static int write_network(struct request *request)
{
    struct progress progress = {0};
    bool is_terminal = isatty(STDERR_FILENO);
    if (is_terminal) {
        request->config.progress = show_progress;
        request->config.progress_context = &progress;
    }
    struct zoo_error error = {{0}};
    int rc = zoo_write(request->name, &request->config, request->path, &error);
    if (is_terminal && progress.shown_percent > 0)
        fputs("\r\033[K", stderr);
    if (rc)
        return command_fail("zoo", COMMAND_FAILED, "%s", error.text);
    return COMMAND_DONE;
}

static int misuse(const char *what, const char *value)
{
    return command_fail("zoo", COMMAND_MISUSED, "%s%s; joint zoo --help explains", what, value);
}

static bool is_network(const char *name)
{
    size_t count;
    const struct zoo_network *networks = zoo_networks(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(networks[i].name, name) == 0)
            return true;
    return false;
}

int command_zoo(int argc, char **argv)
{
    enum { OPTION_SEED = 256, OPTION_SIZE, OPTION_WIDTH_DIVISOR, OPTION_LIST, OPTION_HELP };
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"seed", required_argument, NULL, OPTION_SEED},
        {"size", required_argument, NULL, OPTION_SIZE},
        {"width-divisor", required_argument, NULL, OPTION_WIDTH_DIVISOR},
        {"list", no_argument, NULL, OPTION_LIST},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
    };
    struct request request = {0};
    zoo_config_default(&request.config);
    uint64_t number = 0;
    optind = 0;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":o:", options, NULL)) != -1;) {
        switch (option) {
        case 'o':
            request.path = optarg;
            break;
        case OPTION_SEED:
            if (!parse_number(optarg, 0, UINT64_MAX, &request.config.seed))
                return misuse("--seed takes a number from 0 on, not ", optarg);
            break;
        case OPTION_SIZE:
            if (!parse_number(optarg, 1, UINT32_MAX, &number))
                return misuse("--size takes a number from 1 on, not ", optarg);
            request.config.input_size = (uint32_t)number;
            break;
        case OPTION_WIDTH_DIVISOR:
            if (!parse_number(optarg, 1, UINT32_MAX, &number))
                return misuse("--width-divisor takes a number from 1 on, not ", optarg);
            request.config.width_divisor = (uint32_t)number;
            break;
        case OPTION_LIST:
            print_list();
            return command_finish("zoo");
        case OPTION_HELP:
            print_help();
            return command_finish("zoo");
        case ':':
            return misuse("a value is missing after ", argv[optind - 1]);
        default:
            return misuse("unknown option ", argv[optind - 1]);
        }
    }
    if (optind == argc)
        return misuse("which network?", "");
    request.name = argv[optind++];
    if (!is_network(request.name))
        return command_fail("zoo", COMMAND_MISUSED,
                            "no network is called '%s'; joint zoo --list prints the names",
                            request.name);
    if (optind < argc)
        return misuse("one network at a time; not understood: ", argv[optind]);
    if (!request.path)
        return misuse("where to? -o FILE.onnx is missing", "");
    return write_network(&request);
}
