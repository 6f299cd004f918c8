/* A call ends with the answer of the whole run, to the bit, whatever its server does. */
#include "tests/property/client_case.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>

#define MS UINT64_C(1000000)

static uint64_t sum_ns(const struct joint_report *report)
{
    return report->wait_ns + report->before_ns + report->uplink_ns + report->queue_ns +
           report->compute_ns + report->downlink_ns + report->vain_ns + report->after_ns;
}

static void test_every_range(void)
{
    struct client_case subject;
    struct joint_report report;
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, NULL));
    const uint32_t last = joint_cut_count(subject.joint) - 1;
    for (uint32_t from = 0; from < last; from++)
        for (uint32_t to = from + 1; to <= last; to++)
            for (uint32_t rows = 1; rows <= CASE_MAX_ROWS; rows += 3) {
                struct joint_tensor tensor;
                CU_ASSERT_TRUE(client_case_call(&subject, rows, from, to, 0, &report));
                CU_ASSERT_TRUE(report.is_on_server);
                CU_ASSERT_EQUAL(report.reason, JOINT_AS_PLANNED);
                CU_ASSERT_EQUAL(report.from, from);
                CU_ASSERT_EQUAL(report.to, to);
                CU_ASSERT_EQUAL(report.batch, rows);
                CU_ASSERT_EQUAL(joint_tensor(subject.joint, from, 0, &tensor), 0);
                CU_ASSERT_EQUAL(report.up_bytes, tensor.row_bytes * rows);
                CU_ASSERT_TRUE(sum_ns(&report) <= report.total_ns);
                CU_ASSERT_TRUE(report.has_load);
            }
    struct fake_server_counts counts;
    fake_server_count(subject.server, &counts);
    CU_ASSERT_EQUAL(counts.answered, last * (last + 1)); /* pairs, with 1 and with 4 rows */
    client_case_close(&subject);
}

static void test_rejected(void)
{
    for (uint8_t reason = JTP_OVERLOADED; reason <= JTP_QUARANTINED; reason++) {
        const struct fake_server_behaviour behaviour = {
            .reject = reason == JTP_FAILED || reason == JTP_QUARANTINED ? 0 : reason,
            .reject_whole = reason,
            .load = {.predicted_wait_us = 5555}};
        struct client_case subject;
        struct joint_report report;
        CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviour, NULL));
        CU_ASSERT_TRUE(client_case_call(&subject, 1, 1, 4, 0, &report));
        CU_ASSERT_FALSE(report.is_on_server);
        CU_ASSERT_EQUAL(report.reason, JOINT_REJECTED);
        CU_ASSERT_EQUAL(report.reject, reason);
        CU_ASSERT_TRUE(report.load.predicted_wait_us >= 5555);
        client_case_close(&subject);
    }
}

static void test_other_model(void)
{
    const struct fake_server_behaviour behaviour = {.has_other_model = true};
    struct client_case subject;
    struct joint_report report;
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviour, NULL));
    CU_ASSERT_TRUE(client_case_call(&subject, 1, 0, 3, 0, &report));
    CU_ASSERT_EQUAL(report.reason, JOINT_REJECTED);
    CU_ASSERT_EQUAL(report.reject, JTP_MODEL_MISMATCH);
    client_case_close(&subject);
}

static void test_surplus(void)
{
    const struct fake_server_behaviour behaviour = {.surplus_bytes = 4};
    struct client_case subject;
    struct joint_report report;
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviour, NULL));
    CU_ASSERT_TRUE(client_case_call(&subject, 1, 2, 5, 0, &report));
    CU_ASSERT_EQUAL(report.reason, JOINT_LOST);
    client_case_close(&subject);
}

