/* Reads a profile and a network, and checks that the profile is the model's. */
#include "scheduler/cli/loadtest_costs.h"
#include "scheduler/cli/commands.h"
#include "scheduler/profile/network_file.h"
#include "scheduler/profile/profile_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int read_network(struct split_network *network, const char *name)
{
    const struct split_network *named = split_network_named(name ? name : "wifi");
    if (named) {
        *network = *named;
        return COMMAND_DONE;
    }
    struct file_error error;
    if (network_file_read(network, name, &error))
        return command_fail("loadtest", COMMAND_FAILED, "--network: %s", error.text);
    return COMMAND_DONE;
}

/* Another network of the same layers would give numbers that mean nothing. */
static int check_model(const struct profile_file *file, const struct loadtest_options *options,
                       const struct loadtest_model *model)
{
    char text[33] = "";
    for (size_t i = 0; i < sizeof(model->fingerprint); i++)
        snprintf(text + 2 * i, 3, "%02x", model->fingerprint[i]);
    if (file->about.fingerprint[0] && strcmp(text, file->about.fingerprint) != 0)
        return command_fail("loadtest", COMMAND_FAILED,
                            "%s is of another model than %s; 'joint profile' measures this one",
                            options->profile, model->path);
    if (file->about.cut_count != model->last_cut + 1)
        return command_fail(
            "loadtest", COMMAND_FAILED,
            "%s names %" PRIu32 " cuts, %s has %" PRIu32 "; 'joint profile' writes them",
            options->profile, file->about.cut_count, model->path, model->last_cut + 1);
    return COMMAND_DONE;
}

int loadtest_costs_read(struct loadtest_costs *costs, const struct loadtest_options *options,
                        const struct loadtest_model *model)
{
    struct profile_file file;
    struct file_error error;
    struct split_network network;
    struct split_error problem;
    int status = read_network(&network, options->network);
    if (status)
        return status;
    if (profile_file_read(&file, options->profile, &error))
        return command_fail("loadtest", COMMAND_FAILED, "--profile: %s", error.text);
    status = check_model(&file, options, model);
    int err = 0;
    if (!status)
        err = loadtest_costs_init(costs, &file.profile, file.about.cut_layers, file.about.cut_count,
                                  &network, &problem);
    if (err == -ENOMEM)
        status = command_fail("loadtest", COMMAND_FAILED, "out of memory");
    else if (err)
        status = command_fail("loadtest", COMMAND_FAILED, "%s: %s %s", options->profile,
                              problem.field, problem.reason);
    profile_file_fini(&file);
    return status;
}
