/* Looks for joint-worker, joint-dataplane and joint-api, so that a build tree runs as an
 * installation does. */
#include "scheduler/supervise/programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct program {
    const char *name;
    const char *built; /* from a program two folders below the build tree's top */
    char *path; /* [PROGRAM_PATH_BYTES] */
};

static int try_path(char *path, const char *folder, const char *between, const char *name)
{
    const int length = snprintf(path, PROGRAM_PATH_BYTES, "%s%s/%s", folder, between, name);
    struct stat status;
    if (length < 0 || (unsigned)length >= PROGRAM_PATH_BYTES)
        return -ENAMETOOLONG;
    if (stat(path, &status))
        return -errno;
    return S_ISREG(status.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

static int find(const struct program *program, const char *here, const char *libexec)
{
    if (libexec && libexec[0])
        return try_path(program->path, libexec, "", program->name);
    if (try_path(program->path, here, "", program->name) == 0 ||
        try_path(program->path, here, "/../libexec", program->name) == 0 ||
        try_path(program->path, here, program->built, program->name) == 0)
        return 0;
    return try_path(program->path, JOINT_LIBEXECDIR, "", program->name);
}

int programs_find_from(struct programs *programs, const char *here, const char *libexec, char *why,
                       size_t why_bytes)
{
    const struct program wanted[] = {
        {"joint-worker", "/../../compute/worker", programs->worker},
        {"joint-dataplane", "/../../dataplane", programs->dataplane},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (find(&wanted[i], here, libexec) == 0)
            continue;
        if (libexec && libexec[0])
            snprintf(why, why_bytes, "%s: no such program in JOINT_LIBEXEC=%s; correct or unset it",
                     wanted[i].name, libexec);
        else
            snprintf(why, why_bytes,
                     "%s: no such program in %s, %s/../libexec or %s; install it, or set "
                     "JOINT_LIBEXEC to its folder",
                     wanted[i].name, here, here, JOINT_LIBEXECDIR);
        return -ENOENT;
    }
    const struct program api = {"joint-api", "/../api", programs->api};
    if (find(&api, here, libexec))
        programs->api[0] = '\0';
    return 0;
}

int programs_find(struct programs *programs, char *why, size_t why_bytes)
{
    char here[PROGRAM_PATH_BYTES];
    const ssize_t length = readlink("/proc/self/exe", here, sizeof(here) - 1);
    here[length < 0 ? 0 : length] = '\0';
    char *slash = strrchr(here, '/');
    if (slash)
        *slash = '\0';
    return programs_find_from(programs, here, secure_getenv("JOINT_LIBEXEC"), why, why_bytes);
}
