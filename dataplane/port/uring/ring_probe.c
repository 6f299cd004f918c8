/* Tries the flags of newer kernels first. */
#include "dataplane/port/uring/ring_probe.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int ring_probe_open(struct io_uring *ring, uint32_t submissions, uint32_t completions,
                    bool *is_enabled)
{
    const uint32_t always = IORING_SETUP_CQSIZE;
    const uint32_t flags[] = {
        /* Linux 6.1: one thread, which does all of the ring's work when it asks for it. */
        always | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
            IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED,
        /* 5.19: the work waits for the thread's next system call, instead of interrupting it. */
        always | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        always,
    };
    int error = -EINVAL;
    for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && error == -EINVAL; i++) {
        struct io_uring_params params = {.flags = flags[i], .cq_entries = completions};
        error = io_uring_queue_init_params(submissions, ring, &params);
    }
    *is_enabled = error == 0 && !(ring->flags & IORING_SETUP_R_DISABLED);
    return error;
}

int ring_probe_enable(struct io_uring *ring)
{
    /* liburing 2.3 declares io_uring_enable_rings(), and leaves it out of the shared library. */
    const long result =
        syscall(__NR_io_uring_register, ring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    return result < 0 ? -errno : 0;
}

int ring_probe(struct io_uring *ring, struct ring_probe *probe)
{
    struct io_uring_probe *answer = io_uring_get_probe_ring(ring);
    if (!answer)
        return -EOPNOTSUPP;
    /* Multishot recvmsg came with SEND_ZC, in Linux 6.0; it has no sign of its own. */
    const bool has_multishot = io_uring_opcode_supported(answer, IORING_OP_SEND_ZC);
    probe->has_zero_copy = io_uring_opcode_supported(answer, IORING_OP_SENDMSG_ZC);
    io_uring_free_probe(answer);
    return has_multishot ? 0 : -EOPNOTSUPP;
}
