/* Writes well-known networks as ONNX files with seeded random weights.
 *
 * The structure is as published (each network's source file names its paper and its numbers); the
 * weights are He-initialised from a seed, and the same name, configuration and version of the zoo
 * give the same bytes on every platform. */
#ifndef COMPUTE_ZOO_ZOO_H
#define COMPUTE_ZOO_ZOO_H

#include <stddef.h>
#include <stdint.h>

struct zoo_config {
    uint64_t seed; /* default 1 */
    uint32_t input_size; /* height and width (deepspeech: frames); default 0: as published */
    /* Hidden channels are divided by it, classes and inputs are not; default 1: as published. */
    uint32_t width_divisor;
    /* Called now and then while weights are written; default NULL. */
    void (*progress)(void *context, uint64_t written_bytes, uint64_t total_bytes);
    void *progress_context;
};

/* What went wrong, in one line. */
struct zoo_error {
    char text[512];
};

struct zoo_network {
    const char *name;
    const char *description; /* one line: paper, input, parameters */
};

void zoo_config_default(struct zoo_config *config);

/* The networks in alphabetical order; *count of them. */
const struct zoo_network *zoo_networks(size_t *count);

/* Writes network name to path: to a new file beside it first, which then takes its place, so that
 * path never holds half a network. A path that is not a regular file is written directly. Memory:
 * a few hundred kilobytes. 0, -ENOENT for an unknown name, -EINVAL for a configuration that the
 * network cannot have, -EFBIG where the file would pass 2 GB, or the error of the file system.
 * error (may be NULL) gets the line. */
int zoo_write(const char *name, const struct zoo_config *config, const char *path,
              struct zoo_error *error);

#endif
