/* What `joint infer` was asked for and did: shared by its files. */
#ifndef SCHEDULER_CLI_INFER_H
#define SCHEDULER_CLI_INFER_H

#include "scheduler/cli/command_line.h"
#include "scheduler/client/joint.h"

struct infer_options {
    const char *model, *name, *split, *tuning_path, *profile;
    struct text_list servers, inputs, outputs;
    uint32_t threads, batch, repeat, max_cut_tensors, class_index;
    uint32_t encoding, answer_encoding; /* enum joint_encoding */
    double deadline_ms; /* 0: none */
    bool is_untuned, is_json, is_paced, explains, prints_each;
};

void infer_options_describe(struct infer_options *options, struct command_line *line);

/* --split as a call has it. An exit status, with an error line unless it is COMMAND_DONE. */
int infer_options_split(const struct infer_options *options, const struct joint *joint,
                        struct joint_call *call);

struct infer_explanation;

/* Prints what each call cost: a table, or JSON. why may be NULL. An exit status. */
int infer_report(const struct infer_options *options, const struct joint_report *reports,
                 uint32_t count, const struct infer_explanation *why);

/* One call as soon as it has ended, as one line. An exit status. */
int infer_report_each(const struct infer_options *options, const struct joint_report *report);

#endif
