/* The options of `joint infer`. */
#include "scheduler/cli/commands.h"
#include "scheduler/cli/infer.h"

#include <stddef.h>
#include <string.h>

#define MAX_THREADS 1024
#define MAX_BATCH 1024
#define MAX_REPEAT 100000
#define MAX_MS 3600000

static const char about[] =
    "Runs MODEL.onnx on the tensors in .npy files, partly here and partly on an edge server, and\n"
    "writes the results as .npy files. The layers before one cut run here, those up to another on\n"
    "the server, the rest here again ('joint cuts MODEL.onnx' lists the cuts). Where the server\n"
    "rejects the request, is late or is gone, this machine finishes the work: the results are\n"
    "written in any case, and the report says what each request cost and where it ran.";

static const char notes[] =
    "Where the file leaves the batch open, X.npy may hold any number of rows; each call takes\n"
    "--batch of them. With several servers the first one that is there is asked. Without "
    "--server,\n"
    "everything runs here.\n\n"
    "The times of a request are milliseconds: here before the server's part, uplink, waiting at\n"
    "the server, computing there, downlink, here after (or in place of) it. 'in vain' is what was\n"
    "waited for a server that did not answer. KB are those of the tensors, 1 KB = 1000 bytes.\n\n"
    "examples:\n"
    "  joint infer --server 10.0.0.2:4470 --model alexnet.onnx --input x.npy --output y.npy\n"
    "  joint infer --server 10.0.0.2:4470 --model alexnet.onnx --input x.npy --explain\n"
    "  joint infer --server 10.0.0.2:4470 --model alexnet.onnx --input x.npy --output y.npy \\\n"
    "    --split 9 --encoding u8 --deadline-ms 50 --repeat 10 --json";

void infer_options_describe(struct infer_options *options, struct command_line *line)
{
    *line = (struct command_line){.command = "infer",
                                  .usage =
                                      "--server HOST:PORT --model MODEL.onnx --input [NAME=]X.npy\n"
                                      "                   --output [NAME=]Y.npy [options]",
                                  .about = about,
                                  .notes = notes};
    command_line_add_value(line, "server", "HOST:PORT", OPTION_LIST, &options->servers,
                           "whom to ask; may be repeated");
    command_line_add_value(line, "model", "MODEL.onnx", OPTION_TEXT, &options->model,
                           "the network");
    command_line_add_value(line, "name", "NAME", OPTION_TEXT, &options->name,
                           "the server's name for it (default: the file's without .onnx)");
    command_line_add_value(line, "input", "[NAME=]X.npy", OPTION_LIST, &options->inputs,
                           "an input; NAME may be left out where there is one");
    command_line_add_value(line, "output", "[NAME=]Y.npy", OPTION_LIST, &options->outputs,
                           "where to write an output; those not named are not written");
    command_line_add_value(line, "split", "S", OPTION_TEXT, &options->split,
                           "auto (where it should be fastest, the default), mobile (all\n"
                           "here), cloud (all there), K (from cut K on there) or K,K2\n"
                           "(from cut K to K2 there)");
    command_line_add(line, (struct option){"deadline-ms", "D", "of each request (default: none)",
                                           OPTION_SECONDS, &options->deadline_ms, 0, MAX_MS, NULL});
    command_line_add_value(line, "encoding", "f32|f16|u8", OPTION_CHOICE, &options->encoding,
                           "of the elements sent to the server (default f32)");
    command_line_add_value(line, "answer-encoding", "f32|f16|u8", OPTION_CHOICE,
                           &options->answer_encoding, "of those that come back (default f32)");
    command_line_add_count(line, "class", &options->class_index, 0, 255,
                           "service class by index (default 0)");
    command_line_add_count(line, "batch", &options->batch, 1, MAX_BATCH,
                           "rows of a request (default 1)");
    command_line_add_count(line, "repeat", &options->repeat, 1, MAX_REPEAT,
                           "run all N times (default 1)");
    command_line_add_count(line, "threads", &options->threads, 1, MAX_THREADS,
                           "that a computation here may use (default 1)");
    command_line_add_count(
        line, "max-cut-tensors", &options->max_cut_tensors, 1, 1024,
        "a cut that more tensors cross is none; as the server has it\n(default 1)");
    command_line_add_value(line, "tuning", "FILE", OPTION_TEXT, &options->tuning_path,
                           "where the choice of kernels is kept (default:\nMODEL.onnx.tuning)");
    command_line_add_value(line, "no-tuning", NULL, OPTION_FLAG, &options->is_untuned,
                           "choose kernels by rules, without measuring");
    command_line_add_value(line, "profile", "P.json", OPTION_TEXT, &options->profile,
                           "plan by what the layers cost there ('joint profile'), not by\n"
                           "what they take here");
    command_line_add_value(line, "paced", NULL, OPTION_FLAG, &options->is_paced,
                           "act as the profile's device: computing here takes as long as\n"
                           "the profile says, the rest is waited");
    command_line_add_value(line, "explain", NULL, OPTION_FLAG, &options->explains,
                           "say why the last call was split so, and what every other\n"
                           "split would have cost");
    command_line_add_value(line, "each", NULL, OPTION_FLAG, &options->prints_each,
                           "print a line when a call has ended (with --json: an object),\n"
                           "in place of the table");
    command_line_add_value(line, "json", NULL, OPTION_FLAG, &options->is_json,
                           "print the report as JSON");
}

static int misuse(const struct infer_options *options, uint32_t last)
{
    return command_fail("infer", COMMAND_MISUSED,
                        "--split %s: give auto, mobile, cloud, K or K,K2 with cuts from 0 to %u, K "
                        "below K2",
                        options->split, last);
}

int infer_options_split(const struct infer_options *options, const struct joint *joint,
                        struct joint_call *call)
{
    static const char *const words[] = {"auto", "mobile", "cloud"};
    const uint32_t last = joint_cut_count(joint) - 1;
    const char *comma = strchr(options->split, ',');
    char first[32];
    uint64_t from, to = last;
    for (uint32_t i = 0; i < 3; i++)
        if (strcmp(options->split, words[i]) == 0) {
            call->split = (enum joint_split)i;
            return COMMAND_DONE;
        }
    size_t length = comma ? (size_t)(comma - options->split) : strlen(options->split);
    if (length >= sizeof(first))
        return misuse(options, last);
    memcpy(first, options->split, length);
    first[length] = 0;
    if (!text_to_count(first, 0, last, &from) || (comma && !text_to_count(comma + 1, 0, last, &to)))
        return misuse(options, last);
    if (from == last && !comma) { /* the last cut: nothing is left for the server */
        call->split = JOINT_MOBILE;
        return COMMAND_DONE;
    }
    if (from >= to)
        return misuse(options, last);
    call->split = JOINT_CUTS;
    call->from = (uint32_t)from;
    call->to = (uint32_t)to;
    return COMMAND_DONE;
}
