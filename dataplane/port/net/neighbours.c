/* The table of neighbours: eight places for each address, questions in a small array beside it. */
#include "dataplane/port/net/neighbours.h"

#include <errno.h>
#include <stdlib.h>

#define WAYS 8
#define MAX_PLACES (1u << 20)

int net_neighbours_init(struct net_neighbours *neighbours, uint32_t capacity,
                        const struct jtp_key *key)
{
    if (capacity < WAYS || capacity > MAX_PLACES)
        return -EINVAL;
    uint32_t count = WAYS;
    while (count < capacity)
        count *= 2;
    *neighbours = (struct net_neighbours){.count = count, .key = *key};
    neighbours->places = calloc(count, sizeof(neighbours->places[0]));
    return neighbours->places ? 0 : -ENOMEM;
}

void net_neighbours_fini(struct net_neighbours *neighbours)
{
    if (!neighbours)
        return;
    free(neighbours->places);
    *neighbours = (struct net_neighbours){0};
}

static struct net_neighbour *ways_of(struct net_neighbours *neighbours, const uint8_t *ip)
{
    const uint64_t hash = jtp_siphash(&neighbours->key, ip, NET_IP_BYTES);
    return &neighbours->places[hash & (neighbours->count - WAYS)];
}

static struct net_neighbour *find(struct net_neighbours *neighbours, const uint8_t *ip)
{
    struct net_neighbour *ways = ways_of(neighbours, ip);
    for (uint32_t i = 0; i < WAYS; i++)
        if (ways[i].is_taken && net_ip_equal(ways[i].ip, ip))
            return &ways[i];
    return NULL;
}

/* Who of two goes first: who was never used, then who was used longest ago. */
static bool goes_before(const struct net_neighbour *a, const struct net_neighbour *b)
{
    if (a->used_ns != b->used_ns)
        return a->used_ns < b->used_ns;
    return a->confirmed_ns < b->confirmed_ns;
}

static struct net_neighbour *add(struct net_neighbours *neighbours, const uint8_t *ip,
                                 uint64_t now_ns)
{
    struct net_neighbour *ways = ways_of(neighbours, ip);
    struct net_neighbour *place = NULL;
    for (uint32_t i = 0; i < WAYS; i++) {
        struct net_neighbour *way = &ways[i];
        if (!way->is_taken) {
            place = way;
            break;
        }
        const bool is_in_use = way->used_ns && now_ns - way->used_ns < NET_REACHABLE_NS;
        if (!way->question && !is_in_use && (!place || goes_before(way, place)))
            place = way;
    }
    if (!place)
        return NULL;
    *place = (struct net_neighbour){.is_taken = true, .confirmed_ns = now_ns};
    memcpy(place->ip, ip, NET_IP_BYTES);
    return place;
}

static struct net_question *question_of(struct net_neighbours *neighbours,
                                        const struct net_neighbour *neighbour)
{
    return neighbour->question ? &neighbours->questions[neighbour->question - 1] : NULL;
}

/* Due at once. NULL if too many are asked already. */
static struct net_question *ask(struct net_neighbours *neighbours, struct net_neighbour *neighbour)
{
    for (uint32_t i = 0; i < NET_MAX_QUESTIONS; i++) {
        struct net_question *question = &neighbours->questions[i];
        if (question->about)
            continue;
        question->about = neighbour;
        question->tries = 0;
        question->held_count = 0;
        neighbour->question = (uint16_t)(i + 1);
        neighbours->question_count++;
        neighbours->next_ns = 0;
        return question;
    }
    return NULL;
}

static void hand_out(struct net_question *question, struct net_held *held)
{
    memcpy(held->items, question->held, question->held_count * sizeof(held->items[0]));
    held->count = question->held_count;
    question->held_count = 0;
}

static void settle(struct net_neighbours *neighbours, struct net_question *question,
                   struct net_held *held)
{
    hand_out(question, held);
    question->about->question = 0;
    question->about = NULL;
    neighbours->question_count--;
}

