/* Reads /proc of processes of this host. */
#include "scheduler/top/roles.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES 8192

/* The text of /proc/PID/NAME; false: there is none (any more). */
static bool read_file(int pid, const char *name, char text[FILE_BYTES])
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    const size_t length = fread(text, 1, FILE_BYTES - 1, file);
    fclose(file);
    text[length] = '\0';
    return length > 0;
}

/* proc(5): after the name in brackets, which may hold anything, fields 14 and 15 are ticks, 39 the
 * core. */
static bool take_stat(struct role *role, const char *text)
{
    unsigned long long user, system;
    const char *at = strrchr(text, ')');
    if (!at || sscanf(at + 1,
                      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d "
                      "%*d %*u %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
                      &user, &system, &role->core) != 3)
        return false;
    const long ticks_per_s = sysconf(_SC_CLK_TCK);
    role->cpu_ns = (user + system) * 1000000000u / (ticks_per_s > 0 ? (uint64_t)ticks_per_s : 100);
    return true;
}

static void take_status(struct role *role, const char *text)
{
    unsigned long long kib = 0;
    const char *cores = strstr(text, "\nCpus_allowed_list:");
    const char *memory = strstr(text, "\nRssAnon:");
    if (cores)
        sscanf(cores, "\nCpus_allowed_list: %47s", role->cores);
    if (memory)
        sscanf(memory, "\nRssAnon: %llu", &kib);
    role->memory_bytes = kib * 1024;
}

void roles_measure(struct roles *roles, uint64_t now_ns)
{
    char text[FILE_BYTES];
    roles->at_ns = now_ns;
    for (uint32_t i = 0; i < roles->count; i++) {
        struct role *role = &roles->items[i];
        role->is_measured =
            role->pid > 0 && read_file(role->pid, "stat", text) && take_stat(role, text);
        if (role->is_measured && read_file(role->pid, "status", text))
            take_status(role, text);
    }
}

double roles_busy(const struct roles *before, const struct roles *now, uint32_t index)
{
    const struct role *role = &now->items[index];
    for (uint32_t i = 0; i < before->count && role->is_measured; i++) {
        const struct role *was = &before->items[i];
        if (was->pid == role->pid && was->is_measured && role->cpu_ns >= was->cpu_ns &&
            now->at_ns > before->at_ns)
            return (double)(role->cpu_ns - was->cpu_ns) / (double)(now->at_ns - before->at_ns);
    }
    return -1;
}
