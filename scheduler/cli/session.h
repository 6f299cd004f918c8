/* A model opened as the command line says: what `run`, `cuts` and `bench` have in common. */
#ifndef SCHEDULER_CLI_SESSION_H
#define SCHEDULER_CLI_SESSION_H

#include "compute/engine.h"
#include "scheduler/cli/command_line.h"
#include "scheduler/cli/named_file.h"
#include "scheduler/cli/progress.h"

#define SESSION_MAX_THREADS 1024
#define SESSION_MAX_BATCH 65536

/* Options that several commands take. */
struct session_options {
    const char *path;
    uint32_t threads; /* default 1 */
    uint32_t max_cut_tensors; /* default 1 */
    uint32_t from, to; /* cuts; default: the first and the last */
    bool has_to;
    bool is_strict, is_untuned, is_json;
    const char *tuning_path, *isa;
    struct text_list dims; /* SYMBOL=N */
    struct text_list inputs; /* [NAME=]X.npy */
};

struct session_options session_options_default(void);
void session_options_fini(struct session_options *options);

/* Adds the options that decide what the network is: --dim, --max-cut-tensors, --json. */
void session_add_model_options(struct session_options *options, struct command_line *line);

/* Adds the options that decide how it runs: --threads, --strict, --isa, --tuning, --no-tuning. */
void session_add_engine_options(struct session_options *options, struct command_line *line);

/* The same, and what runs: --from, --to. */
void session_add_run_options(struct session_options *options, struct command_line *line);

/* What opening and preparing took. */
struct session_times {
    double open_ms, prepare_ms, pack_ms, context_ms;
};

struct session {
    const char *command; /* for error lines */
    const struct session_options *options;
    struct progress progress;
    struct named_files files; /* --input */
    size_t input_count;
    struct engine_input *inputs; /* listed only where --input was given */
    size_t dimension_count;
    struct engine_dimension *dimensions; /* owns the symbols */
    size_t binding_count;
    struct engine_binding *bindings;
    uint32_t rows; /* that the input files of the whole network hold; 1 where they do not say */
    uint32_t min_batch, max_batch; /* the model was opened for these */
    struct engine_model *model;
    struct engine_context *context;
    struct session_times times;
};

/* Each of these returns an exit status, with one error line printed unless it is COMMAND_DONE.
 * session_fini follows session_init whether or not that succeeded. */

/* Parses --dim, reads the --input files that name inputs of the network, takes open dimensions and
 * values that decide shapes from them. */
int session_init(struct session *session, const char *command,
                 const struct session_options *options);
void session_fini(struct session *session);

/* Opens the model for batches of this size; closes it first where it was open for others. */
int session_open(struct session *session, uint32_t min_batch, uint32_t max_batch);

/* The cuts that --from and --to mean, checked. */
int session_range(const struct session *session, uint32_t *from, uint32_t *to);

/* Chooses algorithms, packs weights and creates the context. */
int session_prepare(struct session *session);

/* An error line for the engine's error, with the progress line wiped. */
int session_fail(struct session *session, const struct engine_error *error);

#endif
