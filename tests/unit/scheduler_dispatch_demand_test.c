/* What waits in the order of service, beside plain sums over an array. */
#include "scheduler/dispatch/demand.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <stdbool.h>

enum {
    ITEMS = 150,
    STEPS = 60000,
};

struct subject {
    struct demand demand;
    bool is_in[ITEMS];
    struct demand_work works[ITEMS];
    uint64_t next_tie;
};

static bool is_before(const struct demand_work *a, const struct demand_work *b)
{
    return a->order != b->order ? a->order < b->order : a->tie < b->tie;
}

/* The costs of those that are served up to and with this one. */
static int64_t until_ns(const struct subject *subject, const struct demand_work *work)
{
    int64_t sum_ns = 0;
    for (uint32_t i = 0; i < ITEMS; i++)
        if (subject->is_in[i] && !is_before(work, &subject->works[i]))
            sum_ns += subject->works[i].cost_ns / subject->demand.workers;
    return sum_ns;
}

static void look(const struct subject *subject, uint64_t order)
{
    const struct demand_work newcomer = {.order = order, .tie = UINT64_MAX};
    const struct demand_view view = demand_look(&subject->demand, order);
    int64_t room_ns = INT64_MAX;
    bool has_behind = false;
    for (uint32_t i = 0; i < ITEMS; i++) {
        const struct demand_work *work = &subject->works[i];
        if (!subject->is_in[i] || is_before(work, &newcomer))
            continue;
        has_behind = true;
        const int64_t ns = work->limit_ns - until_ns(subject, work);
        room_ns = ns < room_ns ? ns : room_ns;
    }
    CU_ASSERT_EQUAL(view.before_ns, until_ns(subject, &newcomer));
    if (has_behind)
        CU_ASSERT_EQUAL(view.room_ns, room_ns)
    else
        CU_ASSERT_TRUE(view.room_ns > DEMAND_NO_LIMIT);
}

static void add_or_remove(struct subject *subject, struct shm_random *random)
{
    const uint32_t item = shm_random_below(random, ITEMS);
    if (subject->is_in[item]) {
        demand_remove(&subject->demand, item);
    } else {
        const bool has_limit = shm_random_below(random, 4);
        subject->works[item] = (struct demand_work){
            .order = shm_random_below(random, 200),
            .tie = subject->next_tie++,
            .cost_ns = shm_random_below(random, 1000),
            .limit_ns = has_limit ? shm_random_below(random, 100000) : DEMAND_NO_LIMIT};
        demand_add(&subject->demand, item, &subject->works[item]);
    }
    subject->is_in[item] = !subject->is_in[item];
}

static void sums_and_room_are_those_of_a_plain_search(void)
{
    static struct subject subject;
    struct shm_random random = shm_random_start();
    CU_ASSERT_EQUAL_FATAL(demand_init(&subject.demand, ITEMS), 0);
    for (uint32_t i = 0; i < STEPS; i++) {
        add_or_remove(&subject, &random);
        if (shm_random_below(&random, 500) == 0)
            demand_set_workers(&subject.demand, 1 + shm_random_below(&random, 5));
        if (i % 8 == 0)
            look(&subject, shm_random_below(&random, 220));
    }
    const struct demand_work last = {.order = UINT64_MAX, .tie = UINT64_MAX};
    CU_ASSERT_EQUAL(demand_total_ns(&subject.demand), until_ns(&subject, &last));
    demand_fini(&subject.demand);
}

static void nothing_waits_and_there_is_any_room(void)
{
    struct demand demand;
    CU_ASSERT_EQUAL_FATAL(demand_init(&demand, 1), 0);
    const struct demand_view view = demand_look(&demand, 7);
    CU_ASSERT_EQUAL(view.before_ns, 0);
    CU_ASSERT_TRUE(view.room_ns > DEMAND_NO_LIMIT);
    demand_fini(&demand);
}

static void one_of_the_same_order_comes_after(void)
{
    struct demand demand;
    CU_ASSERT_EQUAL_FATAL(demand_init(&demand, 4), 0);
    const struct demand_work work = {.order = 7, .cost_ns = 10, .limit_ns = 15};
    demand_add(&demand, 0, &work);
    CU_ASSERT_EQUAL(demand_look(&demand, 7).before_ns, 10);
    CU_ASSERT_EQUAL(demand_look(&demand, 6).before_ns, 0);
    CU_ASSERT_EQUAL(demand_look(&demand, 6).room_ns, 5);
    demand_set_workers(&demand, 2);
    CU_ASSERT_EQUAL(demand_look(&demand, 6).room_ns, 10);
    demand_fini(&demand);
    demand_fini(NULL);
}

const struct cunit_test tests[] = {
    {"sums and room are those of a plain search", sums_and_room_are_those_of_a_plain_search},
    {"nothing waits, and there is any room", nothing_waits_and_there_is_any_room},
    {"one of the same order comes after", one_of_the_same_order_comes_after},
    {NULL, NULL},
};
