/* Profile files (joint.profile/1): what a network costs on each side, as JSON. */
#ifndef SCHEDULER_PROFILE_PROFILE_FILE_H
#define SCHEDULER_PROFILE_PROFILE_FILE_H

#include "scheduler/plan/profile.h"
#include "scheduler/profile/file_error.h"

#include <stddef.h>
#include <stdio.h>

#define PROFILE_FILE_SCHEMA "joint.profile/1"

/* What a layer is, for people and other tools: written, and passed over when it is read. */
struct profile_layer_about {
    const char *type; /* "Conv+Relu" */
    double flops; /* for the whole batch */
};

/* What a profile says besides costs; a plan can be made without any of it. */
struct profile_about {
    char fingerprint[33]; /* of the model: 32 hexadecimal digits in lower case; "": not said */
    double element_bytes; /* how many each element takes when it is sent; 0: not said */
    const char *device, *cloud_device; /* that the times are of; NULL: not said */
    const char *energy_source; /* where the energies come from; NULL: not said */
    const char *backward; /* what the backward costs are: "none", "estimated"; NULL: not said */
    /* cut_layers[c] layers of the profile lie before cut c of the model: from 0 to layer_count,
     * strictly rising. cut_count 0: not said. */
    uint32_t cut_count;
    const uint32_t *cut_layers;
    const struct profile_layer_about *layers; /* [layer_count]; NULL: not said, and when read */
};

/* A profile that was read, and the memory that it lies in. */
struct profile_file {
    struct split_profile profile;
    struct profile_about about;
    char *texts; /* every name */
    uint32_t *numbers; /* the layers' inputs, then the cuts */
};

/* Reads and checks everything. 0; -EINVAL and what file and parser say, with the error filled and
 * the file zeroed. Memory is bounded: at most 80 times the file's size while it is read. */
int profile_file_read(struct profile_file *file, const char *path, struct file_error *error);

/* The same from memory, which may go afterwards; name stands for the file in errors. */
int profile_file_parse(struct profile_file *file, const char *name, const char *bytes, size_t size,
                       struct file_error *error);
void profile_file_fini(struct profile_file *file); /* accepts NULL and a zeroed object */

/* Writes a profile as a file, which is replaced whole; one layer a line. Names that are not UTF-8
 * get '?' for each byte that is not ASCII. about may be NULL. 0 or a negative errno. */
int profile_file_write(const char *path, const struct split_profile *profile,
                       const struct profile_about *about, struct file_error *error);

/* The same to a stream: 0, or -EIO where it failed. */
int profile_file_print(FILE *stream, const struct split_profile *profile,
                       const struct profile_about *about);

#endif
