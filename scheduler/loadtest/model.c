/* Opens the network for its cuts and fingerprint. */
#include "scheduler/loadtest/model.h"

#include "compute/zoo/zoo.h"
#include "dataplane/proto/crc32c.h"
#include "dataplane/proto/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_of_zoo(const char *what)
{
    size_t count;
    const struct zoo_network *networks = zoo_networks(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(networks[i].name, what) == 0)
            return true;
    return false;
}

/* The text of this format, allocated; NULL: no memory. */
static char *print_new(const char *format, const char *a, const char *b)
{
    char *text;
    return asprintf(&text, format, a, b) < 0 ? NULL : text;
}

static int write_zoo(struct loadtest_model *model, const char *what, char *text)
{
    const char *parent = getenv("TMPDIR");
    char *folder = print_new("%s/%s", parent && *parent ? parent : "/tmp", "joint-loadtest-XXXXXX");
    if (!folder || !mkdtemp(folder)) {
        const int error = errno;
        snprintf(text, LOADTEST_ERROR_BYTES, "cannot make a folder for the network: %s",
                 strerror(error));
        free(folder);
        return -error;
    }
    model->folder = folder;
    model->path = print_new("%s/%s.onnx", folder, what);
    if (!model->path)
        return -ENOMEM;
    struct zoo_config config;
    struct zoo_error error = {{0}};
    zoo_config_default(&config);
    int err = zoo_write(what, &config, model->path, &error);
    if (err)
        snprintf(text, LOADTEST_ERROR_BYTES, "%s", error.text);
    return err;
}

/* The file's name without folder and ".onnx". */
static int name_it(struct loadtest_model *model, const char *what, const char *name, char *text)
{
    const char *slash = strrchr(what, '/');
    const char *from = name ? name : slash ? slash + 1 : what;
    size_t length = strlen(from);
    if (!name && length > 5 && strcmp(from + length - 5, ".onnx") == 0)
        length -= 5;
    if (length == 0 || length >= sizeof(model->name)) {
        snprintf(text, LOADTEST_ERROR_BYTES,
                 "'%s' is no model's name of 1 to 63 bytes; give the server's by --name", from);
        return -EINVAL;
    }
    memcpy(model->name, from, length);
    model->name[length] = '\0';
    model->name_crc = jtp_crc32c(0, model->name, length);
    return 0;
}

static int open_engine(struct loadtest_model *model, char *text)
{
    struct engine_config config;
    struct engine_error error = {{0}};
    engine_config_default(&config);
    config.is_tuned = false; /* nothing is measured here, nothing written beside the file */
    int err = engine_model_open(model->path, &config, &model->engine, &error);
    if (err) {
        snprintf(text, LOADTEST_ERROR_BYTES, "%s", error.text);
        return err;
    }
    engine_model_fingerprint(model->engine, model->fingerprint);
    model->last_cut = engine_model_cut_count(model->engine) - 1;
    model->answer_bytes = loadtest_model_message_bytes(model, model->last_cut, JTP_F32);
    if (model->last_cut > UINT16_MAX || model->answer_bytes == 0) {
        snprintf(text, LOADTEST_ERROR_BYTES, "'%s' has more cuts or bytes than a request can name",
                 model->path);
        return -E2BIG;
    }
    return 0;
}

int loadtest_model_open(struct loadtest_model *model, const char *what, const char *name,
                        char *text)
{
    *model = (struct loadtest_model){0};
    snprintf(text, LOADTEST_ERROR_BYTES, "out of memory");
    int err = name_it(model, what, name, text);
    if (!err && is_of_zoo(what))
        err = write_zoo(model, what, text);
    else if (!err && !(model->path = strdup(what)))
        err = -ENOMEM;
    if (!err)
        err = open_engine(model, text);
    if (err)
        loadtest_model_close(model);
    return err;
}

void loadtest_model_close(struct loadtest_model *model)
{
    if (!model)
        return;
    engine_model_destroy(model->engine);
    if (model->folder) {
        if (model->path)
            unlink(model->path);
        rmdir(model->folder);
    }
    free(model->folder);
    free(model->path);
    *model = (struct loadtest_model){0};
}

size_t loadtest_model_elements(const struct engine_tensor *tensor)
{
    return tensor->bytes / tensor_type_bytes(tensor->type);
}

/* 0: this tensor cannot be sent so. */
static uint64_t tensor_message_bytes(const struct engine_tensor *tensor, uint32_t encoding)
{
    const uint64_t elements = loadtest_model_elements(tensor);
    if (encoding == JTP_F32)
        return tensor->bytes;
    if (tensor->type != TENSOR_F32)
        return 0;
    return encoding == JTP_F16 ? 2 * elements : encoding == JTP_U8 ? 8 + elements : 0;
}

uint32_t loadtest_model_message_bytes(const struct loadtest_model *model, uint32_t cut,
                                      uint32_t encoding)
{
    if (cut >= engine_model_cut_count(model->engine))
        return 0;
    const struct engine_cut *at = engine_model_cut(model->engine, cut);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < at->tensor_count; i++) {
        const uint64_t bytes = tensor_message_bytes(&at->tensors[i], encoding);
        if (bytes == 0 || bytes > UINT32_MAX)
            return 0;
        sum += bytes;
    }
    return sum > UINT32_MAX ? 0 : (uint32_t)sum;
}
