/* Reads profile files: JSON to the planner's structs, every field checked by name. */
#include "scheduler/profile/profile_file.h"
#include "scheduler/profile/file_object.h"
#include "scheduler/profile/json_text.h"
#include "scheduler/profile/text_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A file being read: how much of its memory is taken. */
struct reading {
    struct profile_file *file;
    char *text_end; /* in file->texts, which has room for every string of the file */
    uint32_t *number_end; /* in file->numbers, which has room for the lists counted before */
};

/* Keeps a text field for as long as the profile lives. */
static int keep_text(struct reading *reading, const struct file_object *object, const char *key,
                     const char **kept)
{
    const char *text;
    int err = file_object_text(object, key, &text);
    if (err)
        return err;
    *kept = NULL;
    if (text) {
        size_t bytes = strlen(text) + 1;
        *kept = memcpy(reading->text_end, text, bytes);
        reading->text_end += bytes;
    }
    return 0;
}

static int keep_numbers(struct reading *reading, const struct file_object *object, const char *key,
                        const uint32_t **kept, uint32_t *count)
{
    const json_t *array;
    int err = file_object_array(object, key, &array);
    if (err || !array)
        return err;
    *kept = reading->number_end;
    *count = (uint32_t)json_array_size(array);
    if (!*count)
        return file_object_fail(object, key, "is empty; give numbers of layers or leave it out");
    for (uint32_t i = 0; !err && i < *count; i++)
        err = file_object_child_count(object, key, array, i, reading->number_end++);
    return err;
}

