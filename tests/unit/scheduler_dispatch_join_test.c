/* Requests that join across cuts: each layer of the case takes 1 ms for a row, 2.5 for four. */
#include "tests/unit/dispatch_case.h"

#include <errno.h>

static struct dispatch *create(uint64_t max_run_ns, uint32_t workers)
{
    struct dispatch_config config = case_config();
    config.mode = DISPATCH_ACROSS;
    config.max_run_ns = max_run_ns;
    return case_create(&config, workers);
}

static void submit_at(struct dispatch *dispatch, uint32_t slot, uint16_t from, uint64_t now_ns,
                      uint64_t deadline_ns)
{
    struct dispatch_request request = case_request(slot, now_ns);
    request.from = from;
    request.deadline_ns = deadline_ns;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, now_ns), DISPATCH_QUEUED);
}

static void say_segment(struct dispatch *dispatch, const struct dispatch_action *run, uint32_t from,
                        uint32_t to, uint64_t started_ns, uint64_t ended_ns, uint64_t now_ns)
{
    CU_ASSERT_EQUAL(
        dispatch_segment(dispatch, 0, run->number, from, to, 1, started_ns, ended_ns, now_ns), 0);
}

static void those_further_on_enter_where_they_stand(void)
{
    struct dispatch *dispatch = create(0, 1);
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    submit_at(dispatch, 1, 2, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    submit_at(dispatch, 2, 1, CASE_NOW, CASE_NOW + 60 * CASE_MS);
    const struct dispatch_action action = case_run(dispatch, CASE_NOW, 3);
    CU_ASSERT_EQUAL(action.from, 0);
    CU_ASSERT_EQUAL(action.to, 3);
    CU_ASSERT_EQUAL(action.predicted_ns, 1000000 + 1500000 + 2000000); /* 1, 2, 3 rows */
    case_nothing(dispatch, CASE_NOW);
    struct dispatch_counts counts;
    dispatch_count(dispatch, &counts);
    CU_ASSERT_EQUAL(counts.joined_rows, 2);
    CU_ASSERT_EQUAL(counts.saved_ns, 6 * CASE_MS - 4500000);
    dispatch_destroy(dispatch);
}

/* It would be done after 1 + 1.5 ms. */
static void who_can_not_wait_for_the_others_does_not_enter(void)
{
    struct dispatch *dispatch = create(0, 2);
    submit_at(dispatch, 0, 2, CASE_NOW, CASE_NOW + 2 * CASE_MS);
    submit_at(dispatch, 1, 1, CASE_NOW, CASE_NOW + 9 * CASE_MS);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 1).rows[0].slot, 0);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 1).rows[0].slot, 1);
    dispatch_destroy(dispatch);
}

static void who_comes_while_it_runs_joins_at_a_cut_that_is_ahead(void)
{
    struct dispatch *dispatch = create(0, 1);
    struct dispatch_action action;
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    say_segment(dispatch, &run, 0, 2, CASE_NOW, 0, CASE_NOW);
    submit_at(dispatch, 1, 1, CASE_NOW + 1, CASE_NOW + 50 * CASE_MS); /* passed */
    case_nothing(dispatch, CASE_NOW + 1);
    submit_at(dispatch, 2, 2, CASE_NOW + 2, CASE_NOW + 50 * CASE_MS);
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, CASE_NOW + 2, &action));
    CU_ASSERT_EQUAL(action.kind, DISPATCH_JOIN);
    CU_ASSERT_EQUAL(action.number, run.number);
    CU_ASSERT_EQUAL(action.row_count, 1);
    CU_ASSERT_EQUAL(action.rows[0].slot, 2);
    CU_ASSERT_EQUAL(action.predicted_ns, 500000);
    case_nothing(dispatch, CASE_NOW + 2);
    dispatch_destroy(dispatch);
}

