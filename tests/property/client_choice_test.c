/* Where a client with a device's profile runs its calls, as the server's load, credits and word
 * change; and that it can say why. */
#include "tests/property/client_case.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define STEP_MS 20.0 /* of the device that the profile is of, between two cuts */
#define STEP_MJ 7.0

/* A client of the case's server whose device is slow, by its profile. */
struct phone {
    struct client_case subject;
    struct joint *joint;
    char profile[80];
    uint32_t last_cut;
};

static bool write_profile(const struct phone *phone)
{
    FILE *file = fopen(phone->profile, "w");
    if (!file)
        return false;
    fprintf(file, "{\"schema\":\"joint.profile/1\",\"input_bytes\":4096,\"layers\":[");
    for (uint32_t k = 0; k < phone->last_cut; k++)
        fprintf(file, "%s{\"output_bytes\":400,\"mobile_ms\":%g,\"mobile_mj\":%g,\"cloud_ms\":0.2}",
                k ? "," : "", STEP_MS, STEP_MJ);
    fprintf(file, "],\"cut_layers\":[");
    for (uint32_t k = 0; k <= phone->last_cut; k++)
        fprintf(file, "%s%u", k ? "," : "", k);
    fprintf(file, "]}");
    return fclose(file) == 0;
}

static void open_phone(struct phone *phone, const struct fake_server_behaviour *behaviour,
                       bool is_paced)
{
    struct joint_config config;
    struct joint_error error = {.text = ""};
    CU_ASSERT_TRUE_FATAL(client_case_open(&phone->subject, behaviour, NULL));
    phone->last_cut = joint_cut_count(phone->subject.joint) - 1;
    snprintf(phone->profile, sizeof(phone->profile), "%s.json", phone->subject.path);
    CU_ASSERT_TRUE_FATAL(write_profile(phone));
    joint_config_default(&config);
    config.model_path = phone->subject.path;
    config.model_name = "model";
    config.servers[0] = fake_server_address(phone->subject.server);
    config.max_rows = CASE_MAX_ROWS;
    config.is_untuned = true;
    config.workers = 8;
    config.profile_path = phone->profile;
    config.is_paced = is_paced;
    if (joint_open(&config, &phone->joint, &error))
        printf("%s\n", error.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(phone->joint);
    struct joint *plain = phone->subject.joint;
    phone->subject.joint = phone->joint;
    CU_ASSERT_TRUE(client_case_wait_heard(&phone->subject));
    phone->subject.joint = plain;
}

static void close_phone(struct phone *phone)
{
    joint_close(phone->joint);
    unlink(phone->profile);
    client_case_close(&phone->subject);
}

static void pause_ms(uint64_t ms)
{
    const struct timespec pause = {.tv_sec = (time_t)(ms / 1000),
                                   .tv_nsec = (long)(ms % 1000 * MS)};
    nanosleep(&pause, NULL);
}

/* One call; its answer compared with the whole run. */
static struct joint_report call(struct phone *phone, enum joint_split split)
{
    float y[CASE_ANSWER_FLOATS] = {0};
    const void *inputs[] = {phone->subject.x};
    void *outputs[] = {y};
    struct joint_report report = {.from = 0};
    struct joint_call call;
    joint_call_default(&call);
    call.inputs = inputs;
    call.outputs = outputs;
    call.split = split;
    CU_ASSERT_EQUAL(joint_run(phone->joint, &call, &report), 0);
    CU_ASSERT_EQUAL(memcmp(y, phone->subject.whole[1], sizeof(y)), 0);
    return report;
}

static struct fake_server_behaviour waits(uint32_t wait_ms)
{
    return (struct fake_server_behaviour){
        .load = {.predicted_wait_us = wait_ms * 1000, .switch_gain = 255}};
}

/* Calls until eight in a row run where they should, exploring aside. */
static bool settles(struct phone *phone, bool there)
{
    const uint64_t end_ns = client_case_now_ns() + 60000 * MS;
    uint32_t row = 0;
    while (row < 8 && client_case_now_ns() < end_ns) {
        const struct joint_report report = call(phone, JOINT_AUTO);
        if (report.why != JOINT_WHY_EXPLORES)
            row = (report.from < report.to) == there ? row + 1 : 0;
        pause_ms(10);
    }
    return row == 8;
}

static void test_follows_load(void)
{
    struct fake_server_behaviour free_server = waits(0), full = waits(900);
    struct phone phone;
    open_phone(&phone, &free_server, false);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(settles(&phone, true));
        fake_server_behave(phone.subject.server, &full);
        CU_ASSERT_TRUE(settles(&phone, false));
        fake_server_behave(phone.subject.server, &free_server);
    }
    CU_ASSERT_TRUE(settles(&phone, true));
    close_phone(&phone);
}

