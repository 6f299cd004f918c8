/* The network's own answers, one row at a time. */
#include "scheduler/loadtest/verify.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct checker {
    const struct loadtest_plan *plan;
    struct engine_context *context;
    const struct engine_cut *last;
    void **outputs;
};

static void free_all(void **memory, uint32_t count)
{
    for (uint32_t i = 0; memory && i < count; i++)
        free(memory[i]);
    free(memory);
}

/* Room for one row of each tensor of a cut. */
static void **allocate(const struct engine_cut *cut)
{
    void **memory = calloc(cut->tensor_count + 1u, sizeof(*memory));
    for (uint32_t i = 0; memory && i < cut->tensor_count; i++) {
        memory[i] = calloc(1, cut->tensors[i].bytes + 1);
        if (!memory[i]) {
            free_all(memory, i);
            return NULL;
        }
    }
    return memory;
}

/* Written so that a NaN is wrong. */
static bool is_close(float a, float b, double *largest)
{
    const double difference = fabs((double)a - (double)b);
    const double scale = fabs((double)b) > 1 ? fabs((double)b) : 1;
    if (!(difference <= *largest))
        *largest = difference;
    return difference <= LOADTEST_TOLERANCE * scale;
}

static bool is_right(const struct engine_cut *last, void *const *outputs, const uint8_t *answer,
                     double *largest)
{
    bool is_right = true;
    for (uint32_t t = 0; t < last->tensor_count; t++) {
        const struct engine_tensor *tensor = &last->tensors[t];
        if (tensor->type != TENSOR_F32)
            is_right &= memcmp(outputs[t], answer, tensor->bytes) == 0;
        for (size_t i = 0; i < tensor->bytes / 4 && tensor->type == TENSOR_F32; i++) {
            float value;
            memcpy(&value, answer + 4 * i, sizeof(value));
            is_right &= is_close(value, ((const float *)outputs[t])[i], largest);
        }
        answer += tensor->bytes;
    }
    return is_right;
}

static int check(const struct checker *checker, const struct loadtest_sample *sample,
                 struct loadtest_verified *verified, struct engine_error *error)
{
    const struct loadtest_plan *plan = checker->plan;
    const uint32_t from = plan->mix->cuts[sample->entry];
    const struct engine_cut *cut = engine_model_cut(plan->model->engine, from);
    void **inputs = allocate(cut);
    if (!inputs)
        return -ENOMEM;
    loadtest_message_decode(cut, plan->messages->encoding,
                            loadtest_messages_bytes(plan->messages, sample->entry, sample->tensor),
                            inputs);
    const struct engine_run run = {.from = from,
                                   .to = plan->model->last_cut,
                                   .rows = 1,
                                   .inputs = (const void *const *)inputs,
                                   .outputs = checker->outputs};
    int err = engine_context_run(checker->context, &run, error);
    if (!err) {
        verified->compared++;
        verified->wrong += !is_right(checker->last, checker->outputs, sample->answer,
                                     &verified->largest_difference);
    }
    free_all(inputs, cut->tensor_count);
    return err;
}

static int check_all(const struct checker *checker, const struct loadtest_run *run,
                     uint32_t lane_count, struct loadtest_verified *verified,
                     struct engine_error *error)
{
    for (uint32_t lane = 0; lane < lane_count; lane++) {
        uint32_t count;
        const struct loadtest_sample *samples = loadtest_run_samples(run, lane, &count);
        for (uint32_t i = 0; i < count; i++) {
            int err = samples[i].is_kept ? check(checker, &samples[i], verified, error) : 0;
            if (err)
                return err;
        }
    }
    return 0;
}

int loadtest_verify(const struct loadtest_plan *plan, const struct loadtest_run *run,
                    uint32_t lane_count, struct loadtest_verified *verified, char *text)
{
    struct engine_model *engine = plan->model->engine;
    struct engine_error error = {"out of memory"};
    struct checker checker = {.plan = plan,
                              .last = engine_model_cut(engine, plan->model->last_cut)};
    *verified = (struct loadtest_verified){0};
    int err = engine_model_prepare(engine, &error);
    if (!err)
        err = engine_model_pack(engine, NULL, &error);
    if (!err)
        err = engine_context_create(engine, NULL, &checker.context, &error);
    if (!err && !(checker.outputs = allocate(checker.last)))
        err = -ENOMEM;
    if (!err)
        err = check_all(&checker, run, lane_count, verified, &error);
    if (err)
        snprintf(text, LOADTEST_ERROR_BYTES, "%s", error.text);
    free_all(checker.outputs, checker.last->tensor_count);
    engine_context_destroy(checker.context);
    return err;
}