/* In the midst of a part too, if those who leave at its end have room. */
static void who_can_not_wait_is_put_before_what_runs(void)
{
    for (uint32_t has_room = 0; has_room < 2; has_room++) {
        struct dispatch *dispatch = create(CASE_MS, 1);
        submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + (has_room ? 5 : 3) * CASE_MS + 500000);
        const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
        say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
        say_segment(dispatch, &run, 0, 1, CASE_NOW, CASE_NOW + CASE_MS, CASE_NOW + CASE_MS);
        say_segment(dispatch, &run, 1, 3, CASE_NOW + CASE_MS, 0, CASE_NOW + CASE_MS);
        submit_at(dispatch, 1, 2, CASE_NOW + CASE_MS, CASE_NOW + 3500000);
        if (has_room) {
            const struct dispatch_action urgent = case_run(dispatch, CASE_NOW + CASE_MS, 1);
            CU_ASSERT(urgent.urgency > run.urgency);
            CU_ASSERT_EQUAL(urgent.rows[0].slot, 1);
        } else {
            case_nothing(dispatch, CASE_NOW + CASE_MS);
        }
        dispatch_destroy(dispatch);
    }
}

/* The second can not wait for the first, the third can for the second, but not for the first too,
 * nor enter it: it would be done at 4.5 ms. */
static void who_is_put_before_delays_what_runs_and_the_clock_knows(void)
{
    struct dispatch *dispatch = create(CASE_MS, 1);
    const uint64_t begins_ns = CASE_NOW + CASE_MS / 2, ends_ns = begins_ns + CASE_MS;
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
    submit_at(dispatch, 1, 2, begins_ns, CASE_NOW + 2500000);
    const struct dispatch_action urgent = case_run(dispatch, begins_ns, 1);
    CU_ASSERT_EQUAL(urgent.rows[0].slot, 1);
    say_segment(dispatch, &urgent, 2, 3, begins_ns, 0, begins_ns);
    submit_at(dispatch, 2, 2, begins_ns, CASE_NOW + 4200000);
    case_nothing(dispatch, begins_ns); /* others may come, who then go with it */
    say_segment(dispatch, &urgent, 2, 3, begins_ns, ends_ns, ends_ns);
    CU_ASSERT_TRUE(dispatch_row_done(dispatch, 0, urgent.number, 1, 0, true, ends_ns));
    CU_ASSERT_EQUAL(dispatch_run_done(dispatch, 0, urgent.number, CASE_MS, ends_ns), 0);
    const struct dispatch_action next = case_run(dispatch, ends_ns, 1);
    CU_ASSERT(next.urgency > run.urgency);
    CU_ASSERT_EQUAL(next.rows[0].slot, 2);
    struct dispatch_load load;
    dispatch_measure(dispatch, ends_ns, &load); /* 0.5 ms of the first layer were left, and two */
    CU_ASSERT_EQUAL(load.predicted_wait_ns, 500000 + 2 * CASE_MS + CASE_MS);
    dispatch_destroy(dispatch);
}

static void who_comes_between_two_parts_joins_when_the_second_begins(void)
{
    struct dispatch *dispatch = create(CASE_MS, 1);
    struct dispatch_action action;
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
    const uint64_t now_ns = CASE_NOW + CASE_MS;
    say_segment(dispatch, &run, 0, 1, CASE_NOW, now_ns, now_ns);
    submit_at(dispatch, 1, 2, now_ns, CASE_NOW + 50 * CASE_MS);
    case_nothing(dispatch, now_ns); /* nothing runs, as far as was said */
    say_segment(dispatch, &run, 1, 2, now_ns, 0, now_ns + 1);
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, now_ns + 1, &action));
    CU_ASSERT_EQUAL(action.kind, DISPATCH_JOIN);
    CU_ASSERT_EQUAL(action.rows[0].slot, 1);
    dispatch_destroy(dispatch);
}

/* Layers of 1 and 2 ms, whatever the batch. */
static struct dispatch *create_wide(void)
{
    static const uint32_t sizes[] = {1, 64};
    static const uint64_t ns[] = {3 * CASE_MS, 2 * CASE_MS, 0, 3 * CASE_MS, 2 * CASE_MS, 0};
    static const bool has_rows[] = {true, true, true};
    const struct dispatch_model facts = {.cut_count = 3,
                                         .max_batch = 64,
                                         .size_count = 2,
                                         .sizes = sizes,
                                         .remaining_ns = ns,
                                         .has_rows = has_rows};
    struct dispatch_config config = case_config();

