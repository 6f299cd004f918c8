/* The report of `joint loadtest` for people. */
#include "scheduler/cli/loadtest_details.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/table.h"

#include <inttypes.h>
#include <stdio.h>

double loadtest_report_seconds(const struct loadtest_report *report)
{
    const uint64_t window_ns = report->outcome->window_ns;
    return window_ns > 0 ? (double)window_ns / 1e9 : 1e-9;
}

double loadtest_report_cpu_share(const struct loadtest_report *report)
{
    return (double)report->outcome->cpu_ns / 1e9 / loadtest_report_seconds(report);
}

static void add_count(struct table *table, const struct loadtest_report *report, const char *what,
                      uint64_t count)
{
    const uint64_t offered = report->outcome->tally->offered;
    table_add(table, "%s", what);
    table_add(table, "%" PRIu64, count);
    table_add(table, "%.1f", (double)count / loadtest_report_seconds(report));
    table_add(table, "%.2f %%", offered > 0 ? 100.0 * (double)count / (double)offered : 0);
}

static int print_counts(const struct loadtest_report *report)
{
    static const char *const titles[] = {"requests", ">count", ">per second", ">share"};
    const struct loadtest_tally *tally = report->outcome->tally;
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    add_count(&table, report, "offered", tally->offered);
    add_count(&table, report, "answered in time (goodput)", tally->ends[LOADTEST_IN_TIME]);
    add_count(&table, report, "answered late", tally->ends[LOADTEST_ANSWERED_LATE]);
    for (uint32_t i = 0; i < LOADTEST_REASONS; i++)
        if (tally->reasons[i] > 0) {
            char what[80];
            snprintf(what, sizeof(what), "rejected: %s", loadtest_reason_name(i));
            add_count(&table, report, what, tally->reasons[i]);
        }
    add_count(&table, report, "late, without an answer", tally->ends[LOADTEST_LATE]);
    add_count(&table, report, "lost", tally->ends[LOADTEST_LOST]);
    if (tally->ends[LOADTEST_BROKEN] > 0)
        add_count(&table, report, "broken answers", tally->ends[LOADTEST_BROKEN]);
    if (tally->ends[LOADTEST_UNSENT] > 0)
        add_count(&table, report, "unsent, the phone had too many", tally->ends[LOADTEST_UNSENT]);
    if (tally->ends[LOADTEST_CANCELLED] > 0)
        add_count(&table, report, "cancelled", tally->ends[LOADTEST_CANCELLED]);
    if (report->plan->costs)
        add_count(&table, report, "on the device, by choice", tally->ends[LOADTEST_ON_DEVICE]);
    add_count(&table, report, "fallback to the device", loadtest_tally_fallback(tally));
    int err = table_print(&table);
    table_fini(&table);
    return err;
}

static void add_duration(struct table *table, uint64_t ns)
{
    table_add(table, "%.2f", (double)ns / 1e6);
}

static void add_latency(struct table *table, const struct loadtest_histogram *histogram)
{
    static const double shares[] = {0.5, 0.9, 0.99, 0.999};
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
        add_duration(table, loadtest_histogram_percentile(histogram, shares[i]));
    add_duration(table, histogram->max_ns);
    table_add(table, "%.2f", loadtest_histogram_mean_ns(histogram) / 1e6);
    table_add(table, "%" PRIu64, histogram->count);
}

static int print_latency(const struct loadtest_report *report)
{
    static const char *const titles[] = {"ms",     ">p50", ">p90",  ">p99",
                                         ">p99.9", ">max", ">mean", ">samples"};
    const struct loadtest_tally *tally = report->outcome->tally;
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    table_add(&table, "%s", report->plan->schedule ? "latency, from schedule" : "latency");
    add_latency(&table, &tally->latency);
    table_add(&table, "queue, as told");
    add_latency(&table, &tally->queue);
    table_add(&table, "compute, as told");
    add_latency(&table, &tally->compute);
    int err = table_print(&table);
    table_fini(&table);
    return err;
}

