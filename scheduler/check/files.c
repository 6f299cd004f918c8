/* Checks of the files that the configuration names. */
#include "scheduler/check/check.h"
#include "scheduler/supervise/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a regular file for reading and says what it is. 0 or -errno. */
static int look_at_file(const struct host *host, const char *path, struct stat *status)
{
    bool is_rooted = path[0] == '/';
    int fd = openat(is_rooted ? host->root_fd : AT_FDCWD,
                    is_rooted ? path + strspn(path, "/") : path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, status) ? -errno : S_ISDIR(status->st_mode) ? -EISDIR : 0;
    close(fd);
    return error;
}

void check_models(const struct check *check)
{
    const struct jointd_config *config = check->config;
    uint64_t bytes = 0;
    bool is_bad = false;
    for (uint32_t i = 0; i < config->model_count; i++) {
        const struct model_section *model = &config->models[i];
        struct stat status = {0};
        int error = look_at_file(check->host, model->path, &status);
        if (!error && status.st_size == 0)
            error = -ENODATA;
        bytes += error ? 0 : (uint64_t)status.st_size;
        if (!error)
            continue;
        is_bad = true;
        findings_add(check->findings, FINDING_FAIL, "models", "%s: %s: %s", model->name,
                     model->path, error == -ENODATA ? "it is empty" : strerror(-error));
        findings_mend(check->findings, "correct model.%s.path, or put the file there", model->name);
    }
    if (config->model_count == 0) {
        findings_add(check->findings, FINDING_WARN, "models", "none is configured");
        findings_mend(check->findings, "joint zoo alexnet -o alexnet.onnx, and a section "
                                       "[model alexnet] with path = alexnet.onnx");
    } else if (!is_bad) {
        findings_add(check->findings, FINDING_OK, "models", "%u can be read, %llu MiB",
                     config->model_count, (unsigned long long)(bytes >> 20));
    }
}

void check_token(const struct check *check)
{
    const char *path = check->config->api.token_file;
    if (!path[0]) {
        findings_add(check->findings, FINDING_OK, "token_file",
                     "none: nothing can be changed over HTTP");
        return;
    }
    struct stat status = {0};
    int error = look_at_file(check->host, path, &status);
    if (error || status.st_size == 0) {
        findings_add(check->findings, FINDING_FAIL, "token_file", "%s: %s", path,
                     error ? strerror(-error) : "it is empty");
        findings_mend(check->findings, "(umask 077 && openssl rand -hex 32 > %s)", path);
    } else if (status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) {
        findings_add(check->findings, FINDING_FAIL, "token_file",
                     "%s: others may read or change it", path);
        findings_mend(check->findings, "chmod 600 %s", path);
    } else {
        findings_add(check->findings, FINDING_OK, "token_file", "%s can be read", path);
    }
}

void check_programs(const struct check *check)
{
    struct programs programs;
    char why[512];
    if (!check->host->is_live)
        return; /* found beside jointd, not below another root */
    if (programs_find(&programs, why, sizeof(why)) == 0) {
        findings_add(check->findings, FINDING_OK, "programs", "joint-worker and joint-dataplane");
        return;
    }
    findings_add(check->findings, FINDING_FAIL, "programs", "%s", why);
    findings_mend(check->findings, "meson install -C build");
}

void check_user(const struct check *check)
{
    const char *user = check->config->workers.user;
    if (!user[0]) {
        findings_add(check->findings, FINDING_WARN, "user",
                     "workers run as jointd does, so they could change what they may only read");
        findings_mend(check->findings, "adduser --system joint, and workers.user = joint");
        return;
    }
    uint64_t unused;
    /* A line "name:x:..." has no number after its name: it is there, but no number. */
    bool is_there = host_field(check->host, "/etc/passwd", user, &unused) != -ENOENT;
    findings_add(check->findings, is_there ? FINDING_OK : FINDING_FAIL, "user",
                 is_there ? "workers run as %s" : "there is no user %s", user);
    if (!is_there)
        findings_mend(check->findings, "adduser --system %s", user);
}