static void test_late(void)
{
    const struct fake_server_behaviour behaviours[] = {{.compute_ns = 60000 * MS},
                                                       {.is_idle = true}};
    for (int i = 0; i < 2; i++) {
        struct client_case subject;
        struct joint_report report;
        CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviours[i], NULL));
        CU_ASSERT_TRUE(client_case_wait_heard(&subject));
        CU_ASSERT_TRUE(client_case_call(&subject, 1, 0, 5, 400 * MS, &report));
        CU_ASSERT_EQUAL(report.reason, JOINT_LATE);
        CU_ASSERT_FALSE(report.is_on_server);
        CU_ASSERT_TRUE(report.vain_ns < 400 * MS || report.is_late);
        client_case_close(&subject);
    }
}

static void test_deaf_from_the_start(void)
{
    const struct fake_server_behaviour behaviour = {.is_deaf = true};
    struct client_case subject;
    struct joint_report report;
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviour, NULL));
    CU_ASSERT_TRUE(client_case_call(&subject, 1, 0, 5, 0, &report));
    CU_ASSERT_TRUE(report.reason == JOINT_SILENT || report.reason == JOINT_UNREACHABLE);
    CU_ASSERT_TRUE(client_case_call(&subject, 1, 0, 5, 0, &report));
    CU_ASSERT_EQUAL(report.reason, JOINT_UNREACHABLE);
    CU_ASSERT_EQUAL(report.up_bytes, 0);
    client_case_close(&subject);
}

/* Calls until the server is used again. */
static bool comes_back(struct client_case *subject)
{
    struct joint_report report = {.is_on_server = false};
    uint64_t end_ns = client_case_now_ns() + 30000 * MS;
    while (client_case_now_ns() < end_ns && !report.is_on_server)
        if (!client_case_call(subject, 1, 1, 4, 0, &report))
            return false;
    return report.is_on_server;
}

static void test_goes_and_comes_back(void)
{
    struct client_case subject;
    struct joint_report report;
    const struct fake_server_behaviour good = {.is_deaf = false}, deaf = {.is_deaf = true};
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, NULL));
    CU_ASSERT_TRUE(client_case_call(&subject, 1, 1, 4, 0, &report));
    CU_ASSERT_TRUE(report.is_on_server);
    fake_server_behave(subject.server, &deaf);
    CU_ASSERT_TRUE(client_case_call(&subject, 1, 1, 4, 0, &report));
    CU_ASSERT_EQUAL(report.reason, JOINT_SILENT);
    fake_server_behave(subject.server, &good);
    CU_ASSERT_TRUE(comes_back(&subject));
    fake_server_kill(subject.server);
    CU_ASSERT_TRUE(client_case_call(&subject, 1, 1, 4, 0, &report));
    CU_ASSERT_FALSE(report.is_on_server);
    /* On a machine that is busy enough its patience may end before the kernel's word comes. */
    CU_ASSERT_TRUE(report.reason == JOINT_REFUSED || report.reason == JOINT_SILENT);
    CU_ASSERT_EQUAL(fake_server_revive(subject.server), 0);
    CU_ASSERT_TRUE(comes_back(&subject));
    client_case_close(&subject);
}

static void test_dies_in_the_middle(void)
{
    const struct fake_server_behaviour good = {.dies_after = 0}, mortal = {.dies_after = 1};
    struct client_case subject;
    struct joint_report report;
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, NULL));
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_TRUE(comes_back(&subject));
        fake_server_behave(subject.server, &mortal);
        CU_ASSERT_TRUE(client_case_call(&subject, 1, 0, 5, 0, &report));
        CU_ASSERT_FALSE(report.is_on_server);
        CU_ASSERT_TRUE(report.reason == JOINT_REFUSED || report.reason == JOINT_SILENT);
        fake_server_behave(subject.server, &good);
        CU_ASSERT_EQUAL(fake_server_revive(subject.server), 0);
    }
    client_case_close(&subject);
}

/* A server that restarts between two calls knows nothing of the connection. */
static void test_restarts_between_calls(void)
{
    struct client_case subject;
    struct joint_report report;
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, NULL));
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_TRUE(client_case_call(&subject, 1, 1, 4, 0, &report));
        CU_ASSERT_TRUE(report.is_on_server);
        fake_server_kill(subject.server);
        CU_ASSERT_EQUAL(fake_server_revive(subject.server), 0);
    }
    client_case_close(&subject);
}

