/* Reads what the network costs from a profile file, and checks that it is the network's. */
#include "scheduler/client/device_costs.h"
#include "scheduler/profile/profile_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int check(const struct profile_file *file, const char *path,
                 const struct device_network *network, char *text, size_t room)
{
    char fingerprint[33] = "";
    for (size_t i = 0; i < 16; i++)
        snprintf(fingerprint + 2 * i, 3, "%02x", network->fingerprint[i]);
    if (file->about.fingerprint[0] && strcmp(fingerprint, file->about.fingerprint) != 0) {
        snprintf(text, room, "%s is of another model than %s; 'joint profile' measures this one",
                 path, network->model_path);
        return -EINVAL;
    }
    if (file->about.cut_count == network->step_count + 1)
        return 0;
    snprintf(text, room,
             "%s names %" PRIu32 " cuts, %s has %" PRIu32
             "; 'joint profile' writes them, with the same --max-cut-tensors",
             path, file->about.cut_count, network->model_path, network->step_count + 1);
    return -EINVAL;
}

int device_costs_read(struct device_costs *costs, const char *path,
                      const struct device_network *network, char *text, size_t room)
{
    struct profile_file file;
    struct file_error error;
    *costs = (struct device_costs){0};
    int rc = profile_file_read(&file, path, &error);
    if (rc) {
        snprintf(text, room, "%s", error.text);
        return rc;
    }
    rc = check(&file, path, network, text, room);
    if (rc == 0) {
        rc = device_costs_take(costs, &file.profile, file.about.cut_layers, network->step_count);
        if (rc)
            snprintf(text, room, "%s: %s", path, strerror(-rc));
    }
    profile_file_fini(&file);
    return rc;
}