static int print_cuts(const struct loadtest_report *report)
{
    static const char *const titles[] = {">cut",   "after", ">bytes", ">offered", ">in time",
                                         ">other", ">p50",  ">p99",   ">p99.9"};
    const struct loadtest_plan *plan = report->plan;
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    for (uint32_t i = 0; i < plan->mix->count; i++) {
        const struct loadtest_cut_tally *cut = &report->outcome->tally->cuts[i];
        const uint32_t from = plan->mix->cuts[i];
        if (cut->offered == 0)
            continue;
        table_add(&table, "%" PRIu32, from);
        table_add(&table, "%s", engine_model_cut(plan->model->engine, from)->name);
        table_add(&table, "%" PRIu32, plan->messages->pools[i].bytes);
        table_add(&table, "%" PRIu64, cut->offered);
        table_add(&table, "%" PRIu64, cut->ends[LOADTEST_IN_TIME]);
        table_add(&table, "%" PRIu64, cut->offered - cut->ends[LOADTEST_IN_TIME]);
        add_duration(&table, loadtest_histogram_percentile(&cut->latency, 0.5));
        add_duration(&table, loadtest_histogram_percentile(&cut->latency, 0.99));
        add_duration(&table, loadtest_histogram_percentile(&cut->latency, 0.999));
    }
    int err = table_print(&table);
    table_fini(&table);
    return err;
}

static void print_batches(const struct loadtest_tally *tally)
{
    printf("batches, as told: %.2f rows in the mean of answers;", loadtest_tally_mean_batch(tally));
    for (uint32_t i = 0; i <= LOADTEST_MAX_BATCH; i++)
        if (tally->batches[i] > 0)
            printf(" %" PRIu32 " x %" PRIu64, i, tally->batches[i]);
    printf("\n");
}

static void print_admitted(const struct loadtest_tally *tally)
{
    printf("the server took on %" PRIu64 ", of which %.2f %% were not in time: %" PRIu64
           " answered late, %" PRIu64 " dropped, %" PRIu64 " given up\n",
           loadtest_tally_admitted(tally), 100 * loadtest_tally_missed_share(tally),
           tally->ends[LOADTEST_ANSWERED_LATE], tally->dropped, tally->given_up);
}

static void print_server(const struct loadtest_tally *tally)
{
    const struct loadtest_range *wait = &tally->wait_us, *use = &tally->utilization_permille;
    if (wait->count == 0)
        return;
    printf("load, as told in %" PRIu64 " replies: predicted wait %.1f to %.1f ms, mean %.1f; "
           "utilization %.0f to %.0f %%, mean %.0f %%\n",
           wait->count, (double)wait->least / 1e3, (double)wait->most / 1e3,
           loadtest_range_mean(wait) / 1e3, (double)use->least / 10, (double)use->most / 10,
           loadtest_range_mean(use) / 10);
}

static void print_network(const struct loadtest_outcome *outcome)
{
    const struct jtp_client_stats *stats = &outcome->stats;
    printf("network, warm-up included: %" PRIu64 " datagrams (%.1f MB) out, %" PRIu64
           " (%.1f MB) in; %" PRIu64 " packets lost, %" PRIu64 " probe timeouts",
           stats->datagrams_out, (double)stats->bytes_out / 1e6, stats->datagrams_in,
           (double)stats->bytes_in / 1e6, stats->lost, stats->probe_timeouts);
    if (outcome->port.missed + outcome->port.unsent > 0)
        printf("; the generator missed %" PRIu64 " and could not send %" PRIu64,
               outcome->port.missed, outcome->port.unsent);
    printf("\n");
}

static void print_generator(const struct loadtest_report *report)
{
    const struct loadtest_plan *plan = report->plan;
    const size_t bytes = loadtest_plan_bytes_per_client(plan);
    printf("generator: %.0f %% of one core in %" PRIu32 " threads (%" PRIu32
           " real time), longest turn %.2f ms, %.1f KB a "
           "phone",
           100 * loadtest_report_cpu_share(report), report->options->sockets,
           report->outcome->real_time_threads, (double)report->outcome->longest_turn_ns / 1e6,
           (double)bytes / 1e3);
    if (plan->schedule)
        printf(", %.2f %% sent on schedule", 100 * loadtest_adherence(report->outcome->tally));
    printf("\n");
}

int loadtest_report_print(const struct loadtest_report *report)
{
    const struct loadtest_tally *tally = report->outcome->tally;
    int err = print_counts(report);
    printf("\n");
    err = err ? err : print_latency(report);
    printf("\n");
    err = err ? err : print_cuts(report);
    printf("\n");
    if (loadtest_tally_answered(tally) > 0)
        print_batches(tally);
    print_admitted(tally);
    print_server(tally);
    print_network(report->outcome);
    print_generator(report);
    if (report->plan->sample_count > 0)
        printf("verified: %" PRIu32 " answers, %" PRIu32 " wrong, largest difference %.3g\n",
               report->verified.compared, report->verified.wrong,
               report->verified.largest_difference);
    err = err ? err : loadtest_details_print(report);
    if (err)
        return command_fail("loadtest", COMMAND_FAILED, "out of memory");
    return command_finish("loadtest");
}
