/* Runs a fuzz target over every file of the folders that it is given: the corpus as a test. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The whole file in memory of exactly its size, so that a read beyond it shows. */
static uint8_t *read_file(const char *path, size_t *size)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    uint8_t *bytes = NULL;
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode)) {
        *size = (size_t)status.st_size;
        bytes = malloc(*size ? *size : 1);
        if (bytes && fread(bytes, 1, *size, file) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

/* The number of files that ran, or -1 when one cannot be read. */
static int replay_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return -1;
    int count = 0;
    const struct dirent *entry;
    while (count >= 0 && (entry = readdir(entries))) {
        char path[4096];
        size_t size = 0;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        uint8_t *bytes = read_file(path, &size);
        if (!bytes) {
            fprintf(stderr, "%s: cannot be read\n", path);
            count = -1;
            break;
        }
        /* Before the run, so that a crash names its file. */
        fprintf(stderr, "%s\n", path);
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
        count++;
    }
    closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count <= 0) {
            fprintf(stderr, "%s: %s\n", argv[i], count ? "cannot be read" : "has no files");
            return 1;
        }
        total += count;
    }
    printf("%d files replayed\n", total);
    return total == 0;
}
