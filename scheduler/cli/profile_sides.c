/* Finds out what each side of a profile is, and fills its columns. */
#include "scheduler/cli/profile_sides.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/device_path.h"
#include "scheduler/profile/device_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The processor's name as Linux gives it, and how many there are. */
static void describe_machine(char *text, size_t size)
{
    char line[256], name[96] = "unknown processor";
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && fgets(line, sizeof(line), file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0)
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (file)
        fclose(file);
    snprintf(text, size, "this machine (%s, %ld processors)", name, sysconf(_SC_NPROCESSORS_ONLN));
}

static int read_device(const char *option, const char *word, struct device *device)
{
    char path[4096];
    struct file_error error;
    if (device_path_find(word, path, sizeof(path)))
        return command_fail("profile", COMMAND_FAILED,
                            "--%s %s: there is no device of that name%s%s; a file is given as "
                            "FILE.json",
                            option, word, path[0] ? "; there are " : "", path);
    if (device_file_read(device, path, &error))
        return command_fail("profile", COMMAND_FAILED, "%s", error.text);
    return COMMAND_DONE;
}

int profile_sides_init(struct profile_sides *sides, const struct profile_sides_options *options)
{
    *sides = (struct profile_sides){.has_device = options->device,
                                    .has_cloud_device = options->cloud_device,
                                    .has_cloud_file = options->cloud_from};
    describe_machine(sides->here, sizeof(sides->here));
    int status = COMMAND_DONE;
    if (options->cloud_device && options->cloud_from)
        status = command_fail("profile", COMMAND_MISUSED,
                              "--cloud-device and --cloud-from exclude each other");
    if (!status && options->device)
        status = read_device("device", options->device, &sides->device);
    if (!status && options->cloud_device)
        status = read_device("cloud-device", options->cloud_device, &sides->cloud_device);
    struct file_error error;
    if (!status && options->cloud_from &&
        profile_file_read(&sides->cloud_file, options->cloud_from, &error))
        status = command_fail("profile", COMMAND_FAILED, "%s", error.text);
    return status;
}

void profile_sides_fini(struct profile_sides *sides)
{
    if (!sides)
        return;
    profile_file_fini(&sides->cloud_file);
    *sides = (struct profile_sides){0};
}

int profile_sides_check(const struct profile_sides *sides,
                        const struct profile_sides_options *options,
                        const struct split_profile *profile, const char *fingerprint)
{
    if (!sides->has_cloud_file)
        return COMMAND_DONE;
    const struct profile_file *file = &sides->cloud_file;
    const char *path = options->cloud_from;
    if (strcmp(file->about.fingerprint, fingerprint) != 0)
        return command_fail("profile", COMMAND_FAILED,
                            "%s: fingerprint %s is another model's, this one's is %s; measure "
                            "this model on the server",
                            path, file->about.fingerprint[0] ? file->about.fingerprint : "(none)",
                            fingerprint);
    if (file->profile.batch != profile->batch)
        return command_fail("profile", COMMAND_FAILED,
                            "%s: batch is %u, not %u; give both the same --batch", path,
                            file->profile.batch, profile->batch);
    if (file->profile.layer_count != profile->layer_count)
        return command_fail("profile", COMMAND_FAILED,
                            "%s: layers are %u, this model has %u; measure it on the server anew",
                            path, file->profile.layer_count, profile->layer_count);
    return COMMAND_DONE;
}

void profile_sides_power(struct profile_sides *sides, const struct profile_sides_options *options,
                         double watts, const char *no_meter)
{
    char *text = sides->energy_source;
    const size_t size = sizeof(sides->energy_source);
    if (options->power_watts > 0) {
        sides->mobile_watts = options->power_watts;
        snprintf(text, size, "time x %g W, as given", sides->mobile_watts);
    } else if (sides->has_device) {
        sides->mobile_watts = sides->device.power_watts;
        snprintf(text, size, "time x %g W, the power of device %s", sides->mobile_watts,
                 sides->device.name);
    } else if (watts > 0) {
        sides->mobile_watts = watts;
        snprintf(text, size,
                 "time x %.3g W, measured by RAPL (whole packages, idle power included)", watts);
    } else {
        sides->mobile_watts = PROFILE_DEFAULT_WATTS;
        snprintf(text, size, "time x %g W, an assumption: no RAPL (%s), no power given",
                 sides->mobile_watts, no_meter);
    }
}

int profile_sides_fill(struct profile_sides *sides, struct split_profile *profile,
                       const struct engine_model *model, const struct measurement *measurement,
                       uint32_t element_bytes, double backward)
{
    struct side_times mobile = {0}, cloud = {0};
    struct roofline_layer *layers = calloc((size_t)profile->layer_count + 1, sizeof(*layers));
    int err =
        !layers || side_times_init(&mobile, measurement) || side_times_init(&cloud, measurement);
    if (!err) {
        roofline_layers_fill(layers, model, measurement, profile, element_bytes);
        side_times_measured(&mobile, measurement);
        side_times_measured(&cloud, measurement);
        if (sides->has_device)
            side_times_scaled(&mobile, measurement, layers, &sides->device);
        if (sides->has_cloud_device)
            side_times_scaled(&cloud, measurement, layers, &sides->cloud_device);
        if (sides->has_cloud_file)
            side_times_of(&cloud, measurement, &sides->cloud_file.profile);
        err = costs_fill(profile, measurement, &mobile, &cloud, sides->mobile_watts, backward);
    }
    side_times_fini(&mobile);
    side_times_fini(&cloud);
    free(layers);
    return err ? command_fail("profile", COMMAND_FAILED, "out of memory") : COMMAND_DONE;
}

const char *profile_sides_mobile(const struct profile_sides *sides)
{
    return sides->has_device ? sides->device.name : sides->here;
}

const char *profile_sides_cloud(const struct profile_sides *sides)
{
    if (sides->has_cloud_file && sides->cloud_file.about.cloud_device)
        return sides->cloud_file.about.cloud_device;
    if (sides->has_cloud_file)
        return "not said";
    return sides->has_cloud_device ? sides->cloud_device.name : sides->here;
}
