/* The options of `joint loadtest`, and which of them go together. */
#include "scheduler/cli/loadtest_options.h"
#include "scheduler/cli/commands.h"
#include "scheduler/loadtest/sockets.h"

#include <stddef.h>
#include <string.h>

#define MAX_CLIENTS 1000000
#define MAX_CLOSED 1000000
#define MAX_OPEN_EACH 64 /* of a phone */
#define MAX_SECONDS LOADTEST_MAX_SECONDS
#define MAX_MS 3600000
#define MAX_VERIFY 10000
#define DEFAULT_SOCKETS 2

static const char about[] =
    "Offers a server the requests of many phones and reports what became of each: answered in\n"
    "time, late, rejected, lost. Either an open loop (--rate: requests come at times that were\n"
    "drawn beforehand, however slow the server is, and latency counts from those times) or a\n"
    "closed one (--closed: so many requests are always in flight). The phones' own layers are not\n"
    "computed: they hand over random tensors of the right size. Nothing is sent to a server that\n"
    "has not answered a probe, nor any more to one that has fallen silent.";

static const char notes[] =
    "Each socket has a thread, and its share of the phones, each of which is a connection of its\n"
    "own. A request is on schedule if it left within --late-ms of its time; where under 95 % did,\n"
    "the run fails, since then it has measured itself. What a phone with --client-requests open\n"
    "would have sent counts as unsent, and as not on schedule. In a closed loop a reject is\n"
    "followed by the pause that the server asked for. --deadline-ms counts from the schedule.\n"
    "What the server took on and then did not make is told apart from what it rejected at once:\n"
    "a reject of the deadline 5 ms or more after the whole request was there is of the former.\n"
    "'fallback' is what a phone would compute by itself: all but what was answered in time.\n\n"
    "Exit status: 0 the run counts; 1 it does not (a request was lost, an answer wrong, the\n"
    "schedule not kept, no request answered, the server silent, interrupted) or could not begin;\n"
    "2 the command line is wrong.\n\n"
    "examples:\n"
    "  joint loadtest --server 127.0.0.1:4470 --model alexnet --rate 50 --duration 30 --clients "
    "1000\n"
    "  joint loadtest --server 10.0.0.2:4470 --model alexnet.onnx --closed 16 --duration 10 "
    "--split 9\n"
    "  joint loadtest --server [fd00::2]:4470 --model vgg16 --rate 5 --duration 60 --split mix \\\n"
    "    --mix 0=1,9=3 --deadline-ms 500 --json\n"
    "  joint loadtest --server 10.0.0.2:4470 --model alexnet --rate 30@5,60@10 --deadline-factor 4 "
    "\\\n"
    "    --bins-ms 100";

static void describe_load(struct loadtest_options *options, struct command_line *line)
{
    command_line_add(line,
                     (struct option){"rate", "R[@S],...",
                                     "open loop: requests per second; R@S,R@S,... for S seconds\n"
                                     "each, after the warm-up, which has the first rate",
                                     OPTION_TEXT, &options->rate, 0, 0, &options->has_rate});
    command_line_add(line,
                     (struct option){"closed", "N", "closed loop: requests in flight", OPTION_COUNT,
                                     &options->closed_count, 1, MAX_CLOSED, &options->has_closed});
    command_line_add(line, (struct option){"duration", "S",
                                           "seconds that count (default: those of --rate's steps)",
                                           OPTION_SECONDS, &options->duration_s, 0, MAX_SECONDS,
                                           &options->has_duration});
    command_line_add_value(line, "warmup", "S", OPTION_NUMBER, &options->warmup_s,
                           "seconds before that, which do not (default 1)");
    command_line_add_count(line, "clients", &options->clients, 1, MAX_CLIENTS,
                           "phones (default 100)");
    command_line_add_count(line, "client-requests", &options->requests_per_client, 1, MAX_OPEN_EACH,
                           "requests that a phone may have open (default 4)");
}

