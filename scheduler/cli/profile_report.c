/* Prints what was measured, and how far fused blocks are from the sum of their layers. */
#include "scheduler/cli/profile_report.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/report.h"
#include "scheduler/cli/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NOTICEABLE 0.01 /* of the whole run: shorter blocks say nothing about additivity */

/* Time of a block over the sum of its layers: over all blocks that take a noticeable time. */
struct additivity {
    uint32_t count;
    double median;
    double least, most;
    uint32_t least_block, most_block;
};

static double sum_ms(const struct measurement *measurement, uint32_t first, uint32_t last)
{
    double ms = 0;
    for (uint32_t i = first; i <= last; i++)
        ms += measurement->layers[i - 1].ms;
    return ms;
}

static int compare_numbers(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int find_additivity(const struct measurement *measurement, struct additivity *additivity)
{
    *additivity = (struct additivity){.least = INFINITY};
    double *ratios = calloc((size_t)measurement->block_count + 1, sizeof(*ratios));
    if (!ratios)
        return -1;
    for (uint32_t i = 0; i < measurement->block_count; i++) {
        const struct measured_block *block = &measurement->blocks[i];
        double layers_ms = sum_ms(measurement, block->first, block->last);
        if (layers_ms <= NOTICEABLE * measurement->whole.ms || block->time.ms <= 0)
            continue;
        double ratio = block->time.ms / layers_ms;
        ratios[additivity->count++] = ratio;
        if (ratio < additivity->least) {
            additivity->least = ratio;
            additivity->least_block = i;
        }
        if (ratio > additivity->most) {
            additivity->most = ratio;
            additivity->most_block = i;
        }
    }
    qsort(ratios, additivity->count, sizeof(*ratios), compare_numbers);
    if (additivity->count)
        additivity->median =
            (ratios[(additivity->count - 1) / 2] + ratios[additivity->count / 2]) / 2;
    free(ratios);
    return 0;
}

static json_t *describe_median(const struct median *median)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:I}", "ms", median->ms, "low_ms", median->low_ms,
                     "high_ms", median->high_ms, "level", median->level, "runs",
                     (json_int_t)median->runs);
}

static json_t *describe_layer(const struct profile_report *report, uint32_t i)
{
    const struct engine_layer *layer = engine_model_layer(report->session->model, i);
    const struct split_layer *costs = &report->profile->layers[i];
    json_t *json = describe_median(&report->measurement->layers[i]);
    json_t *more =
        json_pack("{s:o, s:o, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "name",
                  report_text(layer->name), "type", report_text(layer->type), "kind",
                  device_type_name(device_type_of(layer->type, layer->is_depthwise)), "algorithm",
                  engine_model_algorithm(report->session->model, i, report->profile->batch),
                  "gflop", layer->flops * report->profile->batch / 1e9, "weight_bytes",
                  costs->weight_bytes, "output_bytes", costs->output_bytes, "mobile_ms",
                  costs->mobile_ms, "mobile_mj", costs->mobile_mj, "cloud_ms", costs->cloud_ms);
    json_object_update_missing(more, json);
    json_decref(json);
    return more;
}

static json_t *describe_additivity(const struct profile_report *report,
                                   const struct additivity *additivity)
{
    const struct measured_block *blocks = report->measurement->blocks;
    if (!additivity->count)
        return json_null();
    return json_pack("{s:I, s:f, s:f, s:[i, i], s:f, s:[i, i]}", "blocks",
                     (json_int_t)additivity->count, "median", additivity->median, "least",
                     additivity->least, "least_layers", (int)blocks[additivity->least_block].first,
                     (int)blocks[additivity->least_block].last, "most", additivity->most,
                     "most_layers", (int)blocks[additivity->most_block].first,
                     (int)blocks[additivity->most_block].last);
}

static int print_json(const struct profile_report *report, const struct additivity *additivity)
{
    const struct measurement *measurement = report->measurement;
    const struct profile_about *about = report->about;
    json_t *layers = json_array(), *cuts = json_array();
    for (uint32_t i = 0; i < measurement->layer_count; i++)
        json_array_append_new(layers, describe_layer(report, i));
    for (uint32_t c = 0; c < about->cut_count; c++)
        json_array_append_new(cuts, json_integer((json_int_t)about->cut_layers[c]));
    json_t *json = json_pack(
        "{s:o, s:o, s:s, s:I, s:I, s:f, s:o, s:o, s:o, s:f, s:s}", "profile",
        report_text(report->path), "model", report_text(report->profile->model), "fingerprint",
        about->fingerprint, "batch", (json_int_t)report->profile->batch, "threads",
        (json_int_t)report->session->options->threads, "element_bytes", about->element_bytes,
        "device", report_text(about->device), "cloud_device", report_text(about->cloud_device),
        "energy_source", report_text(about->energy_source), "mobile_watts",
        report->sides->mobile_watts, "backward", about->backward);
    json_t *more = json_pack(
        "{s:f, s:f, s:f, s:f, s:I, s:I, s:o, s:f, s:I, s:I, s:o, s:o, s:o}", "seconds",
        measurement->seconds, "seconds_wanted", report->config->seconds, "level",
        report->config->level, "share", report->config->share, "timed",
        (json_int_t)measurement->timed_count, "settled", (json_int_t)measurement->settled_count,
        "whole", describe_median(&measurement->whole), "layers_sum_ms",
        sum_ms(measurement, 1, measurement->layer_count), "blocks",
        (json_int_t)measurement->block_count, "blocks_possible",
        (json_int_t)measurement->possible_block_count, "block_over_layers",
        describe_additivity(report, additivity), "cut_layers", cuts, "layers", layers);
    if (json && json_object_update(json, more)) {
        json_decref(json);
        json = NULL;
    }
    json_decref(more);
    return report_json_print("profile", json);
}

