/* One way to open a model, for the process that packs and for those that attach. */
#include "compute/worker/weights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct engine_error *error, int code, const char *what)
{
    snprintf(error->text, sizeof(error->text), "%s", what);
    return code;
}

static bool is_text(const char *text, size_t room)
{
    return memchr(text, 0, room) != NULL;
}

static bool is_sound(const struct message_model_file *file)
{
    if (file->model >= MESSAGE_MAX_MODELS || file->threads == 0 || file->max_batch == 0 ||
        file->max_batch > MESSAGE_MAX_ROWS || file->max_cut_tensors == 0 ||
        file->dimension_count > MESSAGE_MAX_DIMENSIONS ||
        !is_text(file->path, sizeof(file->path)) ||
        !is_text(file->tuning_path, sizeof(file->tuning_path)))
        return false;
    for (uint32_t i = 0; i < file->dimension_count; i++)
        if (!is_text(file->dimension[i].symbol, sizeof(file->dimension[i].symbol)))
            return false;
    return true;
}

static int open_with_batch(const struct message_model_file *file, struct engine_config *config,
                           uint32_t max_batch, struct engine_model **model,
                           struct engine_error *error)
{
    config->max_batch = max_batch;
    const int rc = engine_model_open(file->path, config, model, error);
    if (rc || max_batch == 1 || engine_model_has_batch(*model))
        return rc;
    engine_model_destroy(*model);
    return open_with_batch(file, config, 1, model, error);
}

int weights_open_model(const struct message_model_file *file, const char *tuning,
                       engine_progress *progress, void *progress_arg, struct engine_model **out,
                       struct engine_error *error)
{
    if (!is_sound(file))
        return fail(error, -EINVAL, "a model with impossible settings; see message_model_file");
    struct engine_dimension dimensions[MESSAGE_MAX_DIMENSIONS];
    for (uint32_t i = 0; i < file->dimension_count; i++)
        dimensions[i] =
            (struct engine_dimension){file->dimension[i].symbol, file->dimension[i].value};
    struct engine_config config;
    engine_config_default(&config);
    config.threads = file->threads;
    config.max_cut_tensors = file->max_cut_tensors;
    config.is_strict = file->is_strict != 0;
    config.is_tuned = file->is_tuned != 0;
    config.tuning_path = file->tuning_path[0] ? file->tuning_path : NULL;
    config.tuning = tuning;
    config.dimensions = dimensions;
    config.dimension_count = file->dimension_count;
    config.progress = progress;
    config.progress_arg = progress_arg;
    struct engine_model *model = NULL;
    int rc = open_with_batch(file, &config, file->max_batch, &model, error);
    if (rc)
        return rc;
    rc = engine_model_prepare(model, error);
    if (rc)
        engine_model_destroy(model);
    else
        *out = model;
    return rc;
}

uint32_t weights_max_batch(const struct engine_model *model, const struct message_model_file *file)
{
    return engine_model_has_batch(model) ? file->max_batch : 1;
}

static int pack(struct engine_model *model, const char *tuning, struct region *region,
                struct engine_error *error)
{
    const size_t bytes = engine_model_weights_bytes(model);
    const uint64_t tuning_bytes = strlen(tuning) + 1;
    const uint64_t tuning_at = message_align(bytes);
    const struct region_config config = {.name = "joint-weights",
                                         .kind = REGION_WEIGHTS,
                                         .payload_bytes =
                                             tuning_at + sizeof(tuning_bytes) + tuning_bytes};
    int rc = region_init(region, &config);
    if (rc)
        return fail(error, rc, "no memory for the shared weights");
    unsigned char *at = region_at(region, tuning_at, sizeof(tuning_bytes) + tuning_bytes);
    memcpy(at, &tuning_bytes, sizeof(tuning_bytes));
    memcpy(at + sizeof(tuning_bytes), tuning, tuning_bytes);
    rc = engine_model_pack(model, region_at(region, 0, bytes), error);
    if (rc == 0 && (rc = region_seal(region, REGION_SEAL_CONTENT)) != 0)
        fail(error, rc, "the shared weights cannot be sealed");
    if (rc)
        region_fini(region);
    return rc;
}

int weights_publish(struct engine_model *model, struct region *region, struct engine_error *error)
{
    char *tuning;
    int rc = engine_model_tuning(model, &tuning);
    if (rc)
        return fail(error, rc, "no memory for the choices of algorithms");
    rc = pack(model, tuning, region, error);
    free(tuning);
    return rc;
}

const char *weights_tuning(const struct region *region, uint64_t weights_bytes)
{
    uint64_t bytes;
    if (weights_bytes > region->payload_bytes)
        return NULL;
    const uint64_t at = message_align(weights_bytes);
    const void *length = region_at(region, at, sizeof(bytes));
    if (!length)
        return NULL;
    memcpy(&bytes, length, sizeof(bytes));
    const char *text = region_at(region, at + sizeof(bytes), bytes);
    return text && bytes > 0 && text[bytes - 1] == '\0' ? text : NULL;
}
