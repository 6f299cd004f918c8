/* What must hold of admission, shares and credits, in worlds in virtual time. */
#include "tests/property/admission_measures.h"
#include "tests/unit/cunit_main.h"

#define SECOND UINT64_C(1000000000)

/* SEED in the environment; each test has worlds of its own. */
static struct admission_case case_of(enum dispatch_mode mode, uint32_t cut)
{
    struct shm_random random = shm_random_start();
    return (struct admission_case){.mode = mode,
                                   .workers = 1,
                                   .cut_count = 1,
                                   .cuts = {cut},
                                   .warm_ns = 3 * SECOND,
                                   .measured_ns = 15 * SECOND,
                                   .uses_credits = true,
                                   .seed = shm_random_next(&random)};
}

/* The bounds are wider than what the benchmark prints: a run is short. */
static void who_is_let_in_is_in_time_and_overload_costs_nothing(void)
{
    static const enum dispatch_mode modes[] = {DISPATCH_PER_CUT, DISPATCH_ACROSS};
    static const double loads[] = {0.7, 1, 1.5, 2, 10};
    for (uint32_t mode = 0; mode < 2; mode++) {
        const struct admission_case of = case_of(modes[mode], 3);
        struct admission_result results[5];
        double peak = 0;
        for (uint32_t i = 0; i < 5; i++) {
            CU_ASSERT_EQUAL_FATAL(admission_measure_load(&of, loads[i], &results[i]), 0);
            CU_ASSERT_TRUE(results[i].missed < 0.01);
            peak = results[i].goodput > peak ? results[i].goodput : peak;
        }
        CU_ASSERT_TRUE(results[3].goodput > 0.93 * peak);
        CU_ASSERT_TRUE(results[4].goodput > 0.93 * peak);
    }
}

/* A short way is as good as none; after a long one a third may have come in vain at worst, where
 * all ten times as many would have without being asked. */
static void who_is_asked_before_its_tensor_comes_comes_seldom_in_vain(void)
{
    static const double loads[] = {0.7, 1.5, 2, 10};
    for (uint32_t i = 0; i < 4; i++) {
        struct admission_case of = case_of(DISPATCH_ACROSS, 0);
        struct admission_result here, near, far;
        CU_ASSERT_EQUAL_FATAL(admission_measure_load(&of, loads[i], &here), 0);
        of.transfer_ns = 5000000;
        CU_ASSERT_EQUAL_FATAL(admission_measure_load(&of, loads[i], &near), 0);
        of.transfer_ns = 100000000;
        CU_ASSERT_EQUAL_FATAL(admission_measure_load(&of, loads[i], &far), 0);
        CU_ASSERT_TRUE(near.goodput > 0.92 * here.goodput);
        CU_ASSERT_TRUE(near.in_vain < 0.1);
        CU_ASSERT_TRUE(near.missed < 0.01);
        CU_ASSERT_TRUE(far.goodput > 0.8 * here.goodput);
        CU_ASSERT_TRUE(far.in_vain < 1.5);
        CU_ASSERT_TRUE(far.missed < 0.01);
    }
}

static void ten_clients_share_alike_though_their_tensors_take_long(void)
{
    struct admission_case of = case_of(DISPATCH_ACROSS, 3);
    of.measured_ns = 30 * SECOND;
    for (of.transfer_ns = 1000000; of.transfer_ns <= 100000000; of.transfer_ns *= 10) {
        double jain;
        CU_ASSERT_EQUAL_FATAL(admission_measure_fairness(&of, 4, &jain), 0);
        CU_ASSERT_TRUE(jain > 0.93);
    }
}

static void ten_clients_have_the_same_though_one_offers_ten_times_as_much(void)
{
    static const enum dispatch_mode modes[] = {DISPATCH_PER_CUT, DISPATCH_ACROSS};
    for (uint32_t mode = 0; mode < 2; mode++)
        for (double load = 2; load < 9; load *= 2) {
            const struct admission_case of = case_of(modes[mode], 3);
            double jain;
            CU_ASSERT_EQUAL_FATAL(admission_measure_fairness(&of, load, &jain), 0);
            CU_ASSERT_TRUE(jain > 0.95);
        }
}

static void no_class_starves_and_weights_hold_where_deadlines_are_alike(void)
{
    const struct admission_case of = case_of(DISPATCH_PER_CUT, 3);
    double part;
    CU_ASSERT_EQUAL_FATAL(admission_measure_weights(&of, 4, &part), 0);
    CU_ASSERT_TRUE(part > 0.84 && part < 0.94);
    CU_ASSERT_EQUAL_FATAL(admission_measure_weights(&of, 20, &part), 0);
    CU_ASSERT_TRUE(part > 0.8 && part < 0.97);
    CU_ASSERT_EQUAL_FATAL(admission_measure_weights(&of, 0, &part), 0);
    CU_ASSERT_TRUE(part > 0.8 && part < 0.97);
}

static void a_flood_without_deadlines_takes_nothing_from_those_who_have_one(void)
{
    const struct admission_case of = case_of(DISPATCH_PER_CUT, 3);
    double p99_ms, in_time;
    CU_ASSERT_EQUAL_FATAL(admission_measure_flood(&of, 0.3, 3, 0, &p99_ms, &in_time), 0);
    CU_ASSERT_TRUE(in_time > 0.98);
}

