/* The compute engine: runs any range of layers of an ONNX network, for a batch of rows.
 *
 * This is the one header for embedding. How to use it, in order:
 *
 *   engine_config_default(&config);                  settings; each field states its default
 *   engine_model_open(path, &config, &model, &error) reads the file, finds layers and cuts
 *   engine_model_prepare(model, &error)              chooses algorithms, plans memory
 *   bytes = engine_model_weights_bytes(model)        sizes first,
 *   engine_model_pack(model, memory, &error)         memory second (or engine_model_attach),
 *   engine_context_create(model, NULL, &context, &error)
 *   engine_context_run(context, &run, &error)        run last, as often as wanted
 *
 * A model is read-only once packed: any number of contexts, each used by one thread at a time, run
 * over it at once. The packed weights may lie in memory that several processes map: one packs, the
 * others attach. Nothing is allocated in a run.
 *
 * Layers and cuts are numbered from the graph alone (never from the CPU, the batch or the kernels),
 * so that two ends that hold the same file mean the same by "cut 5". Cut k is the state before the
 * k-th legal boundary; cut 0 is the network's input, the last one its output.
 *
 * A context makes OpenBLAS run in the calling thread, for the whole process: the threads here are
 * the context's own.
 *
 * Functions return 0 or a negative errno; with an error object they also leave one line in it that
 * says what, where and what to do. */
#ifndef COMPUTE_ENGINE_H
#define COMPUTE_ENGINE_H

#include "compute/tensor/tensor.h"

/* Raised when the numbering of layers or cuts changes. */
#define ENGINE_NUMBERING_VERSION 1

struct engine_model;
struct engine_context;

struct engine_error {
    char text[4096];
};

/* A number for a symbolic dimension other than the batch ("sequence" = 128). A dimension that the
 * file leaves open without a name is called INPUT:AXIS ("x:2"). Giving the batch's own symbol a
 * number fixes it: the model then runs one row of that size at a time. */
struct engine_dimension {
    const char *symbol;
    int64_t value;
};

/* A graph input whose value is fixed for the life of the model, such as the shape operand of a
 * Reshape that the file leaves open. */
struct engine_binding {
    const char *input;
    struct tensor tensor; /* borrowed until engine_model_destroy */
};

/* Long work reports here: what is being done, and how much of it, 0 to 1. May be called often. */
typedef void engine_progress(void *arg, const char *what, double fraction);

struct engine_config {
    uint32_t threads; /* threads a run may use, the caller included; default 1 */
    uint32_t min_batch; /* smallest batch that will be run; default 1 */
    uint32_t max_batch; /* largest batch that will be run; default 1 */
    uint32_t max_cut_tensors; /* a cut with more live tensors is not legal; default 1 */
    bool is_strict; /* direct algorithms only, no Winograd; default false */
    bool is_tuned; /* choose algorithms by measuring, unless kept from before; default true */
    const char *tuning_path; /* where the choices are kept; default NULL: model path + ".tuning" */
    const char *tuning; /* choices to take over, from engine_model_tuning: nothing is measured, no
                         * file looked at; default NULL */
    const char *isa; /* "avx512", "avx2", "neon", "plain"; default NULL: the best here */
    const struct engine_dimension *dimensions; /* default none */
    size_t dimension_count;
    const struct engine_binding *bindings; /* default none */
    size_t binding_count;
    engine_progress *progress; /* default NULL */
    void *progress_arg;
};

void engine_config_default(struct engine_config *config);

/* Reads and checks the file, folds constants, numbers layers and cuts. The caller destroys *model.
 * The config's arrays and strings may go once prepare has returned; bindings stay borrowed.
 * -ENOENT, -EINVAL, -ENOTSUP (operators that are missing), -ENOMEM, ... */
int engine_model_open(const char *path, const struct engine_config *config,
                      struct engine_model **model, struct engine_error *error);
void engine_model_destroy(struct engine_model *model); /* accepts NULL */

/* One tensor of a cut, as one row of a batch: shape with the batch at 1. */
struct engine_tensor {
    const char *name;
    enum tensor_type type;
    struct shape shape;
    size_t bytes;
    int batch_axis; /* of shape; -1: the tensor does not depend on the batch or its rows cannot be
                     * told apart, then only one row at a time can enter or leave here */
};

struct engine_cut {
    const char *name; /* of the layer that ends here; "input" for cut 0 */
    uint32_t layer_count; /* layers before this cut */
    uint32_t tensor_count;
    const struct engine_tensor *tensors;
};

/* A tensor that a layer reads from a layer before it. */
struct engine_use {
    uint32_t from; /* layers up to the one that makes it; 0: an input of the network */
    struct engine_tensor tensor;
};

struct engine_layer {
    const char *name; /* of its first node */
    const char *type; /* "Conv+BatchNormalization+Relu" */
    double flops; /* for one row, by definition (multiply and add count as two) */
    size_t weight_bytes; /* of the float constants it reads, as in the file; scalars left out */
    bool is_depthwise; /* a convolution with one input channel per group */
    uint32_t use_count;
    const struct engine_use *uses; /* each tensor once, in the order in which it reads them */
};

