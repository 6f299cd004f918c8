/* Tests of scheduler/plan/front.c: Pareto fronts, against comparing each with each. */
#include "scheduler/plan/front.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/split_case.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    SEED = 5,
    MOST = 3000,
};

static int add(struct split_front *front, const struct split_label *label)
{
    int err = split_front_reserve(front);
    if (!err)
        front->labels[front->count++] = *label;
    return err;
}

static bool is_as_good(const struct split_label *a, const struct split_label *b)
{
    return a->key <= b->key && a->uses[0] <= b->uses[0] && a->uses[1] <= b->uses[1];
}

static bool is_equal(const struct split_label *a, const struct split_label *b)
{
    return is_as_good(a, b) && is_as_good(b, a);
}

/* Labels with many equal numbers (range small) or few; in runs, as arcs bring them. */
static void draw(struct split_label *labels, uint32_t count, unsigned use_count, uint32_t range,
                 struct split_random *random)
{
    double key = 0;
    for (uint32_t i = 0; i < count; i++) {
        key = split_random_below(random, 8) ? key + split_random_below(random, 3) : 0;
        labels[i] = (struct split_label){.cost = key, .key = key, .arc = i};
        for (unsigned k = 0; k < use_count; k++)
            labels[i].uses[k] = split_random_below(random, range);
    }
}

/* Every label has one in the front that is as good, and no two of the front are comparable. */
static void check(const struct split_front *front, const struct split_label *labels, uint32_t count)
{
    uint32_t missing = 0, comparable = 0, unsorted = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_covered = false;
        for (size_t k = 0; !is_covered && k < front->count; k++)
            is_covered = is_as_good(&front->labels[k], &labels[i]);
        missing += !is_covered;
    }
    for (size_t i = 0; i < front->count; i++) {
        for (size_t k = 0; k < front->count; k++)
            comparable += i != k && is_as_good(&front->labels[i], &front->labels[k]);
        unsorted += i && front->labels[i].key < front->labels[i - 1].key;
        CU_ASSERT_FATAL(front->labels[i].arc < count);
        CU_ASSERT(is_equal(&front->labels[i], &labels[front->labels[i].arc]));
    }
    CU_ASSERT_EQUAL(missing, 0);
    CU_ASSERT_EQUAL(comparable, 0);
    CU_ASSERT_EQUAL(unsorted, 0);
}

static void keeps_the_front(void)
{
    static struct split_label labels[MOST];
    struct split_random random = {SEED};
    size_t bytes_left = 1 << 24;
    struct split_front front;
    split_front_init(&front, &bytes_left);
    printf("seed %d ", SEED);
    for (int round = 0; round < 200; round++) {
        unsigned use_count = (unsigned)round % 3;
        uint32_t count = split_random_below(&random, round < 100 ? 40 : MOST);
        draw(labels, count, use_count, round % 2 ? 10 : 1000000, &random);
        split_front_clear(&front, use_count);
        for (uint32_t i = 0; i < count; i++)
            CU_ASSERT_EQUAL_FATAL(add(&front, &labels[i]), 0);
        split_front_compact(&front);
        check(&front, labels, count);
    }
    split_front_fini(&front);
    split_front_fini(&front);
    split_front_fini(NULL);
}

static void memory_has_a_limit(void)
{
    size_t bytes_left = 100000;
    struct split_front front;
    int err = 0;
    uint32_t count = 0;
    split_front_init(&front, &bytes_left);
    split_front_clear(&front, 1);
    for (; !err && count < 100000; count++) /* none as good as another: none can be dropped */
        err = add(&front, &(struct split_label){.key = count, .uses = {-1.0 * count}});
    CU_ASSERT_EQUAL(err, -E2BIG);
    CU_ASSERT(count > 256);
    split_front_clear(&front, 1);
    err = 0;
    for (count = 0; !err && count < 100000; count++) /* all but one are dropped on the way */
        err = add(&front, &(struct split_label){.key = count, .uses = {count}});
    CU_ASSERT_EQUAL(err, 0);
    split_front_fini(&front);
}

const struct cunit_test tests[] = {
    {"what is kept covers all, and no two of it are comparable", keeps_the_front},
    {"memory has a limit, and what is dominated does not count against it", memory_has_a_limit},
    {NULL, NULL},
};
