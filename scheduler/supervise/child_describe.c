/* What became of a child, in words for the log. */
#include "scheduler/supervise/child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static void describe_end(const struct child *child, char *text, size_t text_bytes)
{
    const int status = child->exit_status;
    if (child->was_killed_for_hanging) {
        snprintf(text, text_bytes, "gave no sign of life and was killed");
    } else if (WIFSIGNALED(status)) {
        const char *name = sigdescr_np(WTERMSIG(status));
        snprintf(text, text_bytes, "was killed by signal %d (%s)", WTERMSIG(status),
                 name ? name : "unknown");
    } else {
        snprintf(text, text_bytes, "ended with status %d", WEXITSTATUS(status));
    }
}

void child_describe(const struct child *child, char *text, size_t text_bytes)
{
    const char *name = child->config->name;
    char what[64] = "runs";
    if (child->state == CHILD_IDLE && child->start_error) {
        const char *why = strerrordesc_np(-child->start_error);
        snprintf(text, text_bytes, "%s: %s %s: %s", name, child->config->program, child->start_step,
                 why ? why : "unknown error");
        return;
    }
    if (child->state == CHILD_IDLE) {
        snprintf(text, text_bytes, "%s does not run", name);
        return;
    }
    if (child->state == CHILD_STOPPING)
        snprintf(what, sizeof(what), "was told to end");
    else if (child->state == CHILD_DEAD)
        describe_end(child, what, sizeof(what));
    snprintf(text, text_bytes, "%s (pid %d) %s", name, (int)child->pid, what);
}
