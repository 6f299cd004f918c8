/* Looks for device files beside the running program. */
#include "scheduler/cli/device_path.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUFFIX ".json"

static bool is_path(const char *word)
{
    size_t length = strlen(word), tail = strlen(SUFFIX);
    return strchr(word, '/') || (length > tail && strcmp(word + length - tail, SUFFIX) == 0);
}

/* The folder of device files: where it is installed, or where the build puts it. */
static int find_folder(char *folder, size_t size)
{
    static const char *const places[] = {"../share/joint/devices", "../profile/devices"};
    char program[2048];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length < 0)
        return -errno;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int written = snprintf(folder, size, "%s/%s", program, places[i]);
        if (written > 0 && (size_t)written < size && access(folder, R_OK | X_OK) == 0)
            return 0;
    }
    return -ENOENT;
}

static int is_device(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && is_path(entry->d_name);
}

static void list_names(const char *folder, char *names, size_t size)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_device, alphasort);
    size_t at = 0;
    names[0] = '\0';
    for (int i = 0; i < count; i++) {
        int length = (int)(strlen(entries[i]->d_name) - strlen(SUFFIX));
        if (at < size)
            at += (size_t)snprintf(names + at, size - at, "%s%.*s", at ? ", " : "", length,
                                   entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int device_path_find(const char *word, char *path, size_t size)
{
    char folder[2176];
    if (is_path(word)) {
        int written = snprintf(path, size, "%s", word);
        return written > 0 && (size_t)written < size ? 0 : -ENAMETOOLONG;
    }
    path[0] = '\0';
    if (find_folder(folder, sizeof(folder)))
        return -ENOENT;
    int written = snprintf(path, size, "%s/%s%s", folder, word, SUFFIX);
    if (written > 0 && (size_t)written < size && access(path, F_OK) == 0)
        return 0;
    list_names(folder, path, size);
    return -ENOENT;
}
