/* Reads schedstat and stat of each thread. */
#include "scheduler/supervise/core_time.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 320
#define LINE_BYTES 512

static bool read_line(pid_t pid, const char *thread, const char *name, char *line)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%ld/task/%s/%s", (long)pid, thread, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const bool has_line = fgets(line, LINE_BYTES, file);
    fclose(file);
    return has_line;
}

static void add_thread(struct core_time *sum, pid_t pid, const char *thread)
{
    char line[LINE_BYTES];
    uint64_t ran_ns, waited_ns;
    if (read_line(pid, thread, "schedstat", line) &&
        sscanf(line, "%" SCNu64 " %" SCNu64, &ran_ns, &waited_ns) == 2) {
        sum->ran_ns += ran_ns;
        sum->waited_ns += waited_ns;
    }
    /* "pid (name) state ...", and the name may hold anything. */
    if (!read_line(pid, thread, "stat", line))
        return;
    const char *name_end = strrchr(line, ')');
    sum->wants_core |= name_end && strncmp(name_end, ") R", 3) == 0;
}

struct core_time core_time_of(pid_t pid)
{
    struct core_time sum = {0};
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return sum;
    for (const struct dirent *thread; (thread = readdir(threads));)
        if (thread->d_name[0] != '.')
            add_thread(&sum, pid, thread->d_name);
    closedir(threads);
    return sum;
}

bool core_time_is_starved(const struct core_time *before, const struct core_time *after,
                          uint64_t duration_ns)
{
    if (after->waited_ns - before->waited_ns >= duration_ns)
        return true;
    return after->wants_core && after->ran_ns - before->ran_ns < duration_ns;
}
