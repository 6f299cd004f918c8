/* Shares of classes and clients, as processor sharing would give them. */
#include "scheduler/dispatch/share.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define NONE SHARE_NONE
#define WHILE_NS 5e8 /* what a class wants is forgotten in so long */
#define LEAST_WANTED 1e-3

int share_init(struct share *share, uint32_t class_count, uint32_t request_count)
{
    *share = (struct share){.class_count = class_count,
                            .client_count = request_count + request_count / 4 + 64,
                            .head_count = 1};
    while (share->head_count < share->client_count)
        share->head_count *= 2;
    share->classes = calloc(class_count, sizeof(*share->classes));
    share->clients = calloc(share->client_count, sizeof(*share->clients));
    share->nodes = calloc(share->client_count, sizeof(*share->nodes));
    share->heads = calloc(share->head_count, sizeof(*share->heads));
    if (!share->classes || !share->clients || !share->nodes || !share->heads) {
        share_fini(share);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < class_count; i++)
        share->classes[i] = (struct share_class){.weight = 1, .ahead = order_heap_empty()};
    for (uint32_t i = 0; i < share->client_count; i++)
        share->clients[i].next = i + 1 < share->client_count ? i + 1 : NONE;
    for (uint32_t i = 0; i < share->head_count; i++)
        share->heads[i] = NONE;
    return 0;
}

void share_fini(struct share *share)
{
    if (!share)
        return;
    free(share->classes);
    free(share->clients);
    free(share->nodes);
    free(share->heads);
    *share = (struct share){0};
}

/* exp(-x) for x of 0 and up: within a twentieth of it where it matters. */
static double fade(double x)
{
    return 1 / (1 + x + x * x / 2);
}

static double wanted_of(const struct share_class *class, uint64_t now_ns)
{
    const uint64_t past_ns = now_ns > class->wanted_at_ns ? now_ns - class->wanted_at_ns : 0;
    return class->wanted * fade((double)past_ns / WHILE_NS);
}

void share_note_wanted(struct share *share, uint32_t class_index, uint64_t cost_ns, uint64_t now_ns)
{
    struct share_class *class = &share->classes[class_index];
    class->wanted = wanted_of(class, now_ns) + (double)cost_ns / WHILE_NS;
    class->wanted_at_ns = now_ns;
}

double share_taken(const struct share *share, uint32_t class_index, uint32_t other,
                   uint32_t workers, uint64_t now_ns)
{
    const double wanted = wanted_of(&share->classes[other], now_ns) / (workers ? workers : 1);
    double weights = share->classes[class_index].weight;
    for (uint32_t i = 0; i < share->class_count; i++)
        if (i != class_index && wanted_of(&share->classes[i], now_ns) > LEAST_WANTED)
            weights += share->classes[i].weight;
    const double most = share->classes[other].weight / weights;
    return wanted <= LEAST_WANTED ? 0 : wanted < most ? wanted : most;
}