static void describe(struct loadtest_options *options, struct command_line *line)
{
    *line = (struct command_line){
        .command = "loadtest",
        .usage = "--server HOST:PORT --model NAME|MODEL.onnx\n"
                 "                      --rate R|--closed N --duration S [options]",
        .about = about,
        .notes = notes};
    command_line_add_value(line, "server", "HOST:PORT", OPTION_TEXT, &options->server,
                           "where to send");
    command_line_add_value(line, "model", "NAME|FILE", OPTION_TEXT, &options->model,
                           "a network of 'joint zoo --list', with its default weights, or\n"
                           "an ONNX file");
    command_line_add_value(line, "name", "NAME", OPTION_TEXT, &options->name,
                           "the server's name for it (default: the network's, or the\n"
                           "file's without .onnx)");
    describe_load(options, line);
    command_line_add_value(line, "split", "S", OPTION_TEXT, &options->split,
                           "cloud (cut 0, the default), mobile (nothing is sent), the\n"
                           "number of a cut, mix (each cut alike), or adaptive: each phone\n"
                           "chooses by --profile, --network and the server's load");
    command_line_add_value(line, "mix", "K=W,...", OPTION_TEXT, &options->mix,
                           "with --split mix: these cuts, with these weights");
    command_line_add_value(line, "profile", "P.json", OPTION_TEXT, &options->profile,
                           "with --split adaptive: what the layers cost ('joint profile')");
    command_line_add_value(line, "network", "3g|4g|wifi|FILE", OPTION_TEXT, &options->network,
                           "with --split adaptive: the phones' link (default wifi)");
    command_line_add_value(line, "deadline-ms", "D|K=D,...", OPTION_TEXT, &options->deadline,
                           "of each request, or for each cut of the mix its own\n"
                           "(default: none; phones give up after 10 s)");
    command_line_add_value(line, "deadline-factor", "F", OPTION_NUMBER, &options->deadline_factor,
                           "deadlines of F times what a request from its cut takes when it\n"
                           "is alone, measured before the run; the server should be idle");
    command_line_add_value(
        line, "late-ms", "L", OPTION_NUMBER, &options->late_ms,
        "sent so much after its time, a request was not on schedule\n(default 1)");
    command_line_add_value(line, "encoding", "E", OPTION_CHOICE, &options->encoding,
                           "f32 (default), f16 or u8");
    line->options[line->option_count - 1].argument = "f32|f16|u8";
    command_line_add_count(line, "class", &options->class_index, 0, 255,
                           "service class by index (default 0)");
    command_line_add_count(line, "first-client", &options->first_client, 1, UINT32_MAX,
                           "the first phone's number as a client, the others count on\n"
                           "(default 1): several load tests at once need numbers of their own");
    command_line_add_count(line, "seed", &options->seed, 0, UINT32_MAX,
                           "of schedule, cuts and tensors (default 1)");
    command_line_add_count(line, "sockets", &options->sockets, 1, LOADTEST_MAX_SOCKETS,
                           "UDP sockets, each with a thread (default 2)");
    command_line_add_count(line, "verify", &options->verify_count, 1, MAX_VERIFY,
                           "compare N answers, spread over the run, with a local run");
    command_line_add_value(line, "bins-ms", "B", OPTION_NUMBER, &options->bin_ms,
                           "report also over time, by when requests were due");
    command_line_add_value(line, "by-client", NULL, OPTION_FLAG, &options->is_by_client,
                           "report also by phone, with the fairness between them");
    command_line_add_value(line, "requests", "FILE", OPTION_TEXT, &options->requests_path,
                           "write one line for each request that counted");
    command_line_add_value(line, "allow-public", NULL, OPTION_FLAG, &options->allows_public,
                           "send to an address that may be someone else's");
    command_line_add_value(line, "json", NULL, OPTION_FLAG, &options->is_json,
                           "print the report as JSON");
}

/* What is wrong; NULL: nothing. */
static const char *find_fault(const struct loadtest_options *options)
{
    if (!options->server)
        return "--server HOST:PORT is missing";
    if (!options->model)
        return "--model NAME or --model MODEL.onnx is missing";
    if (options->has_rate == options->has_closed)
        return "give either --rate R (open loop) or --closed N (closed loop)";
    if (!options->has_duration)
        return "--duration S is missing";
    if (options->warmup_s > MAX_SECONDS)
        return "--warmup takes at most a day";
    if (options->late_ms > MAX_MS)
        return "--late-ms takes at most an hour";
    if (options->deadline && options->deadline_factor > 0)
        return "give either --deadline-ms or --deadline-factor";
    if (options->bin_ms > MAX_MS || (options->bin_ms > 0 && options->bin_ms < 1))
        return "--bins-ms takes 1 ms to an hour";
    if (options->mix && strcmp(options->split, "mix") != 0)
        return "--mix goes with --split mix";
    const bool is_adaptive = strcmp(options->split, "adaptive") == 0;
    if (is_adaptive != (options->profile != NULL))
        return "--split adaptive and --profile P.json go together";
    if (options->network && !is_adaptive)
        return "--network goes with --split adaptive";
    if (options->sockets > options->clients)
        return "--sockets: each needs a phone; give more --clients or fewer --sockets";
    if (options->has_closed &&
        options->closed_count > (uint64_t)(options->clients / options->sockets) *
                                    options->requests_per_client * options->sockets)
        return "--closed: the phones may not have so many open; give more --clients";
    return NULL;
}

/* The steps of --rate, and the duration that they make. What is wrong; NULL: nothing. */
static const char *read_rate(struct loadtest_options *options)
{
    if (!options->has_rate)
        return NULL;
    if (loadtest_rate_steps_read(&options->steps, options->rate))
        return "--rate takes a number over 0, at most 10000000, or R@S,R@S,... (32 steps at most)";
    const double seconds = loadtest_rate_steps_seconds(&options->steps);
    if (options->has_duration || seconds == 0)
        return NULL;
    options->duration_s = seconds;
    options->has_duration = true;
    return seconds > MAX_SECONDS ? "--rate: its steps take more than a day" : NULL;
}

bool loadtest_options_parse(struct loadtest_options *options, int argc, char **argv, int *status)
{
    struct command_line line;
    *options = (struct loadtest_options){.split = "cloud",
                                         .warmup_s = 1,
                                         .late_ms = 1,
                                         .clients = 100,
                                         .requests_per_client = 4,
                                         .first_client = 1,
                                         .seed = 1};
    describe(options, &line);
    if (!command_line_parse(&line, argc, argv, status))
        return false;
    if (options->sockets == 0)
        options->sockets = options->clients < DEFAULT_SOCKETS ? options->clients : DEFAULT_SOCKETS;
    const char *fault = read_rate(options);
    if (!fault)
        fault = find_fault(options);
    if (!fault)
        return true;
    *status =
        command_fail("loadtest", COMMAND_MISUSED, "%s; joint loadtest --help explains", fault);
    return false;
}