static void print_blocks(const struct profile_report *report, const struct additivity *additivity)
{
    const struct measurement *measurement = report->measurement;
    const struct measured_block *blocks = measurement->blocks;
    printf("  blocks       %" PRIu32 " of %" PRIu64, measurement->block_count,
           measurement->possible_block_count);
    if (measurement->block_count < measurement->possible_block_count &&
        report->config->mode == BLOCKS_FITTING)
        printf(": %sthose of up to %" PRIu32 " layers; all would take about %.0f s (--seconds)",
               measurement->has_ends ? "all that start or end the network, " : "",
               measurement->block_length, measurement->possible_ms * 6 / 1e3);
    putchar('\n');
    if (!additivity->count)
        return;
    const struct measured_block *least = &blocks[additivity->least_block];
    const struct measured_block *most = &blocks[additivity->most_block];
    printf("  not additive a block takes %.2f times the sum of its layers (median), %.2f (layers "
           "%" PRIu32 "-%" PRIu32 ") to %.2f (%" PRIu32 "-%" PRIu32 ")\n",
           additivity->median, additivity->least, least->first, least->last, additivity->most,
           most->first, most->last);
}

static void print_summary(const struct profile_report *report, const struct additivity *additivity)
{
    const struct measurement *measurement = report->measurement;
    const struct median *whole = &measurement->whole;
    printf("%s, batch %" PRIu32 ", %" PRIu32 " thread%s -> %s\n", report->profile->model,
           report->profile->batch, report->session->options->threads,
           report->session->options->threads == 1 ? "" : "s", report->path);
    printf("  whole run    %.3f ms, %.0f %% sure to be %.3f to %.3f (median of %zu runs); sum of "
           "layers %.3f ms\n",
           whole->ms, 100 * whole->level, whole->low_ms, whole->high_ms, whole->runs,
           sum_ms(measurement, 1, measurement->layer_count));
    printf("  confidence   %" PRIu32 " of %" PRIu32
           " times are within %g %% at %.0f %%, after %.1f "
           "s\n",
           measurement->settled_count, measurement->timed_count, 100 * report->config->share,
           100 * report->config->level, measurement->seconds);
    print_blocks(report, additivity);
    printf("  mobile       %s\n", report->about->device);
    printf("  cloud        %s\n", report->about->cloud_device);
    printf("  energy       %s\n", report->about->energy_source);
    printf("  training     %s\n\n", report->backward);
}

static void print_row(struct table *table, const struct profile_report *report, uint32_t i)
{
    const struct engine_layer *layer = engine_model_layer(report->session->model, i);
    const struct median *median = &report->measurement->layers[i];
    const struct split_layer *costs = &report->profile->layers[i];
    double sum = sum_ms(report->measurement, 1, report->measurement->layer_count);
    table_add(table, "%" PRIu32, i + 1);
    table_add(table, "%s", layer->name);
    table_add(table, "%s", layer->type);
    const int places = sum < 1 ? 5 : 3;
    table_add(table, "%.*f", places, median->ms);
    table_add(table, "%.1f", median->ms > 0 ? 100 * median_error_ms(median) / median->ms : 0);
    table_add(table, "%zu", median->runs);
    table_add(table, "%.1f", sum > 0 ? 100 * median->ms / sum : 0);
    table_add(table, "%.*f", places, costs->mobile_ms);
    table_add(table, "%.*f", places, costs->mobile_mj);
    table_add(table, "%.*f", places, costs->cloud_ms);
    table_add(table, "%.0f", costs->output_bytes);
}

int profile_report_print(const struct profile_report *report)
{
    static const char *const titles[] = {">layer",     "name",      "type",      ">ms",
                                         ">+- %",      ">runs",     ">share %",  ">mobile ms",
                                         ">mobile mJ", ">cloud ms", ">bytes out"};
    struct additivity additivity;
    if (find_additivity(report->measurement, &additivity))
        return command_fail("profile", COMMAND_FAILED, "out of memory");
    if (report->session->options->is_json)
        return print_json(report, &additivity);
    print_summary(report, &additivity);
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    for (uint32_t i = 0; i < report->measurement->layer_count; i++)
        print_row(&table, report, i);
    int err = table_print(&table);
    table_fini(&table);
    return err ? command_fail("profile", COMMAND_FAILED, "out of memory")
               : command_finish("profile");
}
