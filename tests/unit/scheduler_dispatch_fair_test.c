/* Virtual time, beside the same poured out in very small steps. */
#include "scheduler/dispatch/fair.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <math.h>

enum { PARTIES = 12 };

#define MS UINT64_C(1000000)
#define FOREVER (1000000 * MS)

struct subject {
    struct fair fair;
    struct fair_party parties[PARTIES];
    struct order_heap_node nodes[PARTIES];
    double wanted[PARTIES], ahead[PARTIES]; /* the plain books: ms that each wants, had too much */
};

static struct fair_book book_of(struct subject *subject)
{
    return (struct fair_book){subject->parties, subject->nodes};
}

/* A thousandth of a millisecond at a time, to all that want something, by weight. */
static void pour_slowly(struct subject *subject, double ms)
{
    for (double left = ms; left > 0; left -= 0.001) {
        double weights = 0;
        for (uint32_t i = 0; i < PARTIES; i++)
            weights += subject->wanted[i] > 0 ? subject->parties[i].weight : 0;
        for (uint32_t i = 0; i < PARTIES; i++) {
            const double part = weights > 0 ? 0.001 * subject->parties[i].weight / weights : 0;
            const double each = weights > 0 ? 0.001 / weights * subject->parties[i].weight : 0;
            subject->ahead[i] = weights > 0 ? subject->ahead[i] - each : 0;
            subject->ahead[i] = subject->ahead[i] > 0 ? subject->ahead[i] : 0;
            subject->wanted[i] = subject->wanted[i] > part ? subject->wanted[i] - part : 0;
        }
    }
}

static void who_is_ahead_by_how_much_is_as_in_small_steps(void)
{
    static struct subject subject;
    struct shm_random random = shm_random_start();
    subject.fair = fair_start();
    for (uint32_t i = 0; i < PARTIES; i++)
        subject.parties[i].weight = 1 + shm_random_below(&random, 4);
    for (uint32_t step = 0; step < 3000; step++) {
        const uint32_t at = shm_random_below(&random, PARTIES);
        const uint32_t ms = 1 + shm_random_below(&random, 8);
        switch (shm_random_below(&random, 3)) {
        case 0:
            fair_want(&subject.fair, book_of(&subject), at, ms * MS, FOREVER);
            subject.wanted[at] += ms;
            break;
        case 1:
            fair_charge(&subject.fair, book_of(&subject), at, ms * MS);
            subject.ahead[at] += ms;
            break;
        default: {
            uint64_t left = ms * MS;
            while (fair_pour(&subject.fair, book_of(&subject), &left) != FAIR_NONE)
                ;
            pour_slowly(&subject, ms);
        }
        }
        for (uint32_t i = 0; i < PARTIES; i++) {
            const struct fair_party *party = &subject.parties[i];
            const double tag = party->tag > subject.fair.now
                                   ? (double)(party->tag - subject.fair.now) / FAIR_UNIT / 1e6
                                   : 0;
            if (fabs(tag * party->weight - subject.ahead[i]) > 0.5)
                CU_FAIL_FATAL("a party is ahead by something else");
        }
    }
}

static void nobody_wants_more_than_it_could_get_in_time(void)
{
    struct subject subject = {.fair = fair_start(), .parties = {{.weight = 1}, {.weight = 3}}};
    fair_want(&subject.fair, book_of(&subject), 1, 100 * MS, 40 * MS);
    CU_ASSERT_EQUAL(subject.parties[1].wants, 40 * MS * FAIR_UNIT / 3);
    fair_want(&subject.fair, book_of(&subject), 0, 100 * MS, 40 * MS);
    CU_ASSERT_EQUAL(subject.parties[0].wants, 10 * MS * FAIR_UNIT);
}

static void work_that_nobody_wants_wipes_out_who_is_ahead(void)
{
    struct subject subject = {.fair = fair_start(), .parties = {{.weight = 1}, {.weight = 1}}};
    fair_charge(&subject.fair, book_of(&subject), 0, 100 * MS);
    fair_want(&subject.fair, book_of(&subject), 1, 2 * MS, FOREVER);
    uint64_t left = MS;
    CU_ASSERT_EQUAL(fair_pour(&subject.fair, book_of(&subject), &left), FAIR_NONE);
    CU_ASSERT_EQUAL(fair_turn_ns(&subject.fair, &subject.parties[0]), 2 * 99 * MS);
    left = 2 * MS;
    CU_ASSERT_EQUAL(fair_pour(&subject.fair, book_of(&subject), &left), 1);
    CU_ASSERT_EQUAL(left, MS);
    CU_ASSERT_EQUAL(fair_pour(&subject.fair, book_of(&subject), &left), 0);
    CU_ASSERT_EQUAL(fair_turn_ns(&subject.fair, &subject.parties[0]), 0);
}

const struct cunit_test tests[] = {
    {"who is ahead, by how much, is as in small steps",
     who_is_ahead_by_how_much_is_as_in_small_steps},
    {"nobody wants more than it could get in time", nobody_wants_more_than_it_could_get_in_time},
    {"work that nobody wants wipes out who is ahead",
     work_that_nobody_wants_wipes_out_who_is_ahead},
    {NULL, NULL},
};
