/* Tests of compute/zoo/file.c: the same bytes each time, whole files or none. */
#include "compute/zoo/zoo.h"
#include "tests/unit/cunit_main.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *make_folder(void)
{
    char *folder = strdup("/tmp/joint_zoo_XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    return folder;
}

/* Removes the folder and its files; how many files there were. */
static unsigned remove_folder(char *folder)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char path[600];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        unlink(path);
        count++;
    }
    closedir(dir);
    rmdir(folder);
    free(folder);
    return count;
}

static char *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    char *data = malloc(*bytes + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_EQUAL(fread(data, 1, *bytes, file), *bytes);
    fclose(file);
    return data;
}

/* Writes lenet twice, with these seeds; are the files alike? */
static bool writes_alike(uint64_t first_seed, uint64_t second_seed)
{
    char *folder = make_folder();
    char path[100];
    snprintf(path, sizeof(path), "%s/lenet.onnx", folder);
    char *data[2];
    size_t bytes[2];
    for (int i = 0; i < 2; i++) {
        struct zoo_config config;
        zoo_config_default(&config);
        config.seed = i == 0 ? first_seed : second_seed;
        CU_ASSERT_EQUAL_FATAL(zoo_write("lenet", &config, path, NULL), 0);
        data[i] = read_file(path, &bytes[i]);
    }
    bool is_alike = bytes[0] == bytes[1] && memcmp(data[0], data[1], bytes[0]) == 0;
    free(data[0]);
    free(data[1]);
    CU_ASSERT_EQUAL(remove_folder(folder), 1);
    return is_alike;
}

static void same_seed_same_bytes(void)
{
    CU_ASSERT(writes_alike(5, 5));
    CU_ASSERT(!writes_alike(5, 6));
}

static void leaves_nothing_half_written(void)
{
    struct zoo_error error = {{0}};
    struct zoo_config config;
    zoo_config_default(&config);
    char *folder = make_folder();
    char path[100];
    snprintf(path, sizeof(path), "%s/huge.onnx", folder);
    config.input_size = 4096;
    CU_ASSERT_EQUAL(zoo_write("vgg16", &config, path, &error), -EFBIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "2 GB"));
    CU_ASSERT_EQUAL(remove_folder(folder), 0);
}

static void reports_a_full_disk(void)
{
    if (access("/dev/full", W_OK) != 0)
        return;
    struct zoo_error error = {{0}};
    struct zoo_config config;
    zoo_config_default(&config);
    CU_ASSERT_EQUAL(zoo_write("lenet", &config, "/dev/full", &error), -ENOSPC);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "/dev/full"));
    CU_ASSERT_EQUAL(zoo_write("lenet", &config, "/no/such/folder/x.onnx", &error), -ENOENT);
    CU_ASSERT_EQUAL(zoo_write("lenet", &config, "/tmp", &error), -EISDIR);
    CU_ASSERT_EQUAL(access("/dev/full", W_OK), 0);
}

static void count_calls(void *context, uint64_t written_bytes, uint64_t total_bytes)
{
    unsigned *calls = context;
    CU_ASSERT(written_bytes <= total_bytes);
    ++*calls;
}

static void tells_its_progress(void)
{
    unsigned calls = 0;
    struct zoo_config config;
    zoo_config_default(&config);
    config.progress = count_calls;
    config.progress_context = &calls;
    CU_ASSERT_EQUAL(zoo_write("lenet", &config, "/dev/null", NULL), 0);
    CU_ASSERT(calls > 0);
}

const struct cunit_test tests[] = {
    {"the same seed gives the same bytes, another seed others", same_seed_same_bytes},
    {"a network over 2 GB is refused and leaves no file", leaves_nothing_half_written},
    {"a full disk, a missing folder and a folder for a file are reported", reports_a_full_disk},
    {"progress never passes the total", tells_its_progress},
    {NULL, NULL},
};
