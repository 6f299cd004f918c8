/* Counts who needs an answer's memory. */
#include "dataplane/answers.h"

#include <assert.h>

int answers_init(struct answers *answers, uint32_t count, const struct region *responses)
{
    *answers = (struct answers){.count = count,
                                .bytes = region_at(responses, 0, 0),
                                .payload_bytes = responses->payload_bytes};
    answers->records = calloc(count, sizeof(*answers->records));
    const int error = answers->records ? waiting_list_init(&answers->owing, count) : -ENOMEM;
    if (error)
        answers_fini(answers);
    return error;
}

void answers_fini(struct answers *answers)
{
    free(answers->records);
    waiting_list_fini(&answers->owing);
    *answers = (struct answers){0};
}

bool answers_can_take(const struct answers *answers, uint32_t slot)
{
    return slot < answers->count && !answers->records[slot].is_taken;
}

const uint8_t *answers_find(const struct answers *answers, uint64_t offset, uint32_t bytes)
{
    if (bytes == 0 || offset > answers->payload_bytes || bytes > answers->payload_bytes - offset)
        return NULL;
    return answers->bytes + offset;
}

void answers_take(struct answers *answers, uint32_t slot, uint32_t generation)
{
    assert(answers_can_take(answers, slot));
    answers->records[slot] =
        (struct answer){.is_taken = true, .is_held = true, .generation = generation};
    answers->taken_count++;
}

static void owe_if_unused(struct answers *answers, uint32_t slot)
{
    const struct answer *answer = &answers->records[slot];
    if (!answer->is_held && answer->lent_count == 0)
        waiting_list_add(&answers->owing, slot);
}

void answers_let_go(struct answers *answers, uint32_t slot)
{
    assert(answers->records[slot].is_held);
    answers->records[slot].is_held = false;
    owe_if_unused(answers, slot);
}

void answers_returned(struct answers *answers, uint32_t slot)
{
    assert(answers->records[slot].lent_count > 0);
    answers->records[slot].lent_count--;
    answers->lent_count--;
    owe_if_unused(answers, slot);
}

bool answers_next_sent(struct answers *answers, union ingress_message *message)
{
    const uint32_t slot = waiting_list_take(&answers->owing);
    if (slot == WAITING_LIST_END)
        return false;
    answers->records[slot].is_taken = false;
    answers->taken_count--;
    *message = (union ingress_message){.order = {.kind = INGRESS_SENT,
                                                 .slot = slot,
                                                 .generation = answers->records[slot].generation}};
    return true;
}
