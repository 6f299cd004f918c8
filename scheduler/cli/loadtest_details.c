/* Details from the records of a run: JSON, tables, and a file of tab-separated values. */
#include "scheduler/cli/loadtest_details.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/table.h"
#include "scheduler/loadtest/analysis.h"
#include "scheduler/loadtest/sockets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the records say, as far as it was asked for. */
struct details {
    const struct loadtest_records *lanes[LOADTEST_MAX_SOCKETS];
    uint32_t lane_count;
    uint64_t missing;
    struct loadtest_prediction prediction;
    struct loadtest_bin *bins;
    size_t bin_count;
    double bin_ms;
    struct loadtest_phone_sum *phones;
    size_t phone_count;
};

static void details_fini(struct details *details)
{
    free(details->bins);
    free(details->phones);
}

static int details_init(struct details *details, const struct loadtest_report *report)
{
    const struct loadtest_options *options = report->options;
    *details = (struct details){.lane_count = options->sockets, .bin_ms = options->bin_ms};
    for (uint32_t i = 0; i < details->lane_count; i++) {
        details->lanes[i] = loadtest_run_records(report->run, i);
        details->missing += details->lanes[i]->missing;
    }
    int err =
        loadtest_analyse_prediction(details->lanes, details->lane_count, &details->prediction);
    if (!err && options->bin_ms > 0) {
        const uint64_t bin_ns = (uint64_t)(options->bin_ms * 1e6);
        details->bin_count = (size_t)((report->outcome->window_ns + bin_ns - 1) / bin_ns);
        details->bins = calloc(details->bin_count + 1, sizeof(*details->bins));
        err = details->bins ? loadtest_analyse_time(details->lanes, details->lane_count, bin_ns,
                                                    details->bins, details->bin_count)
                            : -ENOMEM;
    }
    if (!err && options->is_by_client) {
        details->phone_count = options->clients;
        details->phones = calloc(details->phone_count, sizeof(*details->phones));
        err = details->phones ? 0 : -ENOMEM;
        if (!err)
            loadtest_analyse_phones(details->lanes, details->lane_count, details->phones,
                                    details->phone_count);
    }
    if (err)
        details_fini(details);
    return err;
}

/* Of the phones' goodput: 1 where all have the same, 1/n where one has all (Jain, Chiu, Hawe:
 * "A quantitative measure of fairness", 1984). 0 where none has any. */
static double jain_index(const struct details *details)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < details->phone_count; i++) {
        const double goodput = (double)details->phones[i].in_time;
        sum += goodput;
        squares += goodput * goodput;
    }
    return squares > 0 ? sum * sum / ((double)details->phone_count * squares) : 0;
}

static json_int_t number(uint64_t value)
{
    return (json_int_t)value;
}

static json_t *pack_prediction(const struct loadtest_prediction *prediction)
{
    return json_pack("{s:I, s:f, s:I, s:f, s:f, s:f}", "samples", number(prediction->samples),
                     "median_error_ms", (double)prediction->median_error_us / 1e3, "share_samples",
                     number(prediction->share_samples), "median_error_share",
                     prediction->median_share, "median_ratio", prediction->median_ratio,
                     "median_age_ms", (double)prediction->median_age_us / 1e3);
}

static json_t *pack_series(const struct details *details)
{
    json_t *bins = json_array();
    for (size_t i = 0; i < details->bin_count; i++) {
        const struct loadtest_bin *bin = &details->bins[i];
        json_array_append_new(
            bins, json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "at_ms",
                            (double)i * details->bin_ms, "offered", number(bin->offered), "in_time",
                            number(bin->in_time), "rejected", number(bin->rejected), "late",
                            number(bin->late), "admitted", number(bin->admitted), "p50",
                            (double)bin->p50_ns / 1e6, "p99", (double)bin->p99_ns / 1e6, "max",
                            (double)bin->max_ns / 1e6));
    }
    return json_pack("{s:f, s:I, s:o}", "bin_ms", details->bin_ms, "missing",
                     number(details->missing), "bins", bins);
}

static json_t *pack_phones(const struct loadtest_report *report, const struct details *details)
{
    json_t *phones = json_array();
    for (size_t i = 0; i < details->phone_count; i++) {
        const struct loadtest_phone_sum *sum = &details->phones[i];
        json_array_append_new(
            phones, json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "client",
                              number(report->plan->first_client + i), "offered",
                              number(sum->offered), "goodput", number(sum->in_time), "rejected",
                              number(sum->rejected), "admitted", number(sum->admitted),
                              "compute_ms", (double)sum->compute_us / 1e3));
    }
    return phones;
}

int loadtest_details_pack(const struct loadtest_report *report, json_t *json)
{
    struct details details;
    if (!report->plan->has_records)
        return 0;
    int err = details_init(&details, report);
    if (err)
        return err;
    err = json_object_set_new(json, "prediction", pack_prediction(&details.prediction));
    if (details.bins)
        err |= json_object_set_new(json, "series", pack_series(&details));
    if (details.phones) {
        err |= json_object_set_new(json, "clients", pack_phones(report, &details));
        err |= json_object_set_new(json, "jain_index", json_real(jain_index(&details)));
    }
    details_fini(&details);
    return err ? -ENOMEM : 0;
}

