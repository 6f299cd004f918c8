/* Datagrams between the port and the protocol, in bursts. */
#include "dataplane/queue_parts.h"

/* What one poll receives and sends at most, so that it comes round to the other. Datagrams that
 * come faster than they are looked at are acknowledged together: the more there is to do, the less
 * each costs. */
#define MAX_RECEIVED_BURSTS 4
#define MAX_SENT_BURSTS 4

/* The outbox leaves. What lies in an answer is lent to the port; all else it copies. */
static void send_outbox(struct queue *queue, uint32_t count)
{
    struct port_outgoing burst[QUEUE_BURST];
    for (uint32_t i = 0; i < count; i++) {
        const struct jtp_datagram *datagram = &queue->outbox[i];
        const bool is_lent = datagram->slot != 0 && datagram->payload_bytes > 0;
        burst[i] = (struct port_outgoing){.to = datagram->to,
                                          .head = datagram->head,
                                          .head_bytes = datagram->head_bytes,
                                          .payload = datagram->payload,
                                          .payload_bytes = datagram->payload_bytes,
                                          .token = is_lent ? datagram->slot : 0};
        if (is_lent)
            answers_lend(&queue->answers, queue_slot_of(datagram->slot));
    }
    if (count > 0)
        port_send(queue->port, queue->config.number, burst, count, queue->now_ns);
}

static uint32_t receive_burst(struct queue *queue)
{
    struct port_received burst[QUEUE_BURST];
    uint32_t replies = 0;
    const uint32_t count =
        port_receive(queue->port, queue->config.number, burst, QUEUE_BURST, queue->now_ns);
    for (uint32_t i = 0; i < count; i++)
        replies += jtp_server_on_datagram(queue->server, &burst[i].from, burst[i].bytes,
                                          burst[i].count, queue->now_ns, &queue->outbox[replies]);
    if (count > 0)
        port_release(queue->port, queue->config.number);
    send_outbox(queue, replies);
    return count;
}

int queue_receive(struct queue *queue)
{
    uint32_t sum = 0;
    for (int i = 0; i < MAX_RECEIVED_BURSTS; i++) {
        const uint32_t count = receive_burst(queue);
        sum += count;
        if (count < QUEUE_BURST)
            break;
    }
    return (int)sum;
}

static int take_tokens(struct queue *queue)
{
    uint64_t tokens[4 * QUEUE_BURST];
    int sum = 0;
    for (;;) {
        const uint32_t count =
            port_sent(queue->port, queue->config.number, tokens, 4 * QUEUE_BURST);
        for (uint32_t i = 0; i < count; i++)
            answers_returned(&queue->answers, queue_slot_of(tokens[i]));
        sum += (int)count;
        if (count < 4 * QUEUE_BURST)
            return sum;
    }
}

int queue_send(struct queue *queue)
{
    int sum = queue->answers.lent_count > 0 ? take_tokens(queue) : 0;
    for (int i = 0; i < MAX_SENT_BURSTS; i++) {
        uint32_t count = 0;
        if (queue->answers.lent_count + QUEUE_BURST > PORT_MAX_TOKENS)
            break;
        while (count < QUEUE_BURST &&
               jtp_server_next_datagram(queue->server, queue->now_ns, &queue->outbox[count]))
            count++;
        send_outbox(queue, count);
        sum += (int)count;
        if (count < QUEUE_BURST)
            break;
    }
    return sum;
}
