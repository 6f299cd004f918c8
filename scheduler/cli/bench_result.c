/* Prints what was measured, for people or as JSON. */
#include "scheduler/cli/bench_result.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/report.h"
#include "scheduler/cli/table.h"

#include <inttypes.h>
#include <stdio.h>

/* The layers that were run: from the first cut's count to the last cut's. */
static uint32_t layers_before(const struct bench_result *result, uint32_t cut)
{
    return engine_model_cut(result->session->model, cut)->layer_count;
}

static double layer_gflop(const struct bench_result *result, uint32_t layer)
{
    return engine_model_layer(result->session->model, layer)->flops * result->batch / 1e9;
}

static double total_gflop(const struct bench_result *result)
{
    double gflop = 0;
    uint32_t end = layers_before(result, result->to);
    for (uint32_t i = layers_before(result, result->from); i < end; i++)
        gflop += layer_gflop(result, i);
    return gflop;
}

/* Speed as amount per second; 0 where the time was too short to measure. */
static double per_second(double amount, double ms)
{
    return ms > 0 ? amount * 1e3 / ms : 0;
}

static double load_ms(const struct session_times *times)
{
    return times->open_ms + times->prepare_ms + times->pack_ms + times->context_ms;
}

static int print_json(const struct bench_result *result)
{
    const struct session *session = result->session;
    const struct session_times *times = &session->times;
    json_t *layers = json_array();
    uint32_t end = layers_before(result, result->to);
    for (uint32_t i = layers_before(result, result->from); i < end; i++) {
        const struct engine_layer *layer = engine_model_layer(session->model, i);
        json_array_append_new(
            layers, json_pack("{s:o, s:o, s:s, s:f, s:f}", "name", report_text(layer->name), "type",
                              report_text(layer->type), "algorithm",
                              engine_model_algorithm(session->model, i, result->batch), "ms",
                              result->layer_ms[i], "gflop", layer_gflop(result, i)));
    }
    json_t *json =
        json_pack("{s:o, s:I, s:I, s:I, s:I, s:b, s:I, s:f, s:f, s:f, s:f, s:I}", "model",
                  report_text(result->options->path), "batch", (json_int_t)result->batch, "threads",
                  (json_int_t)result->options->threads, "from", (json_int_t)result->from, "to",
                  (json_int_t)result->to, "strict", result->options->is_strict, "runs",
                  (json_int_t)result->runs, "median_ms", result->median_ms, "min_ms",
                  result->min_ms, "images_per_s", per_second(result->batch, result->median_ms),
                  "gflop_per_s", per_second(total_gflop(result), result->median_ms),
                  "peak_rss_bytes", (json_int_t)result->peak_rss_bytes);
    json_t *more = json_pack(
        "{s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:o}", "load_ms", load_ms(times), "open_ms",
        times->open_ms, "prepare_ms", times->prepare_ms, "pack_ms", times->pack_ms, "context_ms",
        times->context_ms, "weights_bytes", (json_int_t)engine_model_weights_bytes(session->model),
        "context_bytes", (json_int_t)engine_context_bytes(session->model), "layers", layers);
    if (json && json_object_update(json, more)) {
        json_decref(json);
        json = NULL;
    }
    json_decref(more);
    return report_json_print("bench", json);
}

static int print_table(const struct bench_result *result)
{
    static const char *const titles[] = {">layer", "name",   "type",    "algorithm",
                                         ">ms",    ">GFLOP", ">GFLOP/s"};
    const struct session *session = result->session;
    printf("%s, cuts %" PRIu32 " to %" PRIu32 ", batch %" PRIu32 ", %" PRIu32 " thread%s%s\n",
           result->options->path, result->from, result->to, result->batch, result->options->threads,
           result->options->threads == 1 ? "" : "s", result->options->is_strict ? ", strict" : "");
    printf("  time           %.3f ms for the batch (median of %zu), least %.3f ms\n",
           result->median_ms, result->runs, result->min_ms);
    printf("  speed          %.1f images/s, %.1f GFLOP/s\n",
           per_second(result->batch, result->median_ms),
           per_second(total_gflop(result), result->median_ms));
    printf("  peak memory    %.1f MB, of which packed weights %.1f MB, intermediate %.1f MB\n",
           (double)result->peak_rss_bytes / 1e6,
           (double)engine_model_weights_bytes(session->model) / 1e6,
           (double)engine_context_bytes(session->model) / 1e6);
    printf("  load           %.1f ms: open %.1f, prepare %.1f, pack %.1f, context %.1f\n\n",
           load_ms(&session->times), session->times.open_ms, session->times.prepare_ms,
           session->times.pack_ms, session->times.context_ms);
    struct table table;
    table_init(&table, titles, sizeof(titles) / sizeof(titles[0]));
    uint32_t end = layers_before(result, result->to);
    for (uint32_t i = layers_before(result, result->from); i < end; i++) {
        const struct engine_layer *layer = engine_model_layer(session->model, i);
        table_add(&table, "%" PRIu32, i);
        table_add(&table, "%s", layer->name);
        table_add(&table, "%s", layer->type);
        table_add(&table, "%s", engine_model_algorithm(session->model, i, result->batch));
        table_add(&table, "%.3f", result->layer_ms[i]);
        table_add(&table, "%.4f", layer_gflop(result, i));
        table_add(&table, "%.1f", per_second(layer_gflop(result, i), result->layer_ms[i]));
    }
    int err = table_print(&table);
    table_fini(&table);
    return err ? command_fail("bench", COMMAND_FAILED, "out of memory") : command_finish("bench");
}

int bench_result_print(const struct bench_result *result)
{
    return result->options->is_json ? print_json(result) : print_table(result);
}
