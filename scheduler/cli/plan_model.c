/* Compares a profile's fingerprint with that of the model's file. */
#include "scheduler/cli/plan_model.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/session.h"

#include <stdio.h>
#include <string.h>

static int compare(const struct plan_options *options, const struct profile_file *file,
                   const struct engine_model *model)
{
    uint8_t fingerprint[16];
    char text[33] = "";
    engine_model_fingerprint(model, fingerprint);
    for (size_t i = 0; i < sizeof(fingerprint); i++)
        snprintf(text + 2 * i, 3, "%02x", fingerprint[i]);
    if (strcmp(text, file->about.fingerprint) == 0)
        return COMMAND_DONE;
    return command_fail("plan", COMMAND_FAILED,
                        "%s: fingerprint is %s, but that of %s is %s: the profile is of another "
                        "model; 'joint profile' measures this one",
                        options->profile_path, file->about.fingerprint, options->model_path, text);
}

int plan_model_check(const struct plan_options *options, const struct profile_file *file)
{
    if (!file->about.fingerprint[0])
        return command_fail("plan", COMMAND_FAILED,
                            "%s: fingerprint is missing: whether it is of %s cannot be told; leave "
                            "the model out, or measure it with 'joint profile'",
                            options->profile_path, options->model_path);
    struct session_options session_options = session_options_default();
    session_options.path = options->model_path;
    session_options.dims = options->dims;
    struct session session;
    int status = session_init(&session, "plan", &session_options);
    if (!status)
        status = session_open(&session, 1, 1);
    progress_clear(&session.progress);
    if (!status)
        status = compare(options, file, session.model);
    session_fini(&session);
    return status;
}
