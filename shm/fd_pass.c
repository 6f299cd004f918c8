/* Hands file descriptors over a UNIX socket: SCM_RIGHTS, all or nothing. */
#include "shm/fd_pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(FD_PASS_MAX * sizeof(int))];
};

int fd_pass_pair(int sockets[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) ? -errno : 0;
}

/* A peer that left something unread "resets"; it is gone all the same. */
static int failure(void)
{
    return errno == ECONNRESET ? -EPIPE : -errno;
}

int fd_pass_send(int socket, const void *message, size_t bytes, const int *fds, unsigned fd_count)
{
    if (bytes == 0 || fd_count > FD_PASS_MAX)
        return -EINVAL;
    union control control;
    memset(&control, 0, sizeof(control));
    struct iovec part = {.iov_base = (void *)message, .iov_len = bytes};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd_count > 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
        memcpy(CMSG_DATA(rights), fds, fd_count * sizeof(int));
    }
    const ssize_t sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? failure() : 0;
}

/* Takes the descriptors of every SCM_RIGHTS part; those beyond `capacity` are closed. Returns how
 * many came. */
static unsigned take_fds(struct msghdr *header, int *fds, unsigned capacity)
{
    unsigned count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < here; i++, count++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (count < capacity)
                fds[count] = fd;
            else
                close(fd);
        }
    }
    return count;
}

int fd_pass_receive(int socket, void *message, size_t bytes, int *fds, unsigned fd_capacity)
{
    if (bytes == 0 || fd_capacity > FD_PASS_MAX)
        return -EINVAL;
    union control control;
    struct iovec part = {.iov_base = message, .iov_len = bytes};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    ssize_t got;
    do {
        got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return failure();
    const unsigned count = take_fds(&header, fds, fd_capacity);
    if (got == (ssize_t)bytes && count <= fd_capacity &&
        !(header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return (int)count;
    for (unsigned i = 0; i < count && i < fd_capacity; i++)
        close(fds[i]);
    return got == 0 ? -EPIPE : -EBADMSG;
}

int fd_pass_peer(int socket, pid_t *pid, uid_t *uid)
{
    struct ucred peer;
    socklen_t bytes = sizeof(peer);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes))
        return -errno;
    *pid = peer.pid;
    *uid = peer.uid;
    return 0;
}
