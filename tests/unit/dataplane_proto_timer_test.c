/* Tests of dataplane/proto/timer.c against a search through all timers. */
#include "dataplane/proto/timer.h"
#include "tests/unit/canvas.h"
#include "tests/unit/cunit_main.h"

#include <stdio.h>

#define TIMERS 50
#define TICK (UINT64_C(1) << JTP_TICK_BITS)

/* Fires all that are due; each must be due, and none left that was due a tick ago. */
static void expire(struct jtp_wheel *wheel, struct jtp_timer *timers, uint64_t now_ns,
                   uint64_t seed)
{
    struct jtp_timer *timer;
    bool is_right = true;
    while ((timer = jtp_wheel_expire(wheel, now_ns)))
        is_right &= timer->due_ns <= now_ns && !jtp_timer_is_set(timer);
    uint64_t first_ns = UINT64_MAX;
    for (int i = 0; i < TIMERS; i++)
        if (jtp_timer_is_set(&timers[i]) && timers[i].due_ns < first_ns)
            first_ns = timers[i].due_ns;
    is_right &= first_ns == UINT64_MAX || first_ns + TICK > now_ns;
    uint64_t next_ns = jtp_wheel_next_ns(wheel);
    is_right &= first_ns == UINT64_MAX ? next_ns == UINT64_MAX : next_ns < first_ns + TICK;
    is_right &= next_ns > now_ns;
    CU_ASSERT(is_right);
    if (!is_right)
        printf("seed %llu\n", (unsigned long long)seed);
}

static void fires_each_when_due(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t state = seed;
        /* Starts near where low and middle levels turn over, too. */
        uint64_t now_ns = seed % 3 == 0 ? seed * 7919 : (UINT64_C(1) << (20 + seed % 40)) - 1000000;
        struct jtp_wheel *wheel = calloc(1, sizeof(*wheel));
        struct jtp_timer timers[TIMERS] = {{0}};
        jtp_wheel_init(wheel, now_ns);
        for (int step = 0; step < 500; step++) {
            struct jtp_timer *timer = &timers[canvas_random(&state) % TIMERS];
            uint64_t ahead_ns = (uint64_t)canvas_random(&state) << canvas_random(&state) % 16;
            if (canvas_random(&state) % 4 == 0)
                jtp_wheel_cancel(wheel, timer);
            else
                jtp_wheel_set(wheel, timer, now_ns + ahead_ns);
            if (canvas_random(&state) % 3 == 0)
                now_ns += (uint64_t)canvas_random(&state) << canvas_random(&state) % 12;
            expire(wheel, timers, now_ns, seed);
        }
        free(wheel);
    }
}

static void a_timer_that_is_late_already_fires_at_once(void)
{
    struct jtp_wheel *wheel = calloc(1, sizeof(*wheel));
    struct jtp_timer timer = {0}, far = {0};
    jtp_wheel_init(wheel, 1000 * TICK);
    jtp_wheel_set(wheel, &timer, 5);
    jtp_wheel_set(wheel, &far, UINT64_MAX);
    CU_ASSERT(jtp_wheel_next_ns(wheel) <= 1000 * TICK);
    CU_ASSERT_PTR_EQUAL(jtp_wheel_expire(wheel, 1000 * TICK), &timer);
    CU_ASSERT_PTR_NULL(jtp_wheel_expire(wheel, UINT64_MAX / 2));
    CU_ASSERT(jtp_timer_is_set(&far));
    jtp_wheel_cancel(wheel, &far);
    jtp_wheel_cancel(wheel, &far);
    CU_ASSERT_EQUAL(jtp_wheel_next_ns(wheel), UINT64_MAX);
    free(wheel);
}

const struct cunit_test tests[] = {
    {"each timer fires when it is due, never early, within a tick", fires_each_when_due},
    {"a timer that is late already fires at once", a_timer_that_is_late_already_fires_at_once},
    {NULL, NULL},
};
