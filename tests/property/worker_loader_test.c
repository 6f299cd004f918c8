/* `joint-worker --pack` as a process: what it hands over is what the engine says of the model in
 * this process, and what workers load; whatever is wrong with a file is told, and ends only it. */
#include "shm/fd_pass.h"
#include "shm/model_table.h"
#include "tests/property/worker_dispatch.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_BATCH 4u

struct loader {
    pid_t pid;
    int socket;
    uint32_t told; /* in progress */
    struct message_packed last;
    int fds[MESSAGE_PACKED_DESCRIPTORS];
    int fd_count;
};

static void loader_start(struct loader *loader)
{
    int sockets[2];
    *loader = (struct loader){.fds = {-1, -1}};
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(sockets), 0);
    loader->socket = sockets[0];
    loader->pid = fork();
    CU_ASSERT_TRUE_FATAL(loader->pid >= 0);
    if (loader->pid == 0) {
        char number[16];
        snprintf(number, sizeof(number), "%d", dup(sockets[1]));
        execl(JOINT_WORKER, "joint-worker", "--pack", "--socket", number, (char *)NULL);
        _exit(127);
    }
    close(sockets[1]);
}

static int loader_wait(struct loader *loader)
{
    int status;
    if (loader->socket >= 0)
        close(loader->socket);
    CU_ASSERT_EQUAL_FATAL(waitpid(loader->pid, &status, 0), loader->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* All that it says up to its last word; its exit status. */
static int loader_ask(struct loader *loader, const struct message_model_file *file)
{
    CU_ASSERT_EQUAL_FATAL(fd_pass_send(loader->socket, file, sizeof(*file), NULL, 0), 0);
    for (;; loader->told++) {
        loader->fd_count = fd_pass_receive(loader->socket, &loader->last, sizeof(loader->last),
                                           loader->fds, MESSAGE_PACKED_DESCRIPTORS);
        CU_ASSERT_TRUE_FATAL(loader->fd_count >= 0);
        CU_ASSERT_PTR_NOT_NULL(memchr(loader->last.text, 0, sizeof(loader->last.text)));
        if (loader->last.status != -EINPROGRESS)
            break;
        CU_ASSERT_EQUAL(loader->fd_count, 0);
        CU_ASSERT_TRUE(loader->last.permille <= 1000 || loader->last.permille == UINT32_MAX);
        CU_ASSERT_NOT_EQUAL(loader->last.text[0], 0);
    }
    return loader_wait(loader);
}

static void attach(const struct loader *loader, struct region *weights, struct region *regioned,
                   struct model_table *table)
{
    const struct region_expect sealed = {
        .kind = REGION_WEIGHTS, .access = REGION_READ_ONLY, .is_content_sealed = true};
    const struct region_expect model = {
        .kind = REGION_MODEL, .access = REGION_READ_ONLY, .is_content_sealed = true};
    CU_ASSERT_EQUAL_FATAL(region_attach(weights, loader->fds[0], &sealed), 0);
    CU_ASSERT_EQUAL_FATAL(region_attach(regioned, loader->fds[1], &model), 0);
    CU_ASSERT_EQUAL_FATAL(model_table_attach(table, regioned), 0);
}

/* That they fall, model_table_attach has checked. */
static void check_times(const struct model_table *table)
{
    static const uint32_t sizes[MODEL_TABLE_MAX_SIZES] = {1, 2, 4};
    CU_ASSERT_EQUAL(table->size_count, table->shared->max_batch == 1 ? 1 : 3);
    CU_ASSERT_EQUAL(memcmp(table->shared->size, sizes, table->size_count * sizeof(sizes[0])), 0);
    for (uint32_t s = 0; s < table->size_count; s++)
        CU_ASSERT_TRUE(model_table_remaining_ns(table, s, 0) > 0);
}

/* The table against the engine's views. */
static void check_table(const struct model_table *table, const struct engine_model *model)
{
    uint8_t fingerprint[16];
    engine_model_fingerprint(model, fingerprint);
    CU_ASSERT_EQUAL(memcmp(table->shared->fingerprint, fingerprint, 16), 0);
    CU_ASSERT_EQUAL(table->shared->numbering_version, ENGINE_NUMBERING_VERSION);
    CU_ASSERT_EQUAL(table->shared->layer_count, engine_model_layer_count(model));
    CU_ASSERT_EQUAL_FATAL(table->cut_count, engine_model_cut_count(model));
    const struct model_tensor *tensor = table->tensors;
    for (uint32_t k = 0; k < table->cut_count; k++) {
        const struct engine_cut *cut = engine_model_cut(model, k);
        const struct model_cut *row = &table->cuts[k];
        CU_ASSERT_EQUAL(strncmp(row->name, cut->name, 63), 0);
        CU_ASSERT_EQUAL(row->layer_count, cut->layer_count);
        CU_ASSERT_EQUAL(row->tensor_count, cut->tensor_count);
        CU_ASSERT_EQUAL(row->has_rows, table->shared->max_batch > 1);
        CU_ASSERT_PTR_EQUAL(&table->tensors[row->first_tensor], tensor);
        for (uint32_t t = 0; t < cut->tensor_count; t++, tensor++) {
            CU_ASSERT_EQUAL(strncmp(tensor->name, cut->tensors[t].name, 63), 0);
            CU_ASSERT_EQUAL(tensor->bytes, cut->tensors[t].bytes);
            CU_ASSERT_EQUAL(tensor->rank, cut->tensors[t].shape.rank);
            uint64_t elements = 1;
            for (uint32_t d = 0; d < tensor->rank; d++) {
                CU_ASSERT_EQUAL(tensor->dims[d], cut->tensors[t].shape.dims[d]);
                elements *= (uint64_t)tensor->dims[d];
            }
            CU_ASSERT_EQUAL(tensor->elements, elements);
            CU_ASSERT_EQUAL(tensor->is_f32, 1);
        }
    }
    check_times(table);
}

/* A worker over what the loader packed computes what the engine here does. */
static void check_worker(struct worker_host *host)
{
    struct shm_random random = shm_random_start();
    struct worker_peer peer;
    struct worker_dispatch dispatch = {0};
    worker_peer_init(&peer);
    worker_peer_start(&peer, host);
    dispatch_say_run(&peer, &dispatch, 1, 0, host->cut_count - 1, 3);
    for (uint32_t r = 0; r < 3; r++) {
        dispatch_fill(host, &random, r);
        const struct message_row row = dispatch_row(host, 1, r, 0, host->cut_count - 1);
        dispatch_say_row(&peer, &dispatch, &row);
    }
    dispatch_finish(&peer, &dispatch);
    dispatch_check_by_one_run(host, &dispatch);
    worker_peer_stop(&peer);
}

static void what_is_packed_can_be_served(void)
{
    static const char *const networks[] = {"lenet", "googlenet"};
    for (int n = 0; n < 2; n++) {
        struct worker_host host;
        struct loader loader;
        struct region weights, regioned;
        struct model_table table;
        worker_host_init(&host, networks[n], n ? 8 : 1, n ? 64 : 0, MAX_BATCH, n ? 2 : 1,
                         UINT64_C(16) << 20);
        loader_start(&loader);
        CU_ASSERT_EQUAL(loader_ask(&loader, &host.file), 0);
        CU_ASSERT_EQUAL_FATAL(loader.last.status, 0);
        CU_ASSERT_EQUAL_FATAL(loader.fd_count, 2);
        CU_ASSERT_TRUE(loader.told > 0);
        attach(&loader, &weights, &regioned, &table);
        CU_ASSERT_EQUAL(table.shared->max_batch, MAX_BATCH);
        check_table(&table, host.model);
        CU_ASSERT_EQUAL(loader.last.weights_bytes, host.file.weights_bytes);
        const struct region own = host.weights;
        host.weights = weights;
        check_worker(&host);
        host.weights = own;
        region_fini(&weights);
        region_fini(&regioned);
        worker_host_fini(&host);
    }
}

/* Nothing can be kept where the choices should go, so they go with the weights; and a model that
 * fixes its batch runs its rows one by one. */
static void it_needs_no_place_to_write(void)
{
    struct worker_host host;
    struct loader loader;
    struct region weights, regioned;
    struct model_table table;
    worker_host_init(&host, "googlenet", 8, 64, MAX_BATCH, 1, UINT64_C(16) << 20);
    snprintf(host.file.tuning_path, sizeof(host.file.tuning_path), "/nonexistent/tuning");
    loader_start(&loader);
    CU_ASSERT_EQUAL(loader_ask(&loader, &host.file), 0);
    CU_ASSERT_EQUAL_FATAL(loader.fd_count, 2);
    attach(&loader, &weights, &regioned, &table);
    const struct region own = host.weights;
    host.weights = weights;
    host.file.weights_bytes = loader.last.weights_bytes;
    struct worker_peer peer;
    worker_peer_init(&peer);
    worker_peer_start(&peer, &host); /* READY: the same choices */
    worker_peer_stop(&peer);
    region_fini(&weights);
    region_fini(&regioned);
    host.file.dimension_count = 1;
    host.file.dimension[0] = (struct message_dimension){.symbol = "N", .value = 2};
    loader_start(&loader);
    CU_ASSERT_EQUAL(loader_ask(&loader, &host.file), 0);
    CU_ASSERT_EQUAL_FATAL(loader.fd_count, 2);
    attach(&loader, &weights, &regioned, &table);
    CU_ASSERT_EQUAL(table.shared->max_batch, 1);
    CU_ASSERT_EQUAL(table.tensors[0].dims[0], 2);
    region_fini(&weights);
    region_fini(&regioned);
    host.weights = own;
    worker_host_fini(&host);
}

static void refuse(const struct message_model_file *file, int error)
{
    struct loader loader;
    loader_start(&loader);
    CU_ASSERT_EQUAL(loader_ask(&loader, file), 1);
    CU_ASSERT_EQUAL(loader.last.status, error);
    CU_ASSERT_EQUAL(loader.fd_count, 0);
    CU_ASSERT_NOT_EQUAL(loader.last.text[0], 0);
}

static void bad_models_are_told(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/joint-loader-%ld.onnx", (long)getpid());
    struct message_model_file file = {
        .threads = 1, .max_batch = MAX_BATCH, .max_cut_tensors = 1, .is_tuned = 1};
    snprintf(file.path, sizeof(file.path), "/nonexistent.onnx");
    refuse(&file, -ENOENT);
    FILE *garbage = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(garbage);
    for (int i = 0; i < 5000; i++)
        fputc(i * 7 % 251, garbage);
    fclose(garbage);
    snprintf(file.path, sizeof(file.path), "%s", path);
    refuse(&file, -EBADMSG);
    unlink(path);
    struct message_model_file bad[4] = {file, file, file, file};
    bad[0].threads = 0;
    bad[1].max_batch = MESSAGE_MAX_ROWS + 1;
    bad[2].dimension_count = MESSAGE_MAX_DIMENSIONS + 1;
    memset(bad[3].path, 'x', sizeof(bad[3].path));
    for (int i = 0; i < 4; i++)
        refuse(&bad[i], -EINVAL);
}

static void it_ends_with_its_jointd(void)
{
    struct worker_host host;
    struct loader loader;
    worker_host_init(&host, "lenet", 1, 0, MAX_BATCH, 1, UINT64_C(1) << 20);
    loader_start(&loader);
    close(loader.socket); /* before it was asked */
    loader.socket = -1;
    CU_ASSERT_EQUAL(loader_wait(&loader), 1);
    loader_start(&loader);
    CU_ASSERT_EQUAL_FATAL(fd_pass_send(loader.socket, &host.file, sizeof(host.file), NULL, 0), 0);
    close(loader.socket); /* while it works */
    loader.socket = -1;
    CU_ASSERT_EQUAL(loader_wait(&loader), 1);
    loader_start(&loader);
    CU_ASSERT_EQUAL_FATAL(fd_pass_send(loader.socket, "junk", 4, NULL, 0), 0);
    loader.fd_count =
        fd_pass_receive(loader.socket, &loader.last, sizeof(loader.last), loader.fds, 2);
    CU_ASSERT_EQUAL(loader.fd_count, 0);
    CU_ASSERT_EQUAL(loader.last.status, -EBADMSG);
    CU_ASSERT_EQUAL(loader_wait(&loader), 1);
    worker_host_fini(&host);
}

const struct cunit_test tests[] = {
    {"weights and table are the engine's, and workers serve over them",
     what_is_packed_can_be_served},
    {"without a place for its choices, and with a fixed batch", it_needs_no_place_to_write},
    {"what is wrong with a model or its settings is told", bad_models_are_told},
    {"a loader ends when its jointd is gone or talks junk", it_ends_with_its_jointd},
    {NULL, NULL},
};
