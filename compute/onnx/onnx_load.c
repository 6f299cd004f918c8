/* The top of an ONNX file: the model, its opsets, and the parts of its graph in the order in which
 * each can be understood. */
#include "compute/onnx/onnx_load.h"

#include "compute/onnx/onnx_node.h"
#include "compute/onnx/onnx_operators.h"
#include "compute/onnx/onnx_order.h"
#include "compute/onnx/onnx_reader.h"
#include "compute/onnx/onnx_value.h"
#include "onnx.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_FUNCTIONS = 25,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_SPARSE = 15,
};

#define MAX_DOMAINS 256

static int read_opset(struct onnx_reader *reader, struct onnx_slice message)
{
    Onnx__OperatorSetIdProto *proto = onnx_unpack(reader, &onnx__operator_set_id_proto__descriptor,
                                                  message, 0, "an opset import");
    if (!proto)
        return -EBADMSG;
    const char *domain = proto->domain ? proto->domain : "";
    uint32_t number = (uint32_t)reader->domains.count;
    int rc = 0;
    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    if (name_map_find(&reader->domains, domain, &number)) {
        if (reader->opsets[number] != proto->version)
            rc = onnx_fail(reader, -EINVAL,
                           "the model imports two versions of domain '%.100s', %" PRId64
                           " and %" PRId64,
                           domain, reader->opsets[number], proto->version);
    } else if (number == MAX_DOMAINS) {
        rc = onnx_fail(reader, -EFBIG, "the model imports more than %d domains", MAX_DOMAINS);
    } else {
        char *name = onnx_copy_string(reader, domain);
        reader->opsets[number] = proto->version;
        if (!name || name_map_add(&reader->domains, name, number))
            rc = onnx_no_memory(reader);
    }
    onnx_free(proto);
    return rc;
}

static int check_opset(struct onnx_reader *reader)
{
    uint32_t number;
    if (!name_map_find(&reader->domains, "", &number))
        return onnx_fail(reader, -EINVAL,
                         "the model names no version of ONNX's operators (opset_import); the file "
                         "is damaged, or is not ONNX");
    int64_t opset = reader->opsets[number];
    reader->graph->opset = opset;
    if (opset < ONNX_MIN_OPSET)
        return onnx_fail(reader, -ENOTSUP,
                         "the model uses opset %" PRId64 "; %d to %d are read: convert it with "
                         "onnx.version_converter.convert_version(model, %d)",
                         opset, ONNX_MIN_OPSET, ONNX_MAX_OPSET, ONNX_MAX_OPSET);
    if (opset > ONNX_MAX_OPSET)
        return onnx_fail(reader, -ENOTSUP,
                         "the model uses opset %" PRId64 "; %d to %d are read: export it with "
                         "opset_version=%d, or convert it with "
                         "onnx.version_converter.convert_version(model, %d)",
                         opset, ONNX_MIN_OPSET, ONNX_MAX_OPSET, ONNX_MAX_OPSET, ONNX_MAX_OPSET);
    return 0;
}

