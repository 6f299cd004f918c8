/* Writes profile files: one layer, block or skip a line. */
#include "scheduler/profile/json_print.h"
#include "scheduler/profile/profile_file.h"
#include "scheduler/profile/text_file.h"

#include <errno.h>
#include <stdlib.h>

static void print_number(FILE *stream, const char *key, double value)
{
    fprintf(stream, ", \"%s\": ", key);
    json_print_number(stream, value);
}

static void print_text(FILE *stream, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(stream, ",\n \"%s\": ", key);
    json_print_text(stream, text);
}

static void print_numbers(FILE *stream, const char *key, const uint32_t *numbers, uint32_t count)
{
    fprintf(stream, "\"%s\": [", key);
    for (uint32_t i = 0; i < count; i++)
        fprintf(stream, "%s%u", i ? ", " : "", numbers[i]);
    fputc(']', stream);
}

static void print_backward(FILE *stream, double mobile_ms, double mobile_mj, double cloud_ms)
{
    print_number(stream, "backward_mobile_ms", mobile_ms);
    print_number(stream, "backward_mobile_mj", mobile_mj);
    print_number(stream, "backward_cloud_ms", cloud_ms);
}

static void print_layer(FILE *stream, const struct split_layer *layer,
                        const struct profile_layer_about *about)
{
    fputs("{\"name\": ", stream);
    json_print_text(stream, layer->name ? layer->name : "");
    print_number(stream, "output_bytes", layer->output_bytes);
    print_number(stream, "weight_bytes", layer->weight_bytes);
    print_number(stream, "mobile_ms", layer->mobile_ms);
    print_number(stream, "mobile_mj", layer->mobile_mj);
    print_number(stream, "cloud_ms", layer->cloud_ms);
    print_backward(stream, layer->backward_mobile_ms, layer->backward_mobile_mj,
                   layer->backward_cloud_ms);
    if (layer->input_count) {
        fputs(", ", stream);
        print_numbers(stream, "inputs", layer->inputs, layer->input_count);
    }
    if (about) {
        fputs(", \"type\": ", stream);
        json_print_text(stream, about->type);
        print_number(stream, "flops", about->flops);
    }
    fputc('}', stream);
}

static void print_block(FILE *stream, const struct split_block *block)
{
    fprintf(stream, "{\"first\": %u, \"last\": %u", block->first, block->last);
    print_number(stream, "mobile_ms", block->mobile_ms);
    print_number(stream, "mobile_mj", block->mobile_mj);
    print_number(stream, "cloud_ms", block->cloud_ms);
    if (block->has_backward)
        print_backward(stream, block->backward_mobile_ms, block->backward_mobile_mj,
                       block->backward_cloud_ms);
    fputc('}', stream);
}

static void print_skip(FILE *stream, const struct split_skip *skip)
{
    fprintf(stream, "{\"from\": %u, \"to\": %u", skip->from, skip->to);
    print_number(stream, "bytes", skip->bytes);
    fputc('}', stream);
}

static void print_about(FILE *stream, const struct profile_about *about)
{
    print_text(stream, "fingerprint", about->fingerprint);
    print_text(stream, "device", about->device);
    print_text(stream, "cloud_device", about->cloud_device);
    print_text(stream, "energy_source", about->energy_source);
    print_text(stream, "backward", about->backward);
    if (about->element_bytes > 0) {
        fputs(",\n \"element_bytes\": ", stream);
        json_print_number(stream, about->element_bytes);
    }
    if (about->cut_count) {
        fputs(",\n ", stream);
        print_numbers(stream, "cut_layers", about->cut_layers, about->cut_count);
    }
}

int profile_file_print(FILE *stream, const struct split_profile *profile,
                       const struct profile_about *about)
{
    fprintf(stream, "{\"schema\": \"%s\"", PROFILE_FILE_SCHEMA);
    print_text(stream, "model", profile->model);
    if (about)
        print_about(stream, about);
    fprintf(stream, ",\n \"batch\": %u", profile->batch);
    print_number(stream, "input_bytes", profile->input_bytes);
    fputs(",\n \"layers\": [", stream);
    for (uint32_t i = 0; i < profile->layer_count; i++) {
        fputs(i ? ",\n  " : "\n  ", stream);
        print_layer(stream, &profile->layers[i], about && about->layers ? &about->layers[i] : NULL);
    }
    fputs("]", stream);
    for (uint32_t i = 0; i < profile->block_count; i++) {
        fputs(i ? ",\n  " : ",\n \"blocks\": [\n  ", stream);
        print_block(stream, &profile->blocks[i]);
    }
    fputs(profile->block_count ? "]" : "", stream);
    for (uint32_t i = 0; i < profile->skip_count; i++) {
        fputs(i ? ",\n  " : ",\n \"skips\": [\n  ", stream);
        print_skip(stream, &profile->skips[i]);
    }
    fputs(profile->skip_count ? "]}\n" : "}\n", stream);
    return ferror(stream) ? -EIO : 0;
}

int profile_file_write(const char *path, const struct split_profile *profile,
                       const struct profile_about *about, struct file_error *error)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&bytes, &size);
    int err = stream ? profile_file_print(stream, profile, about) : -ENOMEM;
    if (stream && fclose(stream) && !err)
        err = -ENOMEM;
    err = err ? file_error_set(error, -ENOMEM, path, "out of memory")
              : text_file_replace(path, bytes, size, error);
    free(bytes);
    return err;
}