/* One by one they would take the time of all four. */
static void those_in_a_hurry_batch_before_a_flood_as_they_do_alone(void)
{
    struct admission_case of = case_of(DISPATCH_ACROSS, 3);
    double alone_ms, beside_ms, in_time;
    of.workers = 4;
    CU_ASSERT_EQUAL_FATAL(admission_measure_flood(&of, 0.3, 0, 0, &alone_ms, &in_time), 0);
    CU_ASSERT_EQUAL_FATAL(admission_measure_flood(&of, 0.3, 3, 0, &beside_ms, &in_time), 0);
    CU_ASSERT_TRUE(in_time > 0.95); /* measured 1.00; and 0.74 one by one */
    CU_ASSERT_TRUE(beside_ms < 1.2 * alone_ms);
}

/* Let in up to their own deadlines, the patient would all become urgent in the end. */
static void a_flood_of_the_patient_leaves_the_hurried_most_of_their_room(void)
{
    static const double floods[] = {1, 2, 3};
    for (uint32_t i = 0; i < 3; i++) {
        struct admission_case of = case_of(DISPATCH_ACROSS, 0);
        double p99_ms, in_time;
        for (of.cut_count = 0; of.cut_count < 4; of.cut_count++)
            of.cuts[of.cut_count] = of.cut_count;
        CU_ASSERT_EQUAL_FATAL(admission_measure_flood(&of, 0.2, floods[i], 100, &p99_ms, &in_time),
                              0);
        CU_ASSERT_TRUE(in_time > 0.65); /* measured 0.73 to 0.89; and 0.42 to 0.57 otherwise */
    }
}

static void after_a_step_the_slowest_are_in_time_at_once(void)
{
    const struct admission_case of = case_of(DISPATCH_ACROSS, 3);
    double p99_ms[ADMISSION_STEP_BINS];
    CU_ASSERT_EQUAL_FATAL(admission_measure_step(&of, p99_ms), 0);
    for (uint32_t i = 0; i < ADMISSION_STEP_BINS; i++)
        CU_ASSERT_TRUE(p99_ms[i] < 1.1 * 4 * admission_alone_ns(3) / ADMISSION_MS);
}

/* Without deadlines nothing but credits and the queue's bound holds anybody back. */
static void credits_bound_what_is_open_and_come_back(void)
{
    static struct admission_world world;
    const struct dispatch_class classes[] = {{1, ADMISSION_SLOTS, UINT64_MAX}};
    struct dispatch_config config = admission_config(1, classes, 1);
    config.target_delay_ns = 50000000;
    CU_ASSERT_EQUAL_FATAL(admission_world_init(&world, &config, 16, 100000), 0);
    world.uses_credits = true;
    struct admission_source source = {
        .client_count = 10, .load = 3, .cut_count = 1, .cuts = {3}}; /* no deadline */
    admission_world_offer(&world, 0, &source);
    admission_world_run(&world, world.now_ns + 3 * SECOND);
    admission_world_clear(&world);
    for (uint32_t i = 0; i < 100; i++) {
        admission_world_run(&world, world.now_ns + SECOND / 50);
        struct dispatch_load load;
        dispatch_measure(world.dispatch, world.now_ns, &load);
        CU_ASSERT_TRUE(load.queued + load.running < 80);
        CU_ASSERT_TRUE(dispatch_credits(world.dispatch) >= 1);
        CU_ASSERT_TRUE(dispatch_credits(world.dispatch) <= 8);
    }
    CU_ASSERT_TRUE(world.classes[0].over_credit > world.classes[0].admitted / 2);
    CU_ASSERT_TRUE(world.classes[0].in_time > 600); /* and the worker was busy */
    source.load = 0.3;
    admission_world_offer(&world, 0, &source);
    admission_world_run(&world, world.now_ns + 3 * SECOND);
    CU_ASSERT_EQUAL(dispatch_credits(world.dispatch), 0); /* as many as they like */
    admission_world_fini(&world);
}

const struct cunit_test tests[] = {
    {"who is let in is in time, and overload costs nothing",
     who_is_let_in_is_in_time_and_overload_costs_nothing},
    {"who is asked before its tensor comes comes seldom in vain",
     who_is_asked_before_its_tensor_comes_comes_seldom_in_vain},
    {"ten clients share alike though their tensors take long",
     ten_clients_share_alike_though_their_tensors_take_long},
    {"ten clients have the same though one offers ten times as much",
     ten_clients_have_the_same_though_one_offers_ten_times_as_much},
    {"no class starves, and weights hold where deadlines are alike",
     no_class_starves_and_weights_hold_where_deadlines_are_alike},
    {"a flood without deadlines takes nothing from those who have one",
     a_flood_without_deadlines_takes_nothing_from_those_who_have_one},
    {"those in a hurry batch before a flood as they do alone",
     those_in_a_hurry_batch_before_a_flood_as_they_do_alone},
    {"a flood of the patient leaves the hurried most of their room",
     a_flood_of_the_patient_leaves_the_hurried_most_of_their_room},
    {"after a step the slowest are in time at once", after_a_step_the_slowest_are_in_time_at_once},
    {"credits bound what is open, and come back", credits_bound_what_is_open_and_come_back},
    {NULL, NULL},
};
