/* Sends messages by sendmmsg, for both engines. */
#include "dataplane/port/uring/udp_send.h"
#include "dataplane/port/uring/udp_queue.h"

#include <assert.h>
#include <errno.h>

/* Slots of one socket from the first; the kernel stops at the first that fails. */
static uint32_t push_some(struct udp_queue *queue, const uint16_t *slots, uint32_t count)
{
    struct udp_slot *all = queue->transmitter.slots;
    struct mmsghdr messages[PORT_MAX_BURST];
    const uint32_t socket = all[slots[0]].socket;
    uint32_t same = 0;
    while (same < count && all[slots[same]].socket == socket) {
        messages[same] = (struct mmsghdr){.msg_hdr = all[slots[same]].message};
        same++;
    }
    const int sent =
        sendmmsg(queue->sockets[socket].fd, messages, same, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) {
        const int error = sent < 0 ? -errno : -EAGAIN;
        const uint32_t failed = error == -EAGAIN ? same : 1; /* no room for one: none for all */
        for (uint32_t i = 0; i < failed; i++)
            udp_transmitter_result(queue, slots[i], error, false);
        return failed;
    }
    for (int i = 0; i < sent; i++)
        udp_transmitter_result(queue, slots[i], (int)messages[i].msg_len, false);
    return (uint32_t)sent;
}

void udp_send_plainly(struct udp_queue *queue, const uint16_t *slots, uint32_t count)
{
    assert(count <= PORT_MAX_BURST);
    for (uint32_t done = 0; done < count;)
        done += push_some(queue, slots + done, count - done);
}
