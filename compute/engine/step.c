/* One step of a plan over some rows: operands to pointers, then the kernel. */
#include "compute/engine/context.h"

#include <string.h>

void *context_place(const struct engine_context *context, const struct plan *plan, uint32_t number,
                    uint32_t first_row)
{
    const struct place *place = &plan->places[number];
    if (place->buffer == PLAN_NONE)
        return (void *)place->constant;
    const struct buffer *buffer = &plan->buffers[place->buffer];
    size_t row = buffer->is_micro ? 0 : first_row * buffer->row_bytes;
    return context->arena + buffer->offset + place->offset + row;
}

/* What every kernel of a step needs. */
struct operands {
    const float *input, *second;
    float *output;
    size_t input_stride, second_stride, output_stride;
    const void *packed;
    const float *bias, *scale;
    uint32_t images;
};

static size_t stride_of(const struct plan *plan, uint32_t place)
{
    return place == PLAN_NONE ? 0 : plan->places[place].stride;
}

static struct operands find_operands(const struct engine_context *context, const struct plan *plan,
                                     const struct step *step, uint32_t first_row, uint32_t rows)
{
    struct operands o = {.images = (uint32_t)(rows * step->images_per_row),
                         .input_stride = stride_of(plan, step->input),
                         .second_stride = stride_of(plan, step->second),
                         .output_stride = stride_of(plan, step->output)};
    o.input = context_place(context, plan, step->input, first_row);
    o.output = context_place(context, plan, step->output, first_row);
    if (step->second != PLAN_NONE)
        o.second = context_place(context, plan, step->second, first_row);
    if (step->packed != PLAN_NONE) {
        const struct piece *piece = &context->model->weights.pieces[step->packed];
        const char *packed = context->model->packed;
        unsigned algorithm = step->kind == STEP_CONV ? step->conv.algorithm : 0;
        o.packed = packed + piece->packed_offset[algorithm];
        if (step->has_bias)
            o.bias = (const float *)(packed + piece->shift_offset);
        if (step->has_scale)
            o.scale = (const float *)(packed + piece->scale_offset);
    }
    return o;
}

static void run_conv(struct engine_context *context, const struct step *step,
                     const struct operands *o)
{
    struct conv_call call = {.algorithm = step->conv.algorithm,
                             .isa = context->model->isa,
                             .shape = step->conv.shape,
                             .images = o->images,
                             .input = o->input,
                             .input_stride = o->input_stride,
                             .output = o->output,
                             .output_stride = o->output_stride,
                             .packed = o->packed,
                             .epilogue = {.bias = o->bias,
                                          .residual = o->second,
                                          .residual_stride = o->second_stride,
                                          .activation = step->activation},
                             .scratch = context->scratch};
    conv_run(&call, context->pool);
}

static void run_linear(struct engine_context *context, const struct step *step,
                       const struct operands *o)
{
    const float **inputs = (const float **)context->rows;
    float **outputs = (float **)(context->rows + o->images);
    for (uint32_t r = 0; r < o->images; r++) {
        inputs[r] = o->input + r * step->linear.depth;
        outputs[r] = o->output + r * step->linear.columns;
    }
    struct linear_call call = {.isa = context->model->isa,
                               .shape = step->linear,
                               .rows = o->images,
                               .input = inputs,
                               .output = outputs,
                               .packed = o->packed,
                               .epilogue = {.bias = o->bias,
                                            .residual = o->second,
                                            .residual_stride = step->linear.columns,
                                            .activation = step->activation}};
    linear_run(&call, context->pool);
}

static void run_layout(struct engine_context *context, const struct step *step,
                       const struct operands *o)
{
    bool is_to_last = step->kind == STEP_TO_LAST;
    size_t image_floats = step->pixels * step->channels;
    const float *plain = is_to_last ? o->input : o->output;
    for (uint32_t i = 0; i < o->images; i++)
        context->rows[i] = plain + i * image_floats;
    if (is_to_last)
        spatial_to_channels_last(context->model->isa, step->channels, step->pixels, o->images,
                                 (const float *const *)context->rows, o->output, o->output_stride,
                                 context->pool);
    else
        spatial_from_channels_last(context->model->isa, step->channels, step->pixels, o->images,
                                   o->input, o->input_stride, (float *const *)context->rows,
                                   context->pool);
}

static void run_generic(struct engine_context *context, const struct plan *plan,
                        const struct step *step)
{
    const struct node *node = &plan->instance.graph->nodes[step->node];
    struct op_call call;
    const struct tensor **inputs = context->operands;
    struct tensor **outputs = (struct tensor **)(context->operands + node->input_count);
    instance_call(&plan->instance, step->node, &call, inputs, outputs);
    struct tensor *tensors = context->tensors;
    for (uint32_t i = 0; i < node->input_count; i++) {
        if (!inputs[i])
            continue;
        *tensors = *inputs[i];
        tensors->data = context_place(context, plan, step->generic.inputs[i], 0);
        inputs[i] = tensors++;
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        if (!outputs[i])
            continue;
        *tensors = *outputs[i];
        tensors->data = context_place(context, plan, step->generic.outputs[i], 0);
        outputs[i] = tensors++;
    }
    call.scratch = context->scratch;
    call.pool = context->pool;
    node->op->compute(&call);
}

void step_run(struct engine_context *context, const struct plan *plan, const struct step *step,
              uint32_t first_row, uint32_t rows)
{
    if (step->kind == STEP_MARK)
        return;
    if (step->kind == STEP_GENERIC) {
        run_generic(context, plan, step);
        return;
    }
    enum isa isa = context->model->isa;
    struct thread_pool *pool = context->pool;
    struct operands o = find_operands(context, plan, step, first_row, rows);
    size_t pixels = step->pixels * o.images;
    switch (step->kind) {
    case STEP_CONV:
        run_conv(context, step, &o);
        break;
    case STEP_LINEAR:
        run_linear(context, step, &o);
        break;
    case STEP_TO_LAST:
    case STEP_TO_PLAIN:
        run_layout(context, step, &o);
        break;
    case STEP_POOL:
        spatial_pool(isa, &step->pool, o.images, o.input, o.input_stride, o.output, o.output_stride,
                     pool);
        break;
    case STEP_GLOBAL_AVERAGE:
        spatial_global_average(isa, step->channels, step->pixels, o.images, o.input, o.input_stride,
                               o.output, o.output_stride, pool);
        break;
    case STEP_LRN:
        spatial_lrn(isa, step->channels, pixels, step->lrn.size, step->lrn.alpha, step->lrn.beta,
                    step->lrn.bias, o.input, o.input_stride, o.output, o.output_stride, pool);
        break;
    case STEP_AFFINE:
        spatial_affine(isa, step->channels, pixels, o.scale, o.bias, step->activation, o.input,
                       o.input_stride, o.output, o.output_stride, pool);
        break;
    case STEP_COMBINE:
        spatial_combine(isa, step->channels, pixels, step->is_product, step->activation, o.input,
                        o.input_stride, o.second, o.second_stride, o.output, o.output_stride, pool);
        break;
    case STEP_COPY:
        spatial_copy(isa, step->channels, pixels, o.input, o.input_stride, o.output,
                     o.output_stride, pool);
        break;
    case STEP_MARK:
    case STEP_GENERIC:
        break;
    }
}
