/* Hands file descriptors over a UNIX socket (SOCK_SEQPACKET), each message with some bytes. */
#ifndef SHM_FD_PASS_H
#define SHM_FD_PASS_H

#include <stddef.h>
#include <sys/types.h>

#define FD_PASS_MAX 16

/* Two connected sockets, closed on exec. 0 or -errno. */
int fd_pass_pair(int sockets[2]);

/* One message; the descriptors stay the caller's. 0, -EINVAL (no bytes, too many), or -errno; never
 * waits: -EAGAIN if the peer does not read. */
int fd_pass_send(int socket, const void *message, size_t bytes, const int *fds, unsigned fd_count);

/* Waits for one message of exactly `bytes` with at most `fd_capacity` descriptors, and returns how
 * many came; they then belong to the caller and are closed on exec. Anything else leaves no
 * descriptor open and is -EBADMSG; -EPIPE if the peer is gone, else -errno. A socket with
 * SO_RCVTIMEO or O_NONBLOCK: -EAGAIN. */
int fd_pass_receive(int socket, void *message, size_t bytes, int *fds, unsigned fd_capacity);

/* Who is at the other end, as the kernel noted it when they connected. 0 or -errno. */
int fd_pass_peer(int socket, pid_t *pid, uid_t *uid);

#endif