    config.mode = DISPATCH_ACROSS;
    struct dispatch *dispatch;
    CU_ASSERT_EQUAL_FATAL(dispatch_create(&config, &dispatch), 0);
    CU_ASSERT_EQUAL_FATAL(dispatch_add_model(dispatch, 0, &facts), 0);
    dispatch_worker_has(dispatch, 0, 0);
    return dispatch;
}

/* Though all but one of them leave where it would enter. */
static void nobody_joins_so_many_that_were_not_answered(void)
{
    struct dispatch *dispatch = create_wide();
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct dispatch_request request = case_request(slot, CASE_NOW);
        request.rows = slot ? 63 : 1;
        request.to = slot ? 1 : 2;
        CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    }
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 64);
    say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
    struct dispatch_request request = case_request(2, CASE_NOW);
    request.from = 1;
    request.to = 2;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
    case_nothing(dispatch, CASE_NOW);
    const uint64_t now_ns = CASE_NOW + CASE_MS;
    say_segment(dispatch, &run, 0, 1, CASE_NOW, now_ns, now_ns);
    for (uint16_t row = 0; row < 63; row++)
        dispatch_row_done(dispatch, 0, run.number, 1, row, true, now_ns);
    say_segment(dispatch, &run, 1, 2, now_ns, 0, now_ns);
    case_nothing(dispatch, now_ns); /* the last layer runs: too late */
    dispatch_destroy(dispatch);
}

static void submit_of(struct dispatch *dispatch, uint8_t class_index, uint32_t slot, uint16_t from,
                      uint64_t deadline_ns)
{
    struct dispatch_request request = case_request(slot, CASE_NOW);
    request.class_index = class_index;
    request.from = from;
    request.deadline_ns = deadline_ns;
    CU_ASSERT_EQUAL(dispatch_submit(dispatch, &request, CASE_NOW), DISPATCH_QUEUED);
}

/* A patient one that is due now leads, and takes a hurried one along: others like it need not go
 * before them, and patient ones do not make it wait. */
static void a_path_is_in_the_hurry_of_its_most_hurried_row(void)
{
    struct dispatch *dispatch = create(0, 1);
    struct dispatch_action action;
    submit_of(dispatch, 1, 9, 0, DISPATCH_NO_DEADLINE); /* the class is patient */
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 9), 0);
    submit_of(dispatch, 1, 0, 0, CASE_NOW + 9 * CASE_MS);
    submit_of(dispatch, 0, 1, 1, CASE_NOW + 10 * CASE_MS);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 2);
    say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
    submit_of(dispatch, 1, 2, 1, DISPATCH_NO_DEADLINE);
    case_nothing(dispatch, CASE_NOW);
    submit_of(dispatch, 0, 3, 1, CASE_NOW + 20 * CASE_MS);
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, CASE_NOW, &action));
    CU_ASSERT_EQUAL(action.kind, DISPATCH_JOIN);
    CU_ASSERT_EQUAL(action.rows[0].slot, 3);
    dispatch_destroy(dispatch);
}

/* They come 0.2 ms apart, the last two 0.1: the mean is (7 x 0.2 + 0.1) / 8, and twice that after
 * the last the next is not waited for any more. A row costs 1.5 ms less in a batch. The patient one
 * that waits with them makes no difference. */
