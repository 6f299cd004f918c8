/* Which file is which tensor of a run's two cuts, checked before any work is done. */
#ifndef SCHEDULER_CLI_RUN_FILES_H
#define SCHEDULER_CLI_RUN_FILES_H

#include "scheduler/cli/cut_arrays.h"
#include "scheduler/cli/session.h"

struct run_files {
    uint32_t row_count; /* that the input files hold */
    bool is_single; /* some tensor has no rows: one row at a time */
    void **input_arrays; /* one per tensor of the first cut; the session's */
    struct named_files outputs;
    const struct named_file **output_files; /* one per tensor of the last cut; NULL: not written */
};

/* Matches the session's input files to the tensors of cut from, and the --output arguments to those
 * of cut to; checks names, types and shapes. An exit status, with its error line printed; fini
 * follows in any case. */
int run_files_init(struct run_files *files, struct session *session,
                   const struct text_list *outputs, uint32_t from, uint32_t to);
void run_files_fini(struct run_files *files); /* accepts NULL and a zeroed object */

/* Writes the outputs that were asked for. An exit status. */
int run_files_write(const struct run_files *files, const struct cut_arrays *outputs);

#endif
