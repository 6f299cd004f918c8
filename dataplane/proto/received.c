/* The newest ranges matter: where there is no room, the oldest goes. */
#include "dataplane/proto/received.h"

void jtp_received_init(struct jtp_received *received)
{
    *received = (struct jtp_received){.due_ns = JTP_NEVER};
    jtp_range_set_init(&received->numbers, received->memory, JTP_MAX_ACK_RANGES);
}

void jtp_received_add(struct jtp_received *received, uint64_t number, bool is_eliciting,
                      bool is_urgent, uint64_t now_ns)
{
    struct jtp_range_set *numbers = &received->numbers;
    uint64_t end = numbers->count > 0 ? numbers->ranges[numbers->count - 1].end : 0;
    bool is_in_order = number == end;
    if (number == UINT64_MAX)
        return; /* the set's ends are exclusive; no sender counts as far */
    if (number >= end)
        received->largest_ns = now_ns;
    if (jtp_range_set_add(numbers, number, number + 1) && number > numbers->ranges[0].first) {
        jtp_range_set_drop_lowest(numbers);
        jtp_range_set_add(numbers, number, number + 1);
    }
    if (!is_eliciting)
        return;
    received->owed++;
    if (is_urgent || !is_in_order || received->owed >= JTP_ACK_EVERY)
        received->due_ns = now_ns;
    else if (received->due_ns == JTP_NEVER)
        received->due_ns = now_ns + JTP_MAX_ACK_DELAY_NS;
}

bool jtp_received_ack(const struct jtp_received *received, struct jtp_ack *ack, uint64_t now_ns)
{
    const struct jtp_range_set *numbers = &received->numbers;
    if (numbers->count == 0)
        return false;
    uint64_t delay_us = (now_ns - received->largest_ns) / 1000;
    ack->delay_us = delay_us < UINT32_MAX ? (uint32_t)delay_us : UINT32_MAX;
    ack->count = numbers->count;
    for (uint32_t i = 0; i < numbers->count; i++) {
        const struct jtp_range *range = &numbers->ranges[numbers->count - 1 - i];
        ack->ranges[i] = (struct jtp_ack_range){range->first, range->end - 1};
    }
    return true;
}

void jtp_received_acked(struct jtp_received *received)
{
    received->due_ns = JTP_NEVER;
    received->owed = 0;
}