static void add_counts(struct table *table, const uint64_t *counts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        table_add(table, "%" PRIu64, counts[i]);
}

static int print_series(const struct details *details)
{
    static const char *const titles[] = {">from ms",  ">offered", ">in time", ">rejected", ">late",
                                         ">admitted", ">p50 ms",  ">p99 ms",  ">max ms"};
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    for (size_t i = 0; i < details->bin_count; i++) {
        const struct loadtest_bin *bin = &details->bins[i];
        const uint64_t counts[] = {bin->offered, bin->in_time, bin->rejected, bin->late,
                                   bin->admitted};
        table_add(&table, "%g", (double)i * details->bin_ms);
        add_counts(&table, counts, sizeof(counts) / sizeof(counts[0]));
        table_add(&table, "%.2f", (double)bin->p50_ns / 1e6);
        table_add(&table, "%.2f", (double)bin->p99_ns / 1e6);
        table_add(&table, "%.2f", (double)bin->max_ns / 1e6);
    }
    const int err = table_print(&table);
    table_fini(&table);
    return err;
}

static int print_phones(const struct loadtest_report *report, const struct details *details)
{
    static const char *const titles[] = {">client",   ">offered",  ">in time",
                                         ">rejected", ">admitted", ">compute ms"};
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    for (size_t i = 0; i < details->phone_count; i++) {
        const struct loadtest_phone_sum *sum = &details->phones[i];
        const uint64_t counts[] = {report->plan->first_client + i, sum->offered, sum->in_time,
                                   sum->rejected, sum->admitted};
        add_counts(&table, counts, sizeof(counts) / sizeof(counts[0]));
        table_add(&table, "%.1f", (double)sum->compute_us / 1e3);
    }
    const int err = table_print(&table);
    table_fini(&table);
    printf("fairness (Jain's index of what was answered in time): %.3f\n", jain_index(details));
    return err;
}

int loadtest_details_print(const struct loadtest_report *report)
{
    struct details details;
    if (!report->plan->has_records)
        return 0;
    int err = details_init(&details, report);
    if (err)
        return err;
    const struct loadtest_prediction *prediction = &details.prediction;
    if (prediction->samples > 0)
        printf("predicted wait, as told %.1f ms before: off by %.2f ms in the median of %" PRIu64
               "; of %" PRIu64 " that waited 1 ms or more by %.0f %%\n",
               (double)prediction->median_age_us / 1e3, (double)prediction->median_error_us / 1e3,
               prediction->samples, prediction->share_samples, 100 * prediction->median_share);
    if (details.bins) {
        printf("\n");
        err = print_series(&details);
    }
    if (!err && details.phones) {
        printf("\n");
        err = print_phones(report, &details);
    }
    details_fini(&details);
    return err;
}

static void write_record(FILE *file, const struct loadtest_report *report,
                         const struct loadtest_record *record)
{
    const struct loadtest_plan *plan = report->plan;
    fprintf(file, "%.3f\t%" PRIu64 "\t%u\t%u\t%s\t%u\t%d\t%.3f\t%.3f\t%.3f\t%u\t",
            (double)record->due_ns / 1e6, plan->first_client + record->phone,
            plan->mix->cuts[record->entry], plan->class_index,
            loadtest_end_name((enum loadtest_end)record->end), record->reason, record->is_admitted,
            (double)record->latency_ns / 1e6, (double)record->queue_us / 1e3,
            (double)record->compute_us / 1e3, record->batch);
    if (record->told_wait_us == LOADTEST_UNTOLD)
        fprintf(file, "\t\n");
    else
        fprintf(file, "%.3f\t%.3f\n", (double)record->told_wait_us / 1e3,
                (double)record->told_age_us / 1e3);
}

int loadtest_details_write(const struct loadtest_report *report)
{
    const char *path = report->options->requests_path;
    if (!path)
        return COMMAND_DONE;
    FILE *file = fopen(path, "w");
    if (!file)
        return command_fail("loadtest", COMMAND_FAILED, "--requests %s: %s", path, strerror(errno));
    fprintf(file, "due_ms\tclient\tcut\tclass\tend\treason\tadmitted\tlatency_ms\tqueue_ms\t"
                  "compute_ms\tbatch\ttold_wait_ms\ttold_age_ms\n");
    for (uint32_t i = 0; i < report->options->sockets; i++) {
        const struct loadtest_records *records = loadtest_run_records(report->run, i);
        for (uint32_t j = 0; j < records->count; j++)
            write_record(file, report, &records->items[j]);
    }
    const bool has_failed = ferror(file);
    if (fclose(file) || has_failed)
        return command_fail("loadtest", COMMAND_FAILED, "--requests %s: it could not be written",
                            path);
    return COMMAND_DONE;
}
