/* `joint`: finds the command and runs it. */
#include "scheduler/cli/commands.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    command_main *main;
    const char *about;
};

static const struct command commands[] = {
    {"run", command_run, "run a network, or any range of its layers, on .npy tensors"},
    {"cuts", command_cuts, "list where a network can be cut, and what crosses each cut"},
    {"bench", command_bench, "measure how fast a network runs, as a whole and per layer"},
    {"profile", command_profile, "measure what each layer costs, for 'joint plan'"},
    {"plan", command_plan, "find the best split between mobile and cloud, from a profile"},
    {"infer", command_infer, "run a network partly here and partly on an edge server"},
    {"load", command_load, "ask a server how loaded it is"},
    {"loadtest", command_loadtest, "offer a server the requests of thousands of phones"},
    {"top", command_top, "show what a running jointd does"},
    {"zoo", command_zoo, "write a well-known network as an ONNX file"},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static int print_help(void)
{
    printf("usage: joint COMMAND ...\n\n"
           "Runs any range of layers of a neural network (ONNX) and says what that costs.\n\n"
           "commands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  %-10s%s\n", commands[i].name, commands[i].about);
    printf("\n'joint COMMAND --help' explains a command; 'joint --version' prints the version.\n"
           "Exit status: 0 done, 1 the work failed, 2 the command line is wrong.\n");
    return command_finish("--help");
}

/* An error line that is not of any command. */
static int misuse(const char *what, const char *word)
{
    fprintf(stderr, "joint: %s%s; 'joint --help' lists the commands\n", what, word);
    return COMMAND_MISUSED;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return misuse("a command is missing", "");
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return print_help();
    if (strcmp(word, "--version") == 0) {
        printf("joint %s\n", JOINT_VERSION);
        return command_finish("--version");
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].main(argc - 1, argv + 1);
    return misuse(word[0] == '-' ? "unknown option " : "unknown command ", word);
}
