/* Whose times and power a profile states: this machine's, a device's, or those of another file. */
#ifndef SCHEDULER_CLI_PROFILE_SIDES_H
#define SCHEDULER_CLI_PROFILE_SIDES_H

#include "scheduler/profile/costs.h"
#include "scheduler/profile/profile_file.h"

#define PROFILE_DEFAULT_WATTS 4.0 /* a phone's processor and memory at work, about */

struct profile_sides_options {
    const char *device, *cloud_device; /* names or files; NULL: this machine */
    const char *cloud_from; /* a profile; NULL: none */
    double power_watts; /* of the mobile; 0: not given */
};

struct profile_sides {
    bool has_device, has_cloud_device, has_cloud_file;
    struct device device, cloud_device;
    struct profile_file cloud_file;
    char here[128]; /* this machine's processor, in words */
    double mobile_watts;
    char energy_source[256];
};

/* Reads the files, before anything is measured. Exit status, with an error line printed; fini
 * follows whether or not it succeeded. */
int profile_sides_init(struct profile_sides *sides, const struct profile_sides_options *options);
void profile_sides_fini(struct profile_sides *sides); /* accepts NULL and a zeroed object */

/* The cloud's file is of this model: its fingerprint, batch and number of layers. Exit status. */
int profile_sides_check(const struct profile_sides *sides,
                        const struct profile_sides_options *options,
                        const struct split_profile *profile, const char *fingerprint);

/* Settles the mobile's power and says where it comes from. watts: as measured, 0 for not;
 * no_meter: why it was not. */
void profile_sides_power(struct profile_sides *sides, const struct profile_sides_options *options,
                         double watts, const char *no_meter);

/* Fills the profile's costs. Exit status. */
int profile_sides_fill(struct profile_sides *sides, struct split_profile *profile,
                       const struct engine_model *model, const struct measurement *measurement,
                       uint32_t element_bytes, double backward);

/* The names that stand in the file. */
const char *profile_sides_mobile(const struct profile_sides *sides);
const char *profile_sides_cloud(const struct profile_sides *sides);

#endif
