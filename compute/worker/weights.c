/* One way to open a model, for the process that packs and for those that attach. */
#include "compute/worker/weights.h"

#include <errno.h>
#include <stdio.h>
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

int weights_open_model(const struct message_model_file *file, engine_progress *progress,
                       void *progress_arg, struct engine_model **out, struct engine_error *error)
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
    config.max_batch = file->max_batch;
    config.max_cut_tensors = file->max_cut_tensors;
    config.is_strict = file->is_strict != 0;
    config.is_tuned = file->is_tuned != 0;
    config.tuning_path = file->tuning_path[0] ? file->tuning_path : NULL;
    config.dimensions = dimensions;
    config.dimension_count = file->dimension_count;
    config.progress = progress;
    config.progress_arg = progress_arg;
    struct engine_model *model = NULL;
    int rc = engine_model_open(file->path, &config, &model, error);
    if (rc)
        return rc;
    rc = engine_model_prepare(model, error);
    if (rc)
        engine_model_destroy(model);
    else
        *out = model;
    return rc;
}

int weights_publish(struct engine_model *model, struct region *region, struct engine_error *error)
{
    const size_t bytes = engine_model_weights_bytes(model);
    const struct region_config config = {.name = "joint-weights",
                                         .kind = REGION_WEIGHTS,
                                         .payload_bytes = bytes ? bytes : MESSAGE_TENSOR_ALIGN};
    int rc = region_init(region, &config);
    if (rc)
        return fail(error, rc, "no memory for the shared weights");
    rc = engine_model_pack(model, region_at(region, 0, bytes), error);
    if (rc == 0 && (rc = region_seal(region, REGION_SEAL_CONTENT)) != 0)
        fail(error, rc, "the shared weights cannot be sealed");
    if (rc)
        region_fini(region);
    return rc;
}