uint32_t engine_model_cut_count(const struct engine_model *model);
const struct engine_cut *engine_model_cut(const struct engine_model *model, uint32_t cut);
uint32_t engine_model_layer_count(const struct engine_model *model);
const struct engine_layer *engine_model_layer(const struct engine_model *model, uint32_t layer);

/* Whether several rows can be run at once: the file leaves the batch dimension open. */
bool engine_model_has_batch(const struct engine_model *model);

#define ENGINE_NAME_BYTES 256

/* A declared input of the file, before prepare: for tools that must match files to inputs. rank is
 * -1 where the file does not say; a symbol stands as -1 in dims and by its name in symbols, spelled
 * as engine_dimension wants it ("" for a number). Strings are cut off at their room. */
struct engine_input {
    char name[ENGINE_NAME_BYTES];
    enum tensor_type type;
    int rank;
    int64_t dims[TENSOR_MAX_RANK];
    char symbols[TENSOR_MAX_RANK][ENGINE_NAME_BYTES];
    int batch_axis; /* the dimension that is the batch; -1: none */
    bool decides_shapes; /* its values must be bound (engine_binding) */
};

/* Lists the inputs of a file without planning it: call with capacity 0 to learn *count. */
int engine_list_inputs(const char *path, struct engine_input *inputs, size_t capacity,
                       size_t *count, struct engine_error *error);

/* 128 bits over graph and weights: equal for equal networks. Reads all weights. */
void engine_model_fingerprint(const struct engine_model *model, uint8_t fingerprint[16]);

/* Chooses an algorithm for each layer and batch size (measuring, unless the choices were kept) and
 * plans memory for batches min_batch to max_batch. */
int engine_model_prepare(struct engine_model *model, struct engine_error *error);

/* The choices that prepare made, as a text that ends with 0, for models of the same file, config
 * and machine that must choose alike. *text is the caller's to free. 0 or -ENOMEM. */
int engine_model_tuning(const struct engine_model *model, char **text);

/* Bytes of all packed weights; after prepare. */
size_t engine_model_weights_bytes(const struct engine_model *model);

/* Packs the weights into memory (engine_model_weights_bytes, 64-byte aligned, owned by the caller
 * and kept until the model is destroyed); NULL: the model allocates it. */
int engine_model_pack(struct engine_model *model, void *memory, struct engine_error *error);

/* Takes weights that another model of the same file, config and machine has packed. Checks their
 * header; -EINVAL where they are another model's. Never writes to memory. */
int engine_model_attach(struct engine_model *model, const void *memory, size_t bytes,
                        struct engine_error *error);

/* Bytes that a context needs for itself and every intermediate tensor. */
size_t engine_context_bytes(const struct engine_model *model);

/* memory: engine_context_bytes, 64-byte aligned, owned by the caller; NULL: allocated. Starts
 * config.threads - 1 threads. */
int engine_context_create(const struct engine_model *model, void *memory,
                          struct engine_context **context, struct engine_error *error);
/* One more of the same model that has no threads of its own, but uses the first's: the two run in
 * turns, as one in a pause of the other. Is to be destroyed before the first. */
int engine_context_create_beside(const struct engine_context *first, void *memory,
                                 struct engine_context **context, struct engine_error *error);
void engine_context_destroy(struct engine_context *context); /* accepts NULL */

struct engine_run {
    uint32_t from, to; /* cuts, from < to */
    uint32_t rows; /* min_batch..max_batch */
    /* One pointer per tensor of the cut and row: inputs[tensor * rows + row], each to
     * engine_tensor.bytes in the tensor's own (ONNX) layout, C order. Rows may lie anywhere;
     * aligned to their element type. */
    const void *const *inputs;
    void *const *outputs;
    /* Nanoseconds per layer are added here, pauses among them (engine_model_layer_count entries);
     * NULL: none. */
    uint64_t *layer_ns;
    /* Asked on the way, at each cut inside the range where a run of so many rows can end for
     * nothing (engine_model_can_pause), in order: true ends it there, and outputs then holds the
     * places for that cut's tensors. NULL: nobody is asked. */
    bool (*wants_end)(void *arg, uint32_t cut);
    void *wants_end_arg;
    /* Asked on the way between small parts of layers, ten times a millisecond or so (an operator
     * that has no kernel of its own here may take longer): true calls pause, and the run stands
     * still until that returns. In there any other context may run, of this model or of another,
     * but none in which a pause is under way. NULL: nobody is asked. */
    bool (*wants_pause)(void *arg);
    void (*pause)(void *arg);
    void *pause_arg;
};

/* Whether a run of so many rows can be asked at that cut whether it should go on: there it has all
 * its rows at the same place. Elsewhere it runs some rows ahead of the others. */
bool engine_model_can_pause(const struct engine_model *model, uint32_t rows, uint32_t cut);

/* 0; -EINVAL: a cut or row count out of range; -ENOTSUP: rows cannot be told apart at this cut.
 */
int engine_context_run(struct engine_context *context, const struct engine_run *run,
                       struct engine_error *error);

/* The algorithm chosen for a layer at this batch ("winograd-4", "direct", "generic", ...). */
const char *engine_model_algorithm(const struct engine_model *model, uint32_t layer,
                                   uint32_t batch);

#endif