/* Calls read for each field with that number in the graph, which has been walked before. */
static int read_each(struct onnx_reader *reader, struct onnx_slice graph, uint32_t number,
                     int (*read)(struct onnx_reader *, struct onnx_slice))
{
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(graph);
    while (onnx_walk_next(&walk, &field)) {
        if (field.number != number)
            continue;
        if (field.type != ONNX_WIRE_BYTES)
            return onnx_fail(reader, -EBADMSG,
                             "the graph has a field %u of the wrong wire type; the file is damaged",
                             number);
        int rc = read(reader, field.bytes);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_graph_name(struct onnx_reader *reader, struct onnx_slice name)
{
    reader->graph->name = onnx_copy_text(reader, name.data, name.size);
    return reader->graph->name ? 0 : onnx_no_memory(reader);
}

static int refuse_sparse(struct onnx_reader *reader, struct onnx_slice message)
{
    return onnx_fail(reader, -ENOTSUP,
                     "the graph has sparse initializers, which are not supported; store them "
                     "dense");
}

static int read_graph(struct onnx_reader *reader, struct onnx_slice message)
{
    static const struct {
        uint32_t number;
        int (*read)(struct onnx_reader *, struct onnx_slice);
    } parts[] = {
        {GRAPH_SPARSE, refuse_sparse},
        {GRAPH_NAME, read_graph_name},
        {GRAPH_INITIALIZER, onnx_value_read_initializer},
        {GRAPH_INPUT, onnx_value_read_input},
        {GRAPH_NODE, onnx_node_read},
        {GRAPH_OUTPUT, onnx_value_read_output},
    };
    int rc = onnx_check_wire(reader, message, "the graph");
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !rc; i++)
        rc = read_each(reader, message, parts[i].number, parts[i].read);
    if (rc)
        return rc;
    const struct graph *graph = reader->graph;
    if (graph->node_count == 0)
        return onnx_fail(reader, -EINVAL, "the graph has no nodes");
    if (graph->output_count == 0)
        return onnx_fail(reader, -EINVAL, "the graph has no outputs");
    if (!graph->name && !(reader->graph->name = onnx_copy_string(reader, "")))
        return onnx_no_memory(reader);
    rc = onnx_order_nodes(reader);
    return rc ? rc : onnx_operators_find(reader);
}

static int refuse_function(struct onnx_reader *reader, struct onnx_slice message)
{
    Onnx__FunctionProto *function = onnx_unpack(reader, &onnx__function_proto__descriptor, message,
                                                1ull << 7 | 1ull << 11, "a function");
    if (!function)
        return -EBADMSG;
    int rc = onnx_fail(reader, -ENOTSUP,
                       "the model defines functions of its own ('%.100s'), which are not "
                       "supported; inline them with onnx.inliner.inline_local_functions",
                       function->name ? function->name : "");
    onnx_free(function);
    return rc;
}

static int read_model(struct onnx_reader *reader)
{
    struct onnx_slice graph = {0};
    bool has_graph = false;
    int rc = onnx_check_wire(reader, reader->file, "the model");
    if (!rc)
        rc = read_each(reader, reader->file, MODEL_FUNCTIONS, refuse_function);
    if (!rc)
        rc = read_each(reader, reader->file, MODEL_OPSET, read_opset);
    if (rc)
        return rc;
    struct onnx_field field;
    struct onnx_walk walk = onnx_walk_begin(reader->file);
    while (onnx_walk_next(&walk, &field)) {
        if (field.number != MODEL_GRAPH)
            continue;
        if (field.type != ONNX_WIRE_BYTES || has_graph)
            return onnx_fail(reader, -EBADMSG,
                             "the model has two graphs, or one of the wrong wire type; the file "
                             "is damaged");
        graph = field.bytes;
        has_graph = true;
    }
    if (!has_graph)
        return onnx_fail(reader, -EINVAL,
                         "the model has no graph; the file is damaged, or is not ONNX");
    rc = check_opset(reader);
    return rc ? rc : read_graph(reader, graph);
}

/* Reads reader->file into the graph, which may already own mappings; undoes all on failure. */
static int read_file(struct onnx_reader *reader)
{
    name_map_init(&reader->values);
    name_map_init(&reader->domains);
    name_map_init(&reader->externals);
    reader->opsets = calloc(MAX_DOMAINS, sizeof(*reader->opsets));
    int rc = reader->opsets ? read_model(reader) : onnx_no_memory(reader);
    free(reader->opsets);
    free(reader->external_files);
    name_map_fini(&reader->externals);
    name_map_fini(&reader->domains);
    name_map_fini(&reader->values);
    if (rc)
        graph_fini(reader->graph);
    return rc;
}

/* The folder that path lies in, for openat; -1 if it cannot be opened. */
static int open_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = !slash          ? strdup(".")
                   : slash == path ? strdup("/")
                                   : strndup(path, (size_t)(slash - path));
    int fd = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    return fd;
}

/* Opens the file at path and maps all of it for reading; the mapping belongs to the graph. */
static int map_file(struct onnx_reader *reader, const char *path)
{
    struct stat status;
    reader->file_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->file_fd < 0)
        return onnx_fail(reader, -errno, "%s", strerror(errno));
    if (fstat(reader->file_fd, &status))
        return onnx_fail(reader, -errno, "cannot be read: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return onnx_fail(reader, -EINVAL, "is not a regular file");
    if (status.st_size == 0)
        return onnx_fail(reader, -EINVAL, "is empty");
    size_t size = (size_t)status.st_size;
    void *address = mmap(NULL, size, PROT_READ, MAP_PRIVATE, reader->file_fd, 0);
    if (address == MAP_FAILED)
        return onnx_fail(reader, -errno, "cannot be mapped: %s", strerror(errno));
    reader->file = (struct onnx_slice){.data = address, .size = size};
    return graph_own_mapping(reader->graph, address, size, true) ? onnx_no_memory(reader) : 0;
}

int onnx_load(const char *path, struct graph *graph, struct graph_error *error)
{
    struct onnx_reader reader = {
        .name = path, .graph = graph, .error = error, .file_fd = -1, .folder_fd = -1};
    graph_init(graph);
    int rc = map_file(&reader, path);
    if (!rc) {
        reader.folder_fd = open_folder(path);
        rc = read_file(&reader);
    }
    if (reader.folder_fd >= 0)
        close(reader.folder_fd);
    if (reader.file_fd >= 0)
        close(reader.file_fd);
    if (rc)
        graph_fini(graph);
    return rc;
}

int onnx_load_memory(const void *bytes, size_t size, const char *folder, struct graph *graph,
                     struct graph_error *error)
{
    struct onnx_reader reader = {.name = "model in memory",
                                 .file = {.data = bytes, .size = size},
                                 .graph = graph,
                                 .error = error,
                                 .file_fd = -1,
                                 .folder_fd = -1};
    graph_init(graph);
    if (folder) {
        reader.folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (reader.folder_fd < 0)
            return onnx_fail(&reader, -errno, "the folder '%.500s' cannot be opened: %s", folder,
                             strerror(errno));
    }
    int rc = read_file(&reader);
    if (reader.folder_fd >= 0)
        close(reader.folder_fd);
    return rc;
}