static void who_is_in_a_hurry_waits_for_its_like_before_it_goes_before(void)
{
    struct dispatch *dispatch = create(0, 1);
    const uint64_t second_ns = CASE_NOW + 200000, third_ns = CASE_NOW + 300000;
    const uint64_t ready_ns = third_ns + 2 * 187500;
    submit_of(dispatch, 1, 0, 0, DISPATCH_NO_DEADLINE);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    say_segment(dispatch, &run, 0, 3, CASE_NOW, 0, CASE_NOW);
    submit_of(dispatch, 1, 9, 0, DISPATCH_NO_DEADLINE);
    submit_at(dispatch, 1, 0, CASE_NOW, CASE_NOW + 20 * CASE_MS);
    CU_ASSERT_EQUAL(dispatch_cancel(dispatch, 1), 0);
    submit_at(dispatch, 2, 0, second_ns, CASE_NOW + 20 * CASE_MS);
    case_nothing(dispatch, second_ns);
    CU_ASSERT(dispatch_timeout_ns(dispatch) <= second_ns + 2 * 200000);
    submit_at(dispatch, 3, 0, third_ns, CASE_NOW + 20 * CASE_MS);
    case_nothing(dispatch, third_ns);
    CU_ASSERT(dispatch_timeout_ns(dispatch) <= ready_ns);
    case_nothing(dispatch, ready_ns - 1);
    const struct dispatch_action urgent = case_run(dispatch, ready_ns, 2);
    CU_ASSERT(urgent.urgency > run.urgency);
    CU_ASSERT_EQUAL(urgent.rows[0].slot, 2);
    CU_ASSERT_EQUAL(urgent.rows[1].slot, 3);
    dispatch_destroy(dispatch);
}

/* Of the 2.7 ms that are left after a pause, two rows have 1.35 each: one layer, not two. */
static void without_deadlines_who_gains_more_than_the_others_lose_goes_before(void)
{
    for (uint16_t from = 1; from <= 2; from++) {
        struct dispatch *dispatch = create(0, 1);
        struct dispatch_action action;
        submit_at(dispatch, 0, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
        const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
        say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
        submit_at(dispatch, 1, from, CASE_NOW, DISPATCH_NO_DEADLINE);
        CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, CASE_NOW, &action));
        CU_ASSERT_EQUAL(action.kind, from == 1 ? DISPATCH_JOIN : DISPATCH_RUN);
        CU_ASSERT(from == 1 || action.urgency > run.urgency);
        dispatch_destroy(dispatch);
    }
}

static void with_a_deadline_nobody_is_passed_by_one_without(void)
{
    struct dispatch *dispatch = create(0, 1);
    struct dispatch_action action;
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 900 * CASE_MS);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
    submit_at(dispatch, 1, 2, CASE_NOW, DISPATCH_NO_DEADLINE);
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, CASE_NOW, &action));
    CU_ASSERT_EQUAL(action.kind, DISPATCH_JOIN);
    dispatch_destroy(dispatch);
}

/* The patience is a second: it is as if the first had a deadline then. */
static void who_has_waited_for_long_is_not_passed(void)
{
    struct dispatch *dispatch = create(0, 1);
    struct dispatch_action action;
    const uint64_t now_ns = CASE_NOW + 1000 * CASE_MS;
    submit_at(dispatch, 0, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
    const struct dispatch_action run = case_run(dispatch, now_ns, 1);
    say_segment(dispatch, &run, 0, 1, now_ns, 0, now_ns);
    submit_at(dispatch, 1, 2, now_ns, DISPATCH_NO_DEADLINE);
    CU_ASSERT_TRUE_FATAL(dispatch_next(dispatch, now_ns, &action));
    CU_ASSERT_EQUAL(action.kind, DISPATCH_JOIN);
    dispatch_destroy(dispatch);
}

/* It leaves 0.5 ms, and the other would need 1. */
static void nobody_is_put_before_what_would_then_be_late(void)
{
    struct dispatch *dispatch = create(CASE_MS, 1);
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 3500000);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    say_segment(dispatch, &run, 0, 1, CASE_NOW, 0, CASE_NOW);
    submit_at(dispatch, 1, 2, CASE_NOW + 1, CASE_NOW + 2500000);
    case_nothing(dispatch, CASE_NOW + 1);
    dispatch_destroy(dispatch);
}

static void a_path_stops_where_it_would_run_for_long(void)
{
    struct dispatch *dispatch = create(CASE_MS, 2);
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 1).stops[0], 2 | 4); /* cuts 1 and 2 */
    dispatch_destroy(dispatch);
    dispatch = create(2 * CASE_MS, 1);
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 1).stops[0], 4);
    dispatch_destroy(dispatch);
    dispatch = create(0, 1);
    submit_at(dispatch, 0, 0, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    CU_ASSERT_EQUAL(case_run(dispatch, CASE_NOW, 1).stops[0], 0);
    dispatch_destroy(dispatch);
}