static uint32_t *head_of(const struct share *share, uint32_t class_index, uint64_t client)
{
    uint64_t z = client + (class_index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return &share->heads[(z ^ z >> 31) & (share->head_count - 1)];
}

static uint32_t find(const struct share *share, uint32_t class_index, uint64_t client)
{
    uint32_t at = *head_of(share, class_index, client);
    while (at != NONE &&
           (share->clients[at].client != client || share->clients[at].class_index != class_index))
        at = share->clients[at].next;
    return at;
}

static void forget(struct share *share, uint32_t at)
{
    const struct share_client *client = &share->clients[at];
    uint32_t *link = head_of(share, client->class_index, client->client);
    while (*link != at)
        link = &share->clients[*link].next;
    *link = client->next;
    share->clients[at] = (struct share_client){.next = share->free_first};
    share->free_first = at;
    share->known_count--;
}

static void forget_if_idle(struct share *share, uint32_t at)
{
    const struct share_client *client = &share->clients[at];
    if (!client->is_ahead && !client->open && !client->held)
        forget(share, at);
}

static void pop(struct share *share, uint32_t at)
{
    struct share_class *class = &share->classes[share->clients[at].class_index];
    order_heap_remove(&class->ahead, share->nodes, at);
    share->clients[at].is_ahead = false;
    class->ahead_count--;
}

/* The tag moves; what does not lie before the virtual time is as if it were the virtual time. */
static void place(struct share *share, uint32_t at, uint64_t tag)
{
    struct share_client *client = &share->clients[at];
    struct share_class *class = &share->classes[client->class_index];
    if (client->is_ahead)
        pop(share, at);
    client->tag = tag;
    if (tag <= class->virtual_time)
        return;
    client->is_ahead = true;
    class->ahead_count++;
    order_heap_push(&class->ahead, share->nodes, at, tag, at);
}

static void move_tag(struct share *share, uint32_t at, uint64_t more_ns, uint64_t less_ns)
{
    const struct share_client *client = &share->clients[at];
    const uint64_t now = share->classes[client->class_index].virtual_time;
    const uint64_t raised = (client->is_ahead ? client->tag : now) + more_ns * SHARE_UNIT;
    const uint64_t less = less_ns * SHARE_UNIT;
    place(share, at, raised - now > less ? raised - less : now);
}

/* So much was done of the class: each client with work has had the same of it. */
static void pour(struct share *share, struct share_class *class, uint64_t spent_ns)
{
    uint64_t left = spent_ns * SHARE_UNIT;
    while (class->ahead_count) {
        const uint32_t first = order_heap_first(&class->ahead);
        const uint64_t each = left / class->ahead_count;
        const uint64_t gap = share->clients[first].tag - class->virtual_time;
        if (gap > each) {
            class->virtual_time += each;
            break;
        }
        left -= gap * class->ahead_count;
        class->virtual_time += gap;
        pop(share, first);
        forget_if_idle(share, first);
    }
}

/* Nothing of it is in: what rounding left is over too. */
static void end_if_empty(struct share *share, struct share_class *class)
{
    while (!class->open_ns && class->ahead_count) {
        const uint32_t first = order_heap_first(&class->ahead);
        pop(share, first);
        forget_if_idle(share, first);
    }
}

/* Room for one more: of those that have nothing in, the first whose turn would have come. */
static void make_room(struct share *share)
{
    for (uint32_t i = 0; i < share->class_count && share->free_first == NONE; i++) {
        struct share_class *class = &share->classes[i];
        while (class->ahead_count && share->free_first == NONE) {
            const uint32_t first = order_heap_first(&class->ahead);
            pop(share, first);
            forget_if_idle(share, first);
        }
    }
}

static uint32_t add(struct share *share, uint32_t class_index, uint64_t client)
{
    if (share->free_first == NONE)
        make_room(share);
    const uint32_t at = share->free_first;
    if (at == NONE)
        return NONE;
    uint32_t *head = head_of(share, class_index, client);
    share->free_first = share->clients[at].next;
    share->clients[at] =
        (struct share_client){.client = client, .class_index = class_index, .next = *head};
    *head = at;
    share->known_count++;
    return at;
}

uint64_t share_turn_ns(const struct share *share, uint32_t class_index, uint64_t client)
{
    const struct share_class *class = &share->classes[class_index];
    const uint32_t at = find(share, class_index, client);
    if (at == NONE || !share->clients[at].is_ahead)
        return 0;
    return (share->clients[at].tag - class->virtual_time) / SHARE_UNIT * class->ahead_count;
}

uint32_t share_open(const struct share *share, uint32_t class_index, uint64_t client)
{
    const uint32_t at = find(share, class_index, client);
    return at == NONE ? 0 : share->clients[at].open;
}

uint32_t share_enter(struct share *share, uint32_t class_index, uint64_t client, uint64_t cost_ns)
{
    uint32_t at = find(share, class_index, client);
    if (at == NONE)
        at = add(share, class_index, client);
    if (at == NONE)
        return NONE;
    share->open_count += !share->clients[at].open++;
    share->classes[class_index].open_ns += cost_ns;
    move_tag(share, at, cost_ns, 0);
    return at;
}

void share_hold(struct share *share, uint32_t at)
{
    if (at != NONE)
        share->clients[at].held++;
}

void share_settle(struct share *share, uint32_t at, uint64_t cost_ns, uint64_t spent_ns)
{
    if (at == NONE)
        return;
    struct share_client *client = &share->clients[at];
    struct share_class *class = &share->classes[client->class_index];
    assert(client->held && class->open_ns >= cost_ns);
    move_tag(share, at, spent_ns, cost_ns);
    class->open_ns -= cost_ns;
    pour(share, class, spent_ns);
    end_if_empty(share, class);
    client->held--;
    forget_if_idle(share, at);
}

void share_leave(struct share *share, uint32_t at, uint64_t unspent_ns)
{
    if (at == NONE)
        return;
    struct share_client *client = &share->clients[at];
    struct share_class *class = &share->classes[client->class_index];
    assert(client->open && class->open_ns >= unspent_ns);
    move_tag(share, at, 0, unspent_ns);
    class->open_ns -= unspent_ns;
    end_if_empty(share, class);
    share->open_count -= !--client->open;
    forget_if_idle(share, at);
}