const uint8_t *net_neighbours_want(struct net_neighbours *neighbours, const uint8_t *ip,
                                   uint64_t now_ns)
{
    struct net_neighbour *neighbour = find(neighbours, ip);
    if (!neighbour || !neighbour->is_known)
        return NULL;
    neighbour->used_ns = now_ns ? now_ns : 1;
    if (!neighbour->question && now_ns - neighbour->confirmed_ns >= NET_REACHABLE_NS)
        ask(neighbours, neighbour);
    return neighbour->mac;
}

void *net_neighbours_hold(struct net_neighbours *neighbours, const uint8_t *ip, void *item,
                          uint64_t now_ns)
{
    struct net_neighbour *neighbour = find(neighbours, ip);
    if (!neighbour) {
        if (neighbours->question_count == NET_MAX_QUESTIONS)
            return item;
        neighbour = add(neighbours, ip, now_ns);
        if (!neighbour)
            return item;
    }
    struct net_question *question = question_of(neighbours, neighbour);
    if (!question)
        question = ask(neighbours, neighbour);
    if (!question)
        return item;
    void *dropped = NULL;
    if (question->held_count == NET_MAX_HELD) {
        dropped = question->held[0];
        question->held_count--;
        memmove(question->held, question->held + 1,
                question->held_count * sizeof(question->held[0]));
    }
    question->held[question->held_count++] = item;
    return dropped;
}

bool net_neighbours_learn(struct net_neighbours *neighbours, const struct net_lesson *lesson,
                          uint64_t now_ns, struct net_held *held)
{
    held->count = 0;
    struct net_neighbour *neighbour = find(neighbours, lesson->ip);
    if (!neighbour && lesson->can_add)
        neighbour = add(neighbours, lesson->ip, now_ns);
    if (!neighbour)
        return false;
    if (neighbour->is_known && !lesson->can_change &&
        memcmp(neighbour->mac, lesson->mac, NET_MAC_BYTES) != 0)
        return false;
    memcpy(neighbour->mac, lesson->mac, NET_MAC_BYTES);
    neighbour->is_known = true;
    neighbour->confirmed_ns = now_ns;
    struct net_question *question = question_of(neighbours, neighbour);
    if (question)
        settle(neighbours, question, held);
    return true;
}

bool net_neighbours_next(struct net_neighbours *neighbours, uint64_t now_ns, struct net_due *due,
                         struct net_held *held)
{
    held->count = 0;
    if (!neighbours->question_count || now_ns < neighbours->next_ns)
        return false;
    uint64_t next_ns = now_ns + NET_RETRY_NS;
    for (uint32_t i = 0; i < NET_MAX_QUESTIONS; i++) {
        struct net_question *question = &neighbours->questions[i];
        if (!question->about)
            continue;
        const uint64_t due_ns = question->tries ? question->asked_ns + NET_RETRY_NS : 0;
        if (now_ns < due_ns) {
            next_ns = due_ns < next_ns ? due_ns : next_ns;
            continue;
        }
        struct net_neighbour *about = question->about;
        if (question->tries == NET_MAX_TRIES) {
            settle(neighbours, question, held);
            *about = (struct net_neighbour){0};
            if (held->count)
                return false;
            continue;
        }
        /* Who is known is asked alone first; if it moved, everyone is. */
        *due = (struct net_due){about->ip, about->is_known && !question->tries ? about->mac : NULL};
        question->tries++;
        question->asked_ns = now_ns;
        return true;
    }
    neighbours->next_ns = next_ns;
    return false;
}

void net_neighbours_drain(struct net_neighbours *neighbours, struct net_held *held)
{
    held->count = 0;
    for (uint32_t i = 0; i < NET_MAX_QUESTIONS && held->count == 0; i++) {
        struct net_question *question = &neighbours->questions[i];
        if (!question->about)
            continue;
        struct net_neighbour *about = question->about;
        settle(neighbours, question, held);
        *about = (struct net_neighbour){0};
    }
}