static void test_bad_link(void)
{
    for (uint32_t i = 1; i <= 6; i++) {
        const struct fake_server_behaviour behaviour = {
            .loss = 0.05 * i, .corrupt = 0.02 * i, .duplicate = 0.05 * i, .delay_ns = i * MS};
        struct client_case subject;
        struct joint_report report;
        uint32_t there = 0;
        CU_ASSERT_TRUE_FATAL(client_case_open(&subject, &behaviour, NULL));
        for (uint32_t n = 0; n < 20; n++) {
            CU_ASSERT_TRUE(client_case_call(&subject, 1 + n % CASE_MAX_ROWS, n % 3, 5, 0, &report));
            there += report.is_on_server;
        }
        CU_ASSERT_TRUE(there > 0 || i > 3);
        client_case_close(&subject);
    }
}

static void test_without_server(void)
{
    struct client_case subject;
    struct joint_report report;
    struct joint_config config;
    struct joint *alone;
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, NULL));
    joint_config_default(&config);
    config.model_path = subject.path;
    config.max_rows = CASE_MAX_ROWS;
    config.is_untuned = true;
    CU_ASSERT_EQUAL_FATAL(joint_open(&config, &alone, NULL), 0);
    struct joint *first = subject.joint;
    subject.joint = alone;
    CU_ASSERT_TRUE(client_case_call(&subject, 2, 1, 4, 0, &report));
    CU_ASSERT_EQUAL(report.reason, JOINT_UNREACHABLE);
    CU_ASSERT_EQUAL(report.server, -1);
    joint_close(alone);
    subject.joint = first;
    client_case_close(&subject);
}

static void test_wrong_calls(void)
{
    struct client_case subject;
    float y[CASE_MAX_ROWS * CASE_ANSWER_FLOATS];
    CU_ASSERT_TRUE_FATAL(client_case_open(&subject, NULL, NULL));
    const void *inputs[] = {subject.x};
    void *outputs[] = {y};
    const uint32_t count = joint_cut_count(subject.joint);
    const struct joint_call good = {.inputs = inputs, .outputs = outputs, .rows = 1};
    struct joint_call calls[7] = {good, good, good, good, good, good, good};
    calls[0].inputs = NULL;
    calls[1].outputs = NULL;
    calls[2].rows = 0;
    calls[3].rows = CASE_MAX_ROWS + 1;
    calls[4].split = JOINT_CUTS, calls[4].from = count - 1;
    calls[5].split = JOINT_CUTS, calls[5].to = count;
    calls[6].split = (enum joint_split)4;
    for (int i = 0; i < 7; i++) {
        CU_ASSERT_EQUAL(joint_run(subject.joint, &calls[i], NULL), -EINVAL);
        CU_ASSERT_EQUAL(joint_submit(subject.joint, &calls[i], NULL, NULL), -EINVAL);
    }
    client_case_close(&subject);
}

const struct cunit_test tests[] = {
    {"every range of cuts on the server gives the whole run's numbers to the bit",
     test_every_range},
    {"what the server rejects is computed here, and its reason and load are told", test_rejected},
    {"a server with another model rejects", test_other_model},
    {"an answer of a wrong size is not taken", test_surplus},
    {"a late server is given up", test_late},
    {"a server that never answers is left alone after the first call", test_deaf_from_the_start},
    {"a server that falls silent, dies and comes back is used again", test_goes_and_comes_back},
    {"a server that dies with a request in hand loses nothing", test_dies_in_the_middle},
    {"a server that restarts between calls answers the next one", test_restarts_between_calls},
    {"loss, damage and duplicates change no answer", test_bad_link},
    {"without a server all runs here", test_without_server},
    {"calls that contradict the network are refused", test_wrong_calls},
    {NULL, NULL},
};