static void test_credits(void)
{
    enum { CALLS = 8, CREDITS = 2 };
    const struct fake_server_behaviour behaviour = {.compute_ns = 5 * MS,
                                                    .load = {.credits = CREDITS}};
    struct phone phone;
    struct fake_server_counts counts;
    struct joint_completion completion;
    float y[CALLS][CASE_ANSWER_FLOATS];
    open_phone(&phone, &behaviour, false);
    uint32_t done = 0, there = 0, most = 0;
    for (uint32_t i = 0; i < CALLS; i++) {
        const void *inputs[] = {phone.subject.x};
        void *outputs[] = {y[i]};
        static const void *kept_inputs[CALLS][1];
        static void *kept_outputs[CALLS][1];
        memcpy(kept_inputs[i], inputs, sizeof(inputs));
        memcpy(kept_outputs[i], outputs, sizeof(outputs));
        struct joint_call call;
        joint_call_default(&call);
        call.inputs = kept_inputs[i];
        call.outputs = kept_outputs[i];
        call.split = JOINT_CLOUD;
        CU_ASSERT_EQUAL(joint_submit(phone.joint, &call, NULL, NULL), 0);
    }
    const uint64_t end_ns = client_case_now_ns() + 60000 * MS;
    while (done < CALLS && client_case_now_ns() < end_ns) {
        fake_server_count(phone.subject.server, &counts);
        const uint32_t open = (uint32_t)(counts.delivered - counts.answered - counts.rejected);
        most = open > most ? open : most;
        while (joint_fetch(phone.joint, &completion)) {
            done++;
            there += completion.report.is_on_server;
            CU_ASSERT_TRUE(completion.report.is_on_server ||
                           completion.report.reason == JOINT_NO_CREDIT);
        }
    }
    CU_ASSERT_EQUAL(done, CALLS);
    CU_ASSERT_TRUE(most <= CREDITS);
    CU_ASSERT_TRUE(there >= CREDITS);
    for (uint32_t i = 0; i < CALLS; i++)
        CU_ASSERT_EQUAL(memcmp(y[i], phone.subject.whole[1], sizeof(y[i])), 0);
    close_phone(&phone);
}

static void test_retry_after(void)
{
    const struct fake_server_behaviour behaviour = {.reject_whole = JTP_OVERLOADED,
                                                    .retry_after_us = 20000};
    struct phone phone;
    struct fake_server_counts counts;
    uint32_t rejected = 0, held_off = 0;
    open_phone(&phone, &behaviour, false);
    const uint64_t start_ns = client_case_now_ns();
    for (int i = 0; i < 300; i++) {
        const struct joint_report report = call(&phone, i % 2 ? JOINT_CLOUD : JOINT_AUTO);
        const bool is_here = report.from == report.to; /* AUTO does not even plan it */
        CU_ASSERT_FALSE(report.is_on_server);
        CU_ASSERT_TRUE(report.reason == JOINT_REJECTED || report.reason == JOINT_HELD_OFF ||
                       (is_here && report.why == JOINT_WHY_HELD_OFF));
        rejected += report.reason == JOINT_REJECTED;
        held_off += report.reason == JOINT_HELD_OFF || is_here;
        if (report.reason == JOINT_HELD_OFF)
            CU_ASSERT_EQUAL(report.up_bytes, 0);
    }
    /* The server asks for 20 ms, so at least 10 lie between two that it sees. */
    const uint64_t elapsed_ns = client_case_now_ns() - start_ns;
    CU_ASSERT_TRUE(rejected >= 1 && rejected <= 1 + elapsed_ns / (10 * MS));
    CU_ASSERT_TRUE(held_off > 0);
    fake_server_count(phone.subject.server, &counts);
    CU_ASSERT_EQUAL(counts.rejected, rejected);
    close_phone(&phone);
}

/* Who has heard nothing for long asks first, as long as the answer is worth its time. */
static void test_asks_first(void)
{
    struct fake_server_behaviour free_server = waits(0);
    struct joint_explanation explanation = {.number = 0};
    struct phone phone;
    bool has_asked = false;
    open_phone(&phone, &free_server, false);
    for (int i = 0; i < 10 && !has_asked; i++) {
        pause_ms(600);
        const struct joint_report report = call(&phone, JOINT_AUTO);
        CU_ASSERT_EQUAL(joint_explain(phone.joint, &explanation, NULL, 0), 0);
        has_asked = !explanation.known.is_expired && report.wait_ns > 0;
        /* A tenth of what it may save, and what a busy machine takes to wake a thread. */
        CU_ASSERT_TRUE(report.wait_ns < 2000 * MS);
    }
    CU_ASSERT_TRUE(has_asked);
    close_phone(&phone);
}

static double sum_ms(const struct joint_candidate *candidate)
{
    return candidate->device_ms + candidate->uplink_ms + candidate->round_trip_ms +
           candidate->wait_ms + candidate->server_ms + candidate->downlink_ms;
}

