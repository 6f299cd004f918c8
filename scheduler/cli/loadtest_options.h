/* What `joint loadtest` is told. */
#ifndef SCHEDULER_CLI_LOADTEST_OPTIONS_H
#define SCHEDULER_CLI_LOADTEST_OPTIONS_H

#include "scheduler/cli/command_line.h"
#include "scheduler/loadtest/rate_steps.h"

struct loadtest_options {
    const char *server, *model, *name, *split, *mix, *profile, *network, *rate, *deadline;
    const char *requests_path; /* NULL: no file of requests */
    struct loadtest_rate_steps steps; /* of rate */
    double duration_s, warmup_s, deadline_factor, late_ms, bin_ms;
    uint32_t closed_count, clients, requests_per_client, sockets, class_index, verify_count;
    uint32_t first_client, seed,
        encoding; /* encoding: enum jtp_encoding, in the order of the words */
    bool has_rate, has_closed, has_duration;
    bool is_by_client, allows_public, is_json;
};

/* Defaults and parsing; checks what can be checked without the model. True: go on. False: return
 * *status. */
bool loadtest_options_parse(struct loadtest_options *options, int argc, char **argv, int *status);

#endif
