/* Shares of classes and clients, as processor sharing would give them. */
#include "scheduler/dispatch/share.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define NONE SHARE_NONE
#define WHILE_NS 5e8 /* what a class wants is forgotten in so long */
#define LEAST_WANTED 1e-3
#define MOST_PAST_NS UINT64_C(100000000000) /* in which everybody is served, whatever they want */
#define WANT_BUDGETS 4 /* what is refused is wanted for so many times its time ... */
#define MOST_WANT_NS UINT64_C(1000000000) /* ... and no longer than that */

static struct fair_book book_of(uint32_t count)
{
    return (struct fair_book){calloc(count, sizeof(struct fair_party)),
                              calloc(count, sizeof(struct order_heap_node))};
}

int share_init(struct share *share, uint32_t class_count, uint32_t request_count)
{
    *share = (struct share){.class_count = class_count,
                            .client_count = request_count + request_count / 4 + 64,
                            .head_count = 1,
                            .speed = 1};
    while (share->head_count < share->client_count)
        share->head_count *= 2;
    share->fair = fair_start();
    share->classes = calloc(class_count, sizeof(*share->classes));
    share->class_book = book_of(class_count);
    share->clients = calloc(share->client_count, sizeof(*share->clients));
    share->client_book = book_of(share->client_count);
    share->heads = calloc(share->head_count, sizeof(*share->heads));
    if (!share->classes || !share->class_book.parties || !share->class_book.nodes ||
        !share->clients || !share->client_book.parties || !share->client_book.nodes ||
        !share->heads) {
        share_fini(share);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < class_count; i++) {
        share->classes[i].clients = fair_start();
        share->class_book.parties[i].weight = 1;
    }
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
    free(share->class_book.parties);
    free(share->class_book.nodes);
    free(share->clients);
    free(share->client_book.parties);
    free(share->client_book.nodes);
    free(share->heads);
    *share = (struct share){0};
}

