/* A server in virtual time whose requests join across cuts: is what is done what the rules say? */
#include "tests/property/dispatch_paths.h"

#include <stdio.h>
#include <string.h>

#define FAR_NS UINT64_C(1000000000000)

static bool has_row(const struct dispatch_action *action, const struct dispatch_row *row)
{
    for (uint32_t i = 0; i < action->row_count; i++)
        if (action->rows[i].slot == row->slot && action->rows[i].row == row->row)
            return true;
    return false;
}

/* Rows may be said in any order. */
static bool is_same(const struct dispatch_action *a, const struct dispatch_action *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == DISPATCH_DROP)
        return a->slot == b->slot;
    if (a->worker != b->worker || a->model != b->model || a->from != b->from || a->to != b->to ||
        a->row_count != b->row_count || (a->kind == DISPATCH_JOIN && a->number != b->number) ||
        (a->kind == DISPATCH_RUN && a->urgency != b->urgency) ||
        memcmp(a->stops, b->stops, sizeof(a->stops)) != 0)
        return false;
    for (uint32_t i = 0; i < a->row_count; i++)
        if (!has_row(b, &a->rows[i]))
            return false;
    return true;
}

static void tell(const char *who, const struct dispatch_action *action)
{
    static const char *const kinds[] = {"RUN", "JOIN", "DROP"};
    printf("\n    %s: ", who);
    if (!action) {
        printf("nothing");
        return;
    }
    printf("%s", kinds[action->kind]);
    if (action->kind == DISPATCH_DROP) {
        printf(" %u", action->slot);
        return;
    }
    printf(" on worker %u, number %u, model %u, cuts %u to %u, urgency %u, stops %llx, rows",
           action->worker, action->number, action->model, action->from, action->to, action->urgency,
           (unsigned long long)action->stops[0]);
    for (uint32_t i = 0; i < action->row_count; i++)
        printf(" %u.%u", action->rows[i].slot, action->rows[i].row);
}

void paths_compare(struct paths *paths, const struct dispatch_action *action)
{
    struct dispatch_action expected;
    if (!paths->has_reference || paths->wrong)
        return;
    const bool is_any = reference_choose(&paths->reference, paths->now_ns, &expected) ||
                        reference_join(&paths->reference, paths->now_ns, &expected);
    if (is_any == !action || (action && !is_same(action, &expected))) {
        tell("is done", action);
        tell("is to be", is_any ? &expected : NULL);
        paths_expect(paths, false, "what is done is what is to be");
        return;
    }
    if (action) {
        paths->compared_count++;
        reference_apply(&paths->reference, action, paths->now_ns);
    }
}

void paths_check_timeout(struct paths *paths)
{
    struct dispatch_action ignored;
    const uint64_t timeout_ns = dispatch_timeout_ns(paths->dispatch);
    paths_expect(paths, timeout_ns > paths->now_ns, "after a turn there is nothing to be done now");
    if (!paths->has_reference || paths->wrong)
        return;
    const uint64_t before_ns = timeout_ns == UINT64_MAX ? paths->now_ns + FAR_NS : timeout_ns - 1;
    paths_expect(paths, !reference_choose(&paths->reference, before_ns, &ignored),
                 "no timeout is late");
    for (uint32_t i = 0; i < REFERENCE_MODELS; i++) {
        const uint64_t look_at_ns = paths->reference.models[i].look_at_ns;
        paths_expect(paths, !look_at_ns || timeout_ns <= look_at_ns,
                     "no timeout is late for those that wait for their like");
    }
}
