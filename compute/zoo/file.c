/* Lays out the ONNX file and streams the weights into it.
 *
 *   model fields | graph: tag, length | nodes, name, values | weight: tag, length, fields | data |
 * ...
 *
 * All small messages are encoded in memory first, so that the graph's length is known before the
 * first weight is made; weights are made in chunks and never held whole. */
#include "compute/zoo/file.h"

#include "compute/zoo/onnx_fields.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IR_VERSION = 7, OPSET = 13, CHUNK_ELEMENTS = 1 << 14 };

/* Protobuf readers refuse messages over 2 GiB. */
static const uint64_t FILE_BYTES_MAX = INT32_MAX;

static void encode_value(struct wire *wire, uint32_t field, const struct zoo_value *value)
{
    size_t info = wire_begin(wire, field);
    wire_string(wire, VALUE_NAME, value->name);
    size_t type = wire_begin(wire, VALUE_TYPE);
    size_t tensor = wire_begin(wire, TYPE_TENSOR);
    wire_int(wire, TENSOR_TYPE_ELEMENT, TYPE_FLOAT32);
    size_t shape = wire_begin(wire, TENSOR_TYPE_SHAPE);
    for (uint32_t i = 0; i < value->rank; i++) {
        size_t dimension = wire_begin(wire, SHAPE_DIMENSION);
        if (value->dims[i] == ZOO_BATCH)
            wire_string(wire, DIMENSION_SYMBOL, "N");
        else
            wire_int(wire, DIMENSION_VALUE, value->dims[i]);
        wire_end(wire, dimension);
    }
    wire_end(wire, shape);
    wire_end(wire, tensor);
    wire_end(wire, type);
    wire_end(wire, info);
}

/* The graph but for its weights. */
static void encode_graph(struct wire *wire, const struct zoo_builder *builder)
{
    wire_string(wire, GRAPH_NAME, builder->network);
    encode_value(wire, GRAPH_INPUT, builder->values[0]);
    encode_value(wire, GRAPH_OUTPUT, builder->output);
    for (size_t i = 1; i < builder->value_count; i++)
        if (builder->values[i] != builder->output)
            encode_value(wire, GRAPH_VALUE_INFO, builder->values[i]);
}

static uint64_t weight_elements(const struct zoo_weights *weights)
{
    uint64_t count = 1;
    for (uint32_t i = 0; i < weights->rank; i++)
        count *= (uint64_t)weights->dims[i];
    return count;
}

static uint64_t weight_data_bytes(const struct zoo_weights *weights)
{
    return weight_elements(weights) * (weights->kind == ZOO_INTS ? 8 : 4);
}

/* A TensorProto up to its data, whose length is given but whose bytes are not. */
static void encode_tensor_fields(struct wire *wire, const struct zoo_weights *weights)
{
    for (uint32_t i = 0; i < weights->rank; i++)
        wire_int(wire, TENSOR_DIMS, weights->dims[i]);
    wire_int(wire, TENSOR_DATA_TYPE, weights->kind == ZOO_INTS ? TYPE_INT64 : TYPE_FLOAT32);
    wire_string(wire, TENSOR_NAME, weights->name);
    wire_length(wire, TENSOR_RAW_DATA, weight_data_bytes(weights));
}

/* The tag and length of a weight in its graph, then its fields up to its data. */
static void encode_weights(struct wire *wire, const struct zoo_weights *weights)
{
    struct wire fields = {0};
    encode_tensor_fields(&fields, weights);
    wire_length(wire, GRAPH_INITIALIZER, fields.bytes + weight_data_bytes(weights));
    wire_append(wire, &fields);
    wire_fini(&fields);
}

static void encode_model(struct wire *wire, const struct zoo_builder *builder, uint64_t graph_bytes)
{
    const struct zoo_config *config = &builder->config;
    char text[200];
    snprintf(text, sizeof(text), "%s with random weights: seed %llu, input size %u%s, width / %u",
             builder->network, (unsigned long long)config->seed, config->input_size,
             config->input_size ? "" : " (as published)", config->width_divisor);
    wire_int(wire, MODEL_IR_VERSION, IR_VERSION);
    wire_string(wire, MODEL_PRODUCER_NAME, "joint zoo");
    wire_string(wire, MODEL_PRODUCER_VERSION, "1");
    wire_string(wire, MODEL_DOC_STRING, text);
    size_t opset = wire_begin(wire, MODEL_OPSET_IMPORT);
    wire_string(wire, OPSET_DOMAIN, "");
    wire_int(wire, OPSET_VERSION, OPSET);
    wire_end(wire, opset);
    wire_length(wire, MODEL_GRAPH, graph_bytes);
}

/* What is on its way to the file. */
struct stream {
    FILE *file;
    uint64_t written_bytes, total_bytes;
    const struct zoo_config *config;
};

static int stream_write(struct stream *stream, const void *data, size_t bytes)
{
    if (fwrite(data, 1, bytes, stream->file) != bytes)
        return errno ? -errno : -EIO;
    stream->written_bytes += bytes;
    return 0;
}

