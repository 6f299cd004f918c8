/* Command-line arguments of the form [NAME=]FILE.npy: which file is meant for which tensor.
 *
 * Names of tensors may hold '=' and file names too, so an argument is split only by asking whether
 * it starts with a name that exists. */
#ifndef SCHEDULER_CLI_NAMED_FILE_H
#define SCHEDULER_CLI_NAMED_FILE_H

#include "compute/tensor/npy.h"
#include "scheduler/cli/command_line.h"

struct named_file {
    const char *text; /* the argument */
    const char *path; /* inside text; NULL until some tensor has claimed it */
    bool is_read;
    struct npy npy;
};

struct named_files {
    uint32_t count;
    struct named_file *items;
};

/* 0 or -ENOMEM. The texts stay argv's own. */
int named_files_init(struct named_files *files, const struct text_list *arguments);
void named_files_fini(struct named_files *files); /* accepts NULL and a zeroed object */

/* The file given for the tensor called name, or NULL. is_only: there is no other tensor that it
 * could be meant for, so that an argument without NAME= will do. */
struct named_file *named_files_claim(struct named_files *files, const char *name, bool is_only);

/* The first argument that no tensor has claimed, or NULL. */
const struct named_file *named_files_unclaimed(const struct named_files *files);

/* Reads a claimed file once; errors as npy_read. */
int named_file_read(struct named_file *file, struct npy_error *error);

#endif