static void test_explains(void)
{
    struct fake_server_behaviour behaviour = waits(3);
    struct joint_explanation explanation;
    struct joint_candidate all[200], few[3];
    struct phone phone;
    behaviour.load.credits = 5;
    open_phone(&phone, &behaviour, false);
    CU_ASSERT_EQUAL(joint_explain(phone.joint, &explanation, all, 200), -ENOENT);
    call(&phone, JOINT_MOBILE);
    CU_ASSERT_EQUAL(joint_explain(phone.joint, &explanation, all, 200), -ENOENT);
    const struct joint_report report = call(&phone, JOINT_AUTO);
    CU_ASSERT_EQUAL_FATAL(joint_explain(phone.joint, &explanation, all, 200), 0);
    const uint32_t cuts = phone.last_cut, count = 1 + cuts * (cuts + 1) / 2;
    CU_ASSERT_EQUAL(explanation.number, 1);
    CU_ASSERT_EQUAL(explanation.why, report.why);
    CU_ASSERT_EQUAL(explanation.chosen.from, report.from);
    CU_ASSERT_EQUAL(explanation.chosen.to, report.to);
    CU_ASSERT_DOUBLE_EQUAL(explanation.chosen.total_ms, report.planned_ms, 1e-6);
    CU_ASSERT_EQUAL_FATAL(explanation.candidate_count, count);
    CU_ASSERT_EQUAL(explanation.server, 0);
    CU_ASSERT_TRUE(explanation.has_energy && explanation.known.has_load);
    CU_ASSERT_EQUAL(explanation.known.load.credits, 5);
    CU_ASSERT_TRUE(explanation.known.rtt_age_ns < UINT64_MAX);
    CU_ASSERT_EQUAL(explanation.known.up_age_ns, UINT64_MAX); /* nothing was sent before */
    for (uint32_t i = 0; i < count; i++) {
        CU_ASSERT_DOUBLE_EQUAL(sum_ms(&all[i]), all[i].total_ms, 1e-6);
        CU_ASSERT_TRUE(i == 0 || all[i - 1].total_ms <= all[i].total_ms);
        const double steps = cuts - (all[i].to - all[i].from);
        CU_ASSERT_DOUBLE_EQUAL(all[i].device_ms, steps * STEP_MS, 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(all[i].wait_ms, all[i].from < all[i].to ? 3 : 0, 1);
        CU_ASSERT_TRUE(all[i].energy_mj >= steps * STEP_MJ - 1e-9);
    }
    CU_ASSERT_DOUBLE_EQUAL(explanation.best.total_ms, all[0].total_ms, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(explanation.mobile.total_ms, cuts * STEP_MS, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(explanation.mobile.energy_mj, cuts * STEP_MJ, 1e-6);
    CU_ASSERT_EQUAL(explanation.cloud.to, cuts);
    CU_ASSERT_EQUAL(joint_explain(phone.joint, &explanation, few, 3), 0);
    CU_ASSERT_EQUAL(memcmp(few, all, sizeof(few)), 0);
    close_phone(&phone);
}

static void test_paced(void)
{
    struct fake_server_behaviour free_server = waits(0);
    struct phone phone;
    open_phone(&phone, &free_server, true);
    const struct joint_report here = call(&phone, JOINT_MOBILE);
    CU_ASSERT_TRUE(here.after_ns + here.before_ns >= (uint64_t)(phone.last_cut * STEP_MS * 1e6));
    const struct joint_report there = call(&phone, JOINT_CLOUD);
    CU_ASSERT_TRUE(there.is_on_server);
    CU_ASSERT_TRUE(there.before_ns + there.after_ns < here.total_ns);
    close_phone(&phone);
}

static void test_wrong_profile(void)
{
    struct client_case subject;
    struct joint_config config;
    struct joint_error error;
    struct joint *joint;
    char path[80];
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, NULL));
    snprintf(path, sizeof(path), "%s.json", subject.path);
    joint_config_default(&config);
    config.model_path = subject.path;
    config.is_untuned = true;
    config.profile_path = path;
    CU_ASSERT_EQUAL(joint_open(&config, &joint, &error), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file,
            "{\"schema\":\"joint.profile/1\",\"input_bytes\":4,\"layers\":[{\"output_bytes\":4,"
            "\"mobile_ms\":1,\"mobile_mj\":1,\"cloud_ms\":1}],\"cut_layers\":[0,1]}");
    fclose(file);
    CU_ASSERT_EQUAL(joint_open(&config, &joint, &error), -EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "names 2 cuts"));
    config.profile_path = NULL;
    config.is_paced = true;
    CU_ASSERT_EQUAL(joint_open(&config, &joint, &error), -EINVAL);
    unlink(path);
    client_case_close(&subject);
}

const struct cunit_test tests[] = {
    {"calls go to a free server, leave it when it fills, and come back", test_follows_load},
    {"no more requests are open than there are credits, and all end", test_credits},
    {"a server that asks for patience is left alone for it", test_retry_after},
    {"who has heard nothing for long asks before it plans", test_asks_first},
    {"what is explained is what was done, and adds up", test_explains},
    {"a paced client takes as long as the profile's device", test_paced},
    {"a profile of another network is refused", test_wrong_profile},
    {NULL, NULL},
};
