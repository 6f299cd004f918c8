/* Virtual time of parties that share something by weight. */
#include "scheduler/dispatch/fair.h"

static uint64_t in_units(uint64_t ns, uint32_t weight)
{
    return ns * FAIR_UNIT / weight;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void unlist(struct fair *fair, struct fair_book book, uint32_t at)
{
    struct fair_party *party = &book.parties[at];
    if (!party->is_listed)
        return;
    order_heap_remove(&fair->next, book.nodes, at);
    fair->weights -= party->is_wanting ? party->weight : 0;
    party->is_listed = party->is_wanting = false;
}

/* By what comes next: what it wants is over, or then what it had too much. */
static void list(struct fair *fair, struct fair_book book, uint32_t at)
{
    struct fair_party *party = &book.parties[at];
    unlist(fair, book, at);
    party->is_wanting = party->wants > fair->now;
    party->is_listed = party->is_wanting || party->tag > fair->now;
    if (!party->is_listed)
        return;
    fair->weights += party->is_wanting ? party->weight : 0;
    order_heap_push(&fair->next, book.nodes, at, party->is_wanting ? party->wants : party->tag, at);
}

void fair_want(struct fair *fair, struct fair_book book, uint32_t at, uint64_t cost_ns,
               uint64_t limit_ns)
{
    struct fair_party *party = &book.parties[at];
    const uint64_t others = fair->weights - (party->is_wanting ? party->weight : 0);
    const uint64_t most = fair->now + limit_ns * FAIR_UNIT / (others + party->weight);
    const uint64_t wants = later(party->wants, fair->now) + in_units(cost_ns, party->weight);
    party->wants = wants < most ? wants : later(most, party->wants);
    list(fair, book, at);
}

void fair_charge(struct fair *fair, struct fair_book book, uint32_t at, uint64_t cost_ns)
{
    struct fair_party *party = &book.parties[at];
    party->tag = later(party->tag, fair->now) + in_units(cost_ns, party->weight);
    list(fair, book, at);
}

static uint64_t moved(uint64_t moment, uint64_t now, uint64_t more, uint64_t less)
{
    const uint64_t raised = later(moment, now) + more;
    return raised - now > less ? raised - less : now;
}

void fair_correct(struct fair *fair, struct fair_book book, uint32_t at, uint64_t more_ns,
                  uint64_t less_ns)
{
    struct fair_party *party = &book.parties[at];
    const uint64_t more = in_units(more_ns, party->weight);
    const uint64_t less = in_units(less_ns, party->weight);
    party->tag = moved(party->tag, fair->now, more, less);
    party->wants = moved(party->wants, fair->now, more, less);
    list(fair, book, at);
}

uint32_t fair_drop(struct fair *fair, struct fair_book book)
{
    const uint32_t first = order_heap_first(&fair->next);
    if (first == ORDER_HEAP_NONE)
        return FAIR_NONE;
    book.parties[first].tag = book.parties[first].wants = fair->now;
    unlist(fair, book, first);
    return first;
}

uint32_t fair_pour(struct fair *fair, struct fair_book book, uint64_t *work_ns)
{
    uint64_t left = *work_ns * FAIR_UNIT;
    *work_ns = 0;
    while (fair->weights) {
        const uint32_t first = order_heap_first(&fair->next);
        const uint64_t each = left / fair->weights, gap = book.nodes[first].key - fair->now;
        if (gap > each) {
            fair->now += each;
            return FAIR_NONE;
        }
        left -= gap * fair->weights;
        fair->now += gap;
        list(fair, book, first);
        if (!book.parties[first].is_listed) {
            *work_ns = left / FAIR_UNIT;
            return first;
        }
    }
    *work_ns = left / FAIR_UNIT;
    return *work_ns ? fair_drop(fair, book) : FAIR_NONE;
}

uint64_t fair_turn_ns(const struct fair *fair, const struct fair_party *party)
{
    if (party->tag <= fair->now)
        return 0;
    const uint64_t weights = fair->weights + (party->is_wanting ? 0 : party->weight);
    return (party->tag - fair->now) / FAIR_UNIT * weights;
}