void share_set_weight(struct share *share, uint32_t class_index, uint32_t weight)
{
    struct fair_party *party = &share->class_book.parties[class_index];
    if (party->is_wanting)
        share->fair.weights += (uint64_t)weight - party->weight;
    party->weight = weight;
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

double share_weights(const struct share *share, uint32_t class_index, uint64_t now_ns)
{
    double weights = share->class_book.parties[class_index].weight;
    for (uint32_t i = 0; i < share->class_count; i++)
        if (i != class_index && wanted_of(&share->classes[i], now_ns) > LEAST_WANTED)
            weights += share->class_book.parties[i].weight;
    return weights;
}

double share_taken(const struct share *share, double weights, uint32_t other, uint32_t workers,
                   uint64_t now_ns)
{
    const double wanted = wanted_of(&share->classes[other], now_ns) / (workers ? workers : 1);
    const double most = share->class_book.parties[other].weight / weights;
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
    if (!share->client_book.parties[at].is_listed && !client->open && !client->held)
        forget(share, at);
}

/* Room for one more: who has nothing in, and whose turn comes first. */
static void make_room(struct share *share)
{
    for (uint32_t i = 0; i < share->class_count && share->free_first == NONE; i++) {
        uint32_t dropped = 0;
        while (dropped != NONE && share->free_first == NONE) {
            dropped = fair_drop(&share->classes[i].clients, share->client_book);
            if (dropped != NONE)
                forget_if_idle(share, dropped);
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
    share->client_book.parties[at] = (struct fair_party){.weight = 1};
    *head = at;
    share->known_count++;
    return at;
}

static uint32_t find_or_add(struct share *share, uint32_t class_index, uint64_t client)
{
    const uint32_t at = find(share, class_index, client);
    return at == NONE ? add(share, class_index, client) : at;
}

static void pour_over_clients(struct share *share, uint32_t class_index, uint64_t spent_ns)
{
    for (;;) {
        const uint32_t gone =
            fair_pour(&share->classes[class_index].clients, share->client_book, &spent_ns);
        if (gone == NONE)
            return;
        forget_if_idle(share, gone);
    }
}

static double part_of(const struct share *share, uint32_t class_index)
{
    const struct fair_party *party = &share->class_book.parties[class_index];
    const uint64_t weights = share->fair.weights + (party->is_wanting ? 0 : party->weight);
    return (double)party->weight / (double)weights;
}

/* Who is alone takes nothing from anybody, however fast it is served. */
static double speed_of(const struct share *share, uint32_t class_index)
{
    return share->classes[class_index].clients.weights > 1 ? share->speed : 1;
}

void share_pass_time(struct share *share, uint32_t workers, uint64_t now_ns)
{
    if (now_ns <= share->now_ns)
        return;
    const uint64_t past_ns = now_ns - share->now_ns;
    uint64_t done_ns = (past_ns < MOST_PAST_NS ? past_ns : MOST_PAST_NS) * workers;
    share->now_ns = now_ns;
    for (uint32_t i = 0; i < share->class_count; i++)
        if (order_heap_first(&share->classes[i].clients.next) != ORDER_HEAP_NONE)
            pour_over_clients(share, i,
                              (uint64_t)((double)done_ns * part_of(share, i) * speed_of(share, i)));
    while (fair_pour(&share->fair, share->class_book, &done_ns) != NONE)
        ;
}

void share_want(struct share *share, uint32_t class_index, uint64_t client, uint64_t cost_ns,
                uint64_t budget_ns, uint32_t workers, uint64_t now_ns)
{
    struct share_class *class = &share->classes[class_index];
    class->wanted = wanted_of(class, now_ns) + (double)cost_ns / WHILE_NS;
    class->wanted_at_ns = now_ns;
    const uint64_t limit_ns =
        (budget_ns < MOST_WANT_NS / WANT_BUDGETS ? WANT_BUDGETS * budget_ns : MOST_WANT_NS) *
        workers;
    fair_want(&share->fair, share->class_book, class_index, cost_ns, limit_ns);
    const uint32_t at = find_or_add(share, class_index, client);
    if (at != NONE)
        fair_want(&class->clients, share->client_book, at, cost_ns, limit_ns);
}

/* What the class has had beyond its part, of all that is computed, without what is still in. */
static double excess_ns(const struct share *share, uint32_t class_index, double part)
{
    const uint64_t turn_ns = fair_turn_ns(&share->fair, &share->class_book.parties[class_index]);
    const double open_ns = (double)share->classes[class_index].open_ns / part;
    return (double)turn_ns > open_ns ? (double)turn_ns - open_ns : 0;
}

uint64_t share_turn_ns(const struct share *share, uint32_t class_index, uint64_t client)
{
    const double part = part_of(share, class_index);
    const uint32_t at = find(share, class_index, client);
    const uint64_t turn_ns = at == NONE ? 0
                                        : fair_turn_ns(&share->classes[class_index].clients,
                                                       &share->client_book.parties[at]);
    return (uint64_t)((double)turn_ns / part + excess_ns(share, class_index, part));
}

uint64_t share_backlog_ns(const struct share *share, uint32_t class_index, uint64_t client)
{
    const uint64_t clients = share->classes[class_index].clients.weights;
    const uint32_t at = find(share, class_index, client);
    const uint64_t open_ns = at == NONE ? 0 : share->clients[at].open_ns;
    return (uint64_t)((double)open_ns * (double)(clients + !clients) / part_of(share, class_index));
}

uint32_t share_open(const struct share *share, uint32_t class_index, uint64_t client)
{
    const uint32_t at = find(share, class_index, client);
    return at == NONE ? 0 : share->clients[at].open;
}

static void correct(struct share *share, uint32_t at, uint64_t more_ns, uint64_t less_ns)
{
    const uint32_t class_index = share->clients[at].class_index;
    fair_correct(&share->fair, share->class_book, class_index, more_ns, less_ns);
    fair_correct(&share->classes[class_index].clients, share->client_book, at, more_ns, less_ns);
}

uint32_t share_enter(struct share *share, uint32_t class_index, uint64_t client, uint64_t cost_ns)
{
    const uint32_t at = find_or_add(share, class_index, client);
    if (at == NONE)
        return NONE;
    share->classes[class_index].client_count += !share->clients[at].open++;
    share->classes[class_index].open_count++;
    share->classes[class_index].open_ns += cost_ns;
    share->clients[at].open_ns += cost_ns;
    fair_charge(&share->fair, share->class_book, class_index, cost_ns);
    fair_charge(&share->classes[class_index].clients, share->client_book, at, cost_ns);
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
    const uint32_t class_index = share->clients[at].class_index;
    assert(share->clients[at].held && share->classes[class_index].open_ns >= cost_ns);
    correct(share, at, spent_ns > cost_ns ? spent_ns - cost_ns : 0,
            cost_ns > spent_ns ? cost_ns - spent_ns : 0);
    share->classes[class_index].open_ns -= cost_ns;
    share->clients[at].open_ns -= cost_ns;
    share->clients[at].held--;
    forget_if_idle(share, at);
}

void share_leave(struct share *share, uint32_t at, uint64_t unspent_ns)
{
    if (at == NONE)
        return;
    const uint32_t class_index = share->clients[at].class_index;
    assert(share->clients[at].open && share->classes[class_index].open_ns >= unspent_ns);
    correct(share, at, 0, unspent_ns);
    share->classes[class_index].open_ns -= unspent_ns;
    share->clients[at].open_ns -= unspent_ns;
    share->classes[class_index].client_count -= !--share->clients[at].open;
    share->classes[class_index].open_count--;
    forget_if_idle(share, at);
}