static void words_about_parts_are_checked(void)
{
    struct dispatch *dispatch = create(0, 1);
    submit_at(dispatch, 0, 1, CASE_NOW, CASE_NOW + 50 * CASE_MS);
    const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
    const uint32_t number = run.number;
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number + 1, 1, 2, 1, 1, 0, CASE_NOW), -ENOENT);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 9, number, 1, 2, 1, 1, 0, CASE_NOW), -ENOENT);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number, 2, 2, 1, 1, 0, CASE_NOW), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number, 0, 2, 1, 1, 0, CASE_NOW), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number, 1, 4, 1, 1, 0, CASE_NOW), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number, 1, 2, 0, 1, 0, CASE_NOW), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number, 1, 2, 65, 1, 0, CASE_NOW), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number, 1, 3, 5, 1, 0, CASE_NOW), -EINVAL);
    CU_ASSERT_EQUAL(dispatch_segment(dispatch, 0, number, 1, 3, 4, 1, 2, CASE_NOW), 0);
    dispatch_destroy(dispatch);
}

static void measured_over_predicted_is_counted(void)
{
    struct dispatch *dispatch = create(0, 1);
    const uint64_t took_ns[] = {3 * CASE_MS, 300 * CASE_MS};
    for (uint32_t i = 0; i < 2; i++) {
        submit_at(dispatch, 0, 0, CASE_NOW, DISPATCH_NO_DEADLINE);
        const struct dispatch_action run = case_run(dispatch, CASE_NOW, 1);
        case_done(dispatch, &run, took_ns[i], CASE_NOW);
    }
    struct dispatch_counts counts;
    dispatch_count(dispatch, &counts);
    CU_ASSERT_EQUAL(counts.runs, 2);
    CU_ASSERT_EQUAL(counts.ratio[7], 1); /* 1 is under 1.05, and no less than 1 */
    CU_ASSERT_EQUAL(counts.ratio[DISPATCH_RATIOS - 1], 1);
    CU_ASSERT(dispatch_ratio_bound(6) <= 1 && dispatch_ratio_bound(7) > 1);
    CU_ASSERT(dispatch_ratio_bound(DISPATCH_RATIOS - 1) > 1e300);
    dispatch_destroy(dispatch);
}

const struct cunit_test tests[] = {
    {"those further on enter where they stand", those_further_on_enter_where_they_stand},
    {"who can not wait for the others does not enter",
     who_can_not_wait_for_the_others_does_not_enter},
    {"who comes while it runs joins at a cut that is ahead",
     who_comes_while_it_runs_joins_at_a_cut_that_is_ahead},
    {"who can not wait is put before what runs", who_can_not_wait_is_put_before_what_runs},
    {"who is put before delays what runs, and the clock knows",
     who_is_put_before_delays_what_runs_and_the_clock_knows},
    {"who comes between two parts joins when the second begins",
     who_comes_between_two_parts_joins_when_the_second_begins},
    {"nobody joins so many that were not answered", nobody_joins_so_many_that_were_not_answered},
    {"a path is in the hurry of its most hurried row",
     a_path_is_in_the_hurry_of_its_most_hurried_row},
    {"who is in a hurry waits for its like before it goes before",
     who_is_in_a_hurry_waits_for_its_like_before_it_goes_before},
    {"without deadlines who gains more than the others lose goes before",
     without_deadlines_who_gains_more_than_the_others_lose_goes_before},
    {"with a deadline nobody is passed by one without",
     with_a_deadline_nobody_is_passed_by_one_without},
    {"who has waited for long is not passed", who_has_waited_for_long_is_not_passed},
    {"nobody is put before what would then be late", nobody_is_put_before_what_would_then_be_late},
    {"a path stops where it would run for long", a_path_stops_where_it_would_run_for_long},
    {"words about parts are checked", words_about_parts_are_checked},
    {"measured over predicted is counted", measured_over_predicted_is_counted},
    {NULL, NULL},
};
