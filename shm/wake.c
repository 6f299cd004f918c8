/* Rings and drains the doorbell, never waiting.
 *
 *   producer                               sleeper
 *   P1 publish entries   (release)         S1 is_sleeping = 1
 *   P2 fence seq_cst                       S2 fence seq_cst
 *   P3 read is_sleeping                    S3 poll everything once more
 *   P4 if 1: exchange 0, if it was 1 send  S4 if nothing: sleep until something is sent
 *
 * Of two seq_cst fences one comes first. If P2, then S3 sees the entries of P1 and S4 is not
 * reached. If S2, then P3 sees the 1 of S1, and P4 sends, unless another already did in this sleep.
 * What is sent stays in the socket until it is drained, so it also wakes one who is about to sleep.
 * The exchange lets one system call through per sleep.
 *
 * A producer may be stopped between its exchange and its send, until after the sleeper has drained:
 * what is sent then belongs to no sleep, so whoever finds the socket readable drains it, too. */
#include "shm/wake.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that sends more without being asked to only keeps us awake. */
#define MAX_DRAIN 8

int wake_pair(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ? -errno : 0;
}

void wake_init(struct wake *wake, int fd, struct wake_cell *ours, struct wake_cell *peers,
               bool can_peer_sleep)
{
    *wake = (struct wake){.fd = fd, .can_peer_sleep = can_peer_sleep, .ours = ours, .peers = peers};
}

void wake_fini(struct wake *wake)
{
    if (!wake || !wake->ours)
        return;
    assert(!wake->is_idling);
    close(wake->fd);
    *wake = (struct wake){.fd = -1};
}

void wake_send(struct wake *wake)
{
    if (!atomic_exchange_explicit(&wake->peers->is_sleeping, 0, memory_order_relaxed))
        return;
    wake->ring_count++;
    const char byte = 1;
    /* -EAGAIN: so much lies unread that the peer is awake. -EPIPE: it is gone. */
    if (send(wake->fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        (errno == EPIPE || errno == ECONNRESET))
        wake->is_peer_gone = true;
}

void wake_arm(struct wake *wake)
{
    atomic_store_explicit(&wake->ours->is_sleeping, 1, memory_order_relaxed);
}

void wake_disarm(struct wake *wake)
{
    const bool has_rung =
        !atomic_exchange_explicit(&wake->ours->is_sleeping, 0, memory_order_relaxed);
    if (!has_rung && !wake->is_readable)
        return;
    wake->is_readable = false;
    char byte;
    for (int i = 0; i < MAX_DRAIN; i++)
        /* No room for descriptors: what a peer tries to push on us the kernel drops. */
        if (recv(wake->fd, &byte, 1, MSG_DONTWAIT) <= 0)
            return;
}