static int stream_little_endian(struct stream *stream, uint64_t value, size_t bytes)
{
    uint8_t out[8];
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
    return stream_write(stream, out, bytes);
}

static int stream_copy(struct stream *stream, const struct zoo_weights *weights, uint64_t left)
{
    uint8_t chunk[4 * CHUNK_ELEMENTS];
    struct zoo_random random;
    zoo_random_init(&random, stream->config->seed, weights->name);
    while (left > 0) {
        uint64_t count = left < CHUNK_ELEMENTS ? left : CHUNK_ELEMENTS;
        zoo_random_fill(&random, &weights->distribution, chunk, count);
        int rc = stream_write(stream, chunk, 4 * count);
        if (rc)
            return rc;
        left -= count;
        if (stream->config->progress)
            stream->config->progress(stream->config->progress_context, stream->written_bytes,
                                     stream->total_bytes);
    }
    return 0;
}

static int stream_random(struct stream *stream, const struct zoo_weights *weights)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < weights->copies; i++)
        rc = stream_copy(stream, weights, weight_elements(weights) / weights->copies);
    return rc;
}

static int stream_data(struct stream *stream, const struct zoo_weights *weights)
{
    if (weights->kind == ZOO_RANDOM)
        return stream_random(stream, weights);
    int rc = 0;
    uint64_t count = weight_elements(weights);
    for (uint64_t i = 0; rc == 0 && i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &weights->floats[i], sizeof(bits));
        rc = weights->kind == ZOO_INTS ? stream_little_endian(stream, (uint64_t)weights->ints[i], 8)
                                       : stream_little_endian(stream, bits, 4);
    }
    return rc;
}

static int stream_model(struct stream *stream, struct zoo_builder *builder)
{
    struct wire small = {0}, graph = {0};
    encode_graph(&graph, builder);
    uint64_t graph_bytes = builder->nodes.bytes + graph.bytes;
    for (size_t i = 0; i < builder->weight_count; i++) {
        small.bytes = 0;
        encode_weights(&small, &builder->weights[i]);
        graph_bytes += small.bytes + weight_data_bytes(&builder->weights[i]);
    }
    small.bytes = 0;
    encode_model(&small, builder, graph_bytes);
    stream->total_bytes = small.bytes + graph_bytes;

    int rc = small.failed || graph.failed || builder->nodes.failed ? -ENOMEM : 0;
    if (rc == 0 && stream->total_bytes > FILE_BYTES_MAX)
        rc = -EFBIG;
    if (rc == 0)
        rc = stream_write(stream, small.data, small.bytes);
    if (rc == 0)
        rc = stream_write(stream, builder->nodes.data, builder->nodes.bytes);
    if (rc == 0)
        rc = stream_write(stream, graph.data, graph.bytes);
    for (size_t i = 0; rc == 0 && i < builder->weight_count; i++) {
        small.bytes = 0;
        encode_weights(&small, &builder->weights[i]);
        rc = small.failed ? -ENOMEM : stream_write(stream, small.data, small.bytes);
        if (rc == 0)
            rc = stream_data(stream, &builder->weights[i]);
    }
    wire_fini(&small);
    wire_fini(&graph);
    return rc;
}

static void report(struct zoo_builder *builder, int rc, const char *path, uint64_t total_bytes)
{
    if (rc == -EFBIG && total_bytes > FILE_BYTES_MAX)
        zoo_fail(builder, rc,
                 "the file would have %.1f GB, and an ONNX file ends at 2 GB; choose a smaller "
                 "input size or a width divisor",
                 (double)total_bytes / 1e9);
    else
        zoo_fail(builder, rc, "cannot write %s: %s", path, strerror(-rc));
}

/* Writes into an open file and closes it. */
static int write_and_close(struct zoo_builder *builder, int fd, const char *path)
{
    struct stream stream = {.file = fdopen(fd, "wb"), .config = &builder->config};
    if (!stream.file) {
        int rc = -errno;
        close(fd);
        report(builder, rc, path, 0);
        return rc;
    }
    errno = 0;
    int rc = stream_model(&stream, builder);
    if (fclose(stream.file) != 0 && rc == 0)
        rc = errno ? -errno : -EIO;
    if (rc)
        report(builder, rc, path, stream.total_bytes);
    return rc;
}

int zoo_file_write(struct zoo_builder *builder, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
            int rc = -errno;
            report(builder, rc, path, 0);
            return rc;
        }
        return write_and_close(builder, fd, path);
    }
    char fresh[PATH_MAX];
    int length = snprintf(fresh, sizeof(fresh), "%s.%ld.part", path, (long)getpid());
    int rc = length >= (int)sizeof(fresh) ? -ENAMETOOLONG : 0;
    int fd = rc ? -1 : open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
        rc = rc ? rc : -errno;
        report(builder, rc, path, 0);
        return rc;
    }
    rc = write_and_close(builder, fd, path);
    if (rc == 0 && rename(fresh, path) != 0) {
        rc = -errno;
        report(builder, rc, path, 0);
    }
    if (rc)
        unlink(fresh);
    return rc;
}