static int read_layer(struct reading *reading, const struct file_object *object,
                      struct split_layer *layer)
{
    const struct {
        const char *key;
        double *value;
        bool is_optional;
    } numbers[] = {
        {"output_bytes", &layer->output_bytes, false},
        {"weight_bytes", &layer->weight_bytes, true},
        {"mobile_ms", &layer->mobile_ms, false},
        {"mobile_mj", &layer->mobile_mj, false},
        {"cloud_ms", &layer->cloud_ms, false},
        {"backward_mobile_ms", &layer->backward_mobile_ms, true},
        {"backward_mobile_mj", &layer->backward_mobile_mj, true},
        {"backward_cloud_ms", &layer->backward_cloud_ms, true},
    };
    int err = keep_text(reading, object, "name", &layer->name);
    for (size_t i = 0; !err && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        err = numbers[i].is_optional
                  ? file_object_number_or(object, numbers[i].key, 0, numbers[i].value)
                  : file_object_number(object, numbers[i].key, numbers[i].value);
    if (err)
        return err;
    return keep_numbers(reading, object, "inputs", &layer->inputs, &layer->input_count);
}

/* A backward group is one only if it is given whole. */
static int read_block(const struct file_object *object, struct split_block *block)
{
    const struct {
        const char *key;
        double *value;
    } numbers[] = {
        {"mobile_ms", &block->mobile_ms},
        {"mobile_mj", &block->mobile_mj},
        {"cloud_ms", &block->cloud_ms},
        {"backward_mobile_ms", &block->backward_mobile_ms},
        {"backward_mobile_mj", &block->backward_mobile_mj},
        {"backward_cloud_ms", &block->backward_cloud_ms},
    };
    const size_t forward_count = 3, count = sizeof(numbers) / sizeof(numbers[0]);
    for (size_t i = forward_count; i < count; i++)
        block->has_backward |= file_object_has(object, numbers[i].key);
    int err = file_object_count(object, "first", &block->first);
    if (!err)
        err = file_object_count(object, "last", &block->last);
    for (size_t i = 0; !err && i < (block->has_backward ? count : forward_count); i++)
        err = file_object_number(object, numbers[i].key, numbers[i].value);
    return err;
}

static int read_skip(const struct file_object *object, struct split_skip *skip)
{
    int err = file_object_count(object, "from", &skip->from);
    if (!err)
        err = file_object_count(object, "to", &skip->to);
    return err ? err : file_object_number(object, "bytes", &skip->bytes);
}

static int out_of_memory(const struct file_object *object)
{
    return file_error_set(object->error, -ENOMEM, object->file, "out of memory");
}

static int read_layers(struct reading *reading, const struct file_object *root)
{
    struct split_profile *profile = &reading->file->profile;
    const json_t *array;
    int err = file_object_array(root, "layers", &array);
    if (err)
        return err;
    size_t count = json_array_size(array);
    if (!count)
        return file_object_fail(root, "layers", "%s; give at least one layer",
                                array ? "is empty" : "is missing");
    if (count > SPLIT_MAX_LAYERS)
        return file_object_fail(root, "layers", "are %zu, more than %u; give fewer, coarser layers",
                                count, (unsigned)SPLIT_MAX_LAYERS);
    profile->layers = calloc(count, sizeof(*profile->layers));
    if (!profile->layers)
        return out_of_memory(root);
    profile->layer_count = (uint32_t)count;
    for (size_t i = 0; !err && i < count; i++) {
        struct file_object object;
        err = file_object_child(root, "layers", array, i, &object);
        if (!err)
            err = read_layer(reading, &object, &profile->layers[i]);
    }
    return err;
}

static int read_blocks(struct split_profile *profile, const struct file_object *root)
{
    const json_t *array;
    int err = file_object_array(root, "blocks", &array);
    size_t count = json_array_size(array);
    if (err || !count)
        return err;
    profile->blocks = calloc(count, sizeof(*profile->blocks));
    if (!profile->blocks)
        return out_of_memory(root);
    profile->block_count = (uint32_t)count;
    for (size_t i = 0; !err && i < count; i++) {
        struct file_object object;
        err = file_object_child(root, "blocks", array, i, &object);
        if (!err)
            err = read_block(&object, &profile->blocks[i]);
    }
    return err;
}

static int read_skips(struct split_profile *profile, const struct file_object *root)
{
    const json_t *array;
    int err = file_object_array(root, "skips", &array);
    size_t count = json_array_size(array);
    if (err || !count)
        return err;
    profile->skips = calloc(count, sizeof(*profile->skips));
    if (!profile->skips)
        return out_of_memory(root);
    profile->skip_count = (uint32_t)count;
    for (size_t i = 0; !err && i < count; i++) {
        struct file_object object;
        err = file_object_child(root, "skips", array, i, &object);
        if (!err)
            err = read_skip(&object, &profile->skips[i]);
    }
    return err;
}

static int read_fingerprint(const struct file_object *root, struct profile_about *about)
{
    const char *text;
    int err = file_object_text(root, "fingerprint", &text);
    if (err || !text)
        return err;
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (!isxdigit((unsigned char)text[i]))
            length = 0;
    if (length != sizeof(about->fingerprint) - 1)
        return file_object_fail(root, "fingerprint",
                                "is not of 32 hexadecimal digits; give those "
                                "of the model or leave it out");
    for (size_t i = 0; i < length; i++)
        about->fingerprint[i] = (char)tolower((unsigned char)text[i]);
    return 0;
}

static int read_cuts(struct reading *reading, const struct file_object *root)
{
    struct profile_about *about = &reading->file->about;
    const uint32_t layer_count = reading->file->profile.layer_count;
    int err = keep_numbers(reading, root, "cut_layers", &about->cut_layers, &about->cut_count);
    if (err || !about->cut_count)
        return err;
    if (about->cut_layers[0] != 0 || about->cut_layers[about->cut_count - 1] != layer_count)
        return file_object_fail(root, "cut_layers", "do not go from 0 to %u, the number of layers",
                                layer_count);
    for (uint32_t i = 1; i < about->cut_count; i++) {
        char key[48];
        snprintf(key, sizeof(key), "cut_layers[%u]", i);
        if (about->cut_layers[i] <= about->cut_layers[i - 1])
            return file_object_fail(root, key, "is not above the one before it; give them rising");
    }
    return 0;
}

static int read_about(struct reading *reading, const struct file_object *root)
{
    struct profile_about *about = &reading->file->about;
    int err = read_fingerprint(root, about);
    if (!err)
        err = file_object_number_or(root, "element_bytes", 0, &about->element_bytes);
    if (!err)
        err = keep_text(reading, root, "device", &about->device);
    if (!err)
        err = keep_text(reading, root, "cloud_device", &about->cloud_device);
    if (!err)
        err = keep_text(reading, root, "energy_source", &about->energy_source);
    if (!err)
        err = keep_text(reading, root, "backward", &about->backward);
    return err ? err : read_cuts(reading, root);
}

static int read_root(struct reading *reading, const struct file_object *root)
{
    struct split_profile *profile = &reading->file->profile;
    int err = file_object_check_schema(root, PROFILE_FILE_SCHEMA);
    if (!err)
        err = keep_text(reading, root, "model", &profile->model);
    if (!err)
        err = file_object_count_or(root, "batch", 1, &profile->batch);
    if (!err)
        err = file_object_number(root, "input_bytes", &profile->input_bytes);
    if (!err)
        err = read_layers(reading, root);
    if (!err)
        err = read_blocks(profile, root);
    if (!err)
        err = read_skips(profile, root);
    if (!err)
        err = read_about(reading, root);
    if (err)
        return err;
    struct split_error wrong;
    err = split_profile_check(profile, &wrong);
    if (err)
        return file_error_set(root->error, err, root->file, "%s %s; correct the file", wrong.field,
                              wrong.reason);
    return 0;
}

/* How many numbers all lists of layers' numbers hold together. */
static size_t count_numbers(const json_t *root)
{
    const json_t *layers = json_object_get(root, "layers");
    size_t count = json_array_size(json_object_get(root, "cut_layers"));
    for (size_t i = 0; i < json_array_size(layers); i++)
        count += json_array_size(json_object_get(json_array_get(layers, i), "inputs"));
    return count;
}

int profile_file_parse(struct profile_file *file, const char *name, const char *bytes, size_t size,
                       struct file_error *error)
{
    *file = (struct profile_file){0};
    json_t *json;
    int err = json_text_parse(name, bytes, size, &json, error);
    if (err)
        return err;
    /* A string takes two bytes more in the file, its quotes, than the bytes it decodes to. */
    file->texts = malloc(size);
    file->numbers = calloc(count_numbers(json) + 1, sizeof(*file->numbers));
    const struct file_object root = {.file = name, .json = json, .error = error};
    struct reading reading = {file, file->texts, file->numbers};
    err = file->texts && file->numbers ? read_root(&reading, &root) : out_of_memory(&root);
    json_decref(json);
    if (err)
        profile_file_fini(file);
    return err;
}

int profile_file_read(struct profile_file *file, const char *path, struct file_error *error)
{
    *file = (struct profile_file){0};
    struct text_file text;
    int err = text_file_read(&text, path, JSON_TEXT_MAX_BYTES, error);
    if (err)
        return err;
    err = profile_file_parse(file, path, text.bytes, text.size, error);
    text_file_fini(&text);
    return err;
}

void profile_file_fini(struct profile_file *file)
{
    if (!file)
        return;
    free(file->profile.layers);
    free(file->profile.blocks);
    free(file->profile.skips);
    free(file->texts);
    free(file->numbers);
    *file = (struct profile_file){0};
}
