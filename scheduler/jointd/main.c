/* `jointd`: runs the service; or checks a configuration and the host for it. */
#include "scheduler/check/check.h"
#include "scheduler/config/print.h"
#include "scheduler/config/reader.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DONE = 0, FAILED = 1, MISUSED = 2 };

struct command_line {
    const char *config; /* NULL: none */
    const char *root; /* "/" */
    bool is_check, is_print, is_json, is_help, is_version;
};

static int print_help(void)
{
    printf(
        "usage: jointd --config FILE [--check [--json]] [--print-config]\n\n"
        "The service: runs the layers that phones hand over. It starts the programs that it needs\n"
        "(joint-worker, joint-dataplane), watches them, and says on standard error when it is\n"
        "ready and what it sees. SIGTERM ends it once what is open is answered, SIGHUP makes it\n"
        "read its configuration anew.\n\n"
        "options:\n"
        "  --config FILE    the configuration, and nothing else: serve;\n"
        "                   --print-config without it prints an example\n"
        "  --check          look whether this host is fit for it: a line for each thing,\n"
        "                   \"ok|warn|fail: what was found; the command that mends it\"\n"
        "  --json           with --check: the same as JSON (schema joint.check/1)\n"
        "  --root FOLDER    with --check: the host is what /proc, /sys, /dev and /etc below\n"
        "                   this folder say, and files are looked for there (default: /)\n"
        "  --print-config   print every option with its value, as a configuration\n"
        "  --version        print the version and exit\n"
        "  --help           print this and exit\n\n"
        "Exit status: 0 done (--check: no fail), 1 the work failed or a check did, 2 the\n"
        "command line is wrong.\n");
    return DONE;
}

static int misuse(const char *what, const char *word)
{
    fprintf(stderr, "jointd: %s%s; 'jointd --help' lists the options\n", what, word);
    return MISUSED;
}

/* --name VALUE or --name=VALUE at argv[*at]; moves *at. False: it is another option. */
static bool takes_value(int argc, char **argv, int *at, const char *name, const char **value)
{
    const char *word = argv[*at];
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0 || (word[length] && word[length] != '='))
        return false;
    *value = word[length] ? word + length + 1 : *at + 1 < argc ? argv[++*at] : "";
    return true;
}

static int parse(struct command_line *line, int argc, char **argv)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"--check", &line->is_check}, {"--print-config", &line->is_print},
                 {"--json", &line->is_json},   {"--help", &line->is_help},
                 {"-h", &line->is_help},       {"--version", &line->is_version}};
    for (int i = 1; i < argc; i++) {
        bool is_known = takes_value(argc, argv, &i, "--config", &line->config) ||
                        takes_value(argc, argv, &i, "--root", &line->root);
        for (size_t j = 0; j < sizeof(flags) / sizeof(flags[0]) && !is_known; j++)
            if (strcmp(argv[i], flags[j].name) == 0)
                is_known = *flags[j].flag = true;
        if (!is_known)
            return misuse(argv[i][0] == '-' ? "unknown option " : "unexpected argument ", argv[i]);
    }
    if ((line->config && !line->config[0]) || !line->root[0])
        return misuse(line->root[0] ? "--config needs a file" : "--root needs a folder", "");
    if (line->is_help || line->is_version)
        return DONE;
    if (!line->config && (line->is_check || !line->is_print))
        return misuse("--config FILE is missing", "");
    if (line->is_check && line->is_print)
        return misuse("--check and --print-config: one of them at a time", "");
    if (line->is_json && !line->is_check)
        return misuse("--json needs --check", "");
    return DONE;
}

static void print_errors(const struct config_errors *errors)
{
    for (uint32_t i = 0; i < errors->count; i++)
        fprintf(stderr, "%s\n", errors->items[i].text);
    if (errors->total > errors->count)
        fprintf(stderr, "jointd: and %llu more\n",
                (unsigned long long)(errors->total - errors->count));
}

static int check_host(const struct jointd_config *config, const struct command_line *line)
{
    struct host host;
    int error = host_init(&host, line->root);
    if (error) {
        fprintf(stderr, "jointd: --root %s: %s; name a folder that is there\n", line->root,
                strerror(-error));
        return FAILED;
    }
    struct findings findings = {0};
    const struct check check = {config, &host, &findings};
    error = check_run(&check);
    if (error)
        fprintf(stderr, "jointd: out of memory while checking\n");
    else if (line->is_json)
        findings_print_json(&findings, stdout);
    else
        findings_print(&findings, stdout);
    bool is_bad = error || findings_count(&findings, FINDING_FAIL) > 0;
    findings_fini(&findings);
    host_fini(&host);
    return is_bad ? FAILED : DONE;
}

/* Takes the configuration. */
static int serve(struct jointd_config *config, const struct command_line *line)
{
    const struct service_options options = {.config_path = line->config, .log_fd = STDERR_FILENO};
    struct service *service;
    if (service_create(config, &options, &service))
        return FAILED;
    const int status = service_run(service);
    service_destroy(service);
    return status;
}

static int run(const struct command_line *line)
{
    if (!line->config)
        return config_print_example(stdout) ? FAILED : DONE;
    struct jointd_config config;
    struct config_errors errors = {0};
    int error = config_read(&config, line->config, &errors);
    print_errors(&errors);
    if (error && errors.count == 0)
        fprintf(stderr, "jointd: %s: %s\n", line->config, strerror(-error));
    config_errors_fini(&errors);
    if (error)
        return FAILED;
    int status = FAILED;
    if (line->is_check)
        status = check_host(&config, line);
    else if (line->is_print)
        status = config_print(&config, CONFIG_PRINT_PLAIN, stdout) ? FAILED : DONE;
    else
        status = serve(&config, line);
    jointd_config_fini(&config);
    return status;
}

int main(int argc, char **argv)
{
    struct command_line line = {.root = "/"};
    int status = parse(&line, argc, argv);
    if (status)
        return status;
    if (line.is_help)
        status = print_help();
    else if (line.is_version)
        printf("jointd %s\n", JOINT_VERSION);
    else
        status = run(&line);
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "jointd: cannot write to standard output: %s\n", strerror(errno));
        return FAILED;
    }
    return status;
}
