/* A plan in words. */
#include "scheduler/cli/picture/plan_words.h"

#include "scheduler/cli/picture/quantity.h"

#include <math.h>

/* As the planner counts a bound as met. */
#define BOUND_SLACK 1e-9

static uint32_t layer_of(const struct plan_picture *picture, uint32_t step)
{
    const uint32_t n = picture->problem->layer_count;
    return step <= n ? step : 2 * n + 1 - step;
}

static void add_step(struct text *text, const struct plan_picture *picture, uint32_t step,
                     size_t max_name)
{
    const uint32_t layer = layer_of(picture, step);
    const char *name = picture->profile->layers[layer - 1].name;
    if (name && *name)
        text_add_name(text, name, max_name);
    else
        text_add(text, "layer %u", layer);
}

void plan_words_add_steps(struct text *text, const struct plan_picture *picture, uint32_t first,
                          uint32_t last, size_t max_name)
{
    const uint32_t n = picture->problem->layer_count;
    add_step(text, picture, first, max_name);
    if (first <= n && last > n) {
        if (first < n) {
            text_add(text, " – ");
            add_step(text, picture, n, max_name);
        }
        text_add(text, " and back to ");
        add_step(text, picture, last, max_name);
    } else if (first != last) {
        text_add(text, " – ");
        add_step(text, picture, last, max_name);
    }
    if (first > n)
        text_add(text, " backward");
}

void plan_words_add_count(struct text *text, const struct plan_picture *picture, uint32_t count)
{
    const char *what = picture->problem->mode == SPLIT_TRAINING ? "step" : "layer";
    text_add(text, "%u %s%s", count, what, count == 1 ? "" : "s");
}

static void add_load(struct text *text, const struct stretch *stretch)
{
    const double tensor_bytes = stretch->bytes - stretch->weight_bytes;
    if (stretch->bytes <= 0) {
        text_add(text, "nothing");
    } else if (stretch->weight_bytes <= 0) {
        text_add_bytes(text, stretch->bytes);
    } else {
        text_add_bytes(text, stretch->weight_bytes);
        text_add(text, " of weights");
        if (tensor_bytes <= 0)
            return;
        text_add(text, " and ");
        text_add_bytes(text, tensor_bytes);
    }
}

void plan_words_add_deed(struct text *text, const struct plan_picture *picture,
                         const struct stretch *stretch, size_t max_name)
{
    switch (stretch->kind) {
    case STRETCH_MOBILE:
    case STRETCH_CLOUD:
        text_add(text, "runs ");
        plan_words_add_steps(text, picture, stretch->first, stretch->last, max_name);
        if (stretch->first != stretch->last) {
            text_add(text, " (");
            plan_words_add_count(text, picture, stretch->last - stretch->first + 1);
            text_add(text, ")");
        }
        break;
    case STRETCH_UP:
        text_add(text, "sends ");
        add_load(text, stretch);
        break;
    case STRETCH_DOWN:
        text_add(text, "sends back ");
        add_load(text, stretch);
        break;
    }
}

static void add_objective(struct text *text, const struct plan_picture *picture,
                          const struct split_totals *totals)
{
    if (picture->goal->objective == SPLIT_LATENCY)
        text_add_ms(text, totals->latency_ms);
    else
        text_add_mj(text, totals->energy_mj);
}

static const char *broken_bound(const struct split_goal *goal, const struct split_totals *totals)
{
    if (totals->latency_ms > goal->max_latency_ms * (1 + BOUND_SLACK))
        return "latency";
    if (totals->energy_mj > goal->max_energy_mj * (1 + BOUND_SLACK))
        return "energy";
    if (totals->cloud_ms > goal->max_cloud_ms * (1 + BOUND_SLACK))
        return "server time";
    return NULL;
}

static void add_rival(struct text *text, const struct plan_picture *picture,
                      const struct split_totals *totals, const char *who)
{
    add_objective(text, picture, totals);
    const char *broken = broken_bound(picture->goal, totals);
    if (broken)
        text_add(text, " (%s, over the %s bound)", who, broken);
    else
        text_add(text, " (%s)", who);
}

static double objective_of(const struct plan_picture *picture, const struct split_totals *totals)
{
    return picture->goal->objective == SPLIT_LATENCY ? totals->latency_ms : totals->energy_mj;
}

/* ": 70.5 ms instead of 150 ms (phone alone) or 221 ms (server alone)" */
static void add_comparison(struct text *text, const struct plan_picture *picture,
                           const struct stretches *stretches)
{
    const struct split_plan *plan = picture->plan;
    const bool is_mobile = stretches->count == 1;
    const bool is_cloud = stretches->count == 3 && stretches->items[0].kind == STRETCH_UP;
    const double mine = objective_of(picture, &plan->totals) * (1 - 1e-9);
    const bool is_best = mine <= objective_of(picture, &plan->mobile_only) &&
                         mine <= objective_of(picture, &plan->cloud_only);
    text_add(text, ": ");
    add_objective(text, picture, &plan->totals);
    if (picture->goal->objective == SPLIT_ENERGY)
        text_add(text, " of the phone's battery");
    text_add(text, is_best ? " instead of " : ", against ");
    if (!is_mobile)
        add_rival(text, picture, &plan->mobile_only, "phone alone");
    if (!is_mobile && !is_cloud)
        text_add(text, is_best ? " or " : " and ");
    if (!is_cloud)
        add_rival(text, picture, &plan->cloud_only, "server alone");
}

/* Four stretches of computation and more: which side does how much. */
static void add_summary(struct text *text, const struct plan_picture *picture,
                        const struct stretches *stretches)
{
    uint32_t mobile = 0, cloud = 0;
    for (uint32_t i = 0; i < stretches->count; i++) {
        const struct stretch *stretch = &stretches->items[i];
        const uint32_t count = stretch->last - stretch->first + 1;
        if (stretch->kind == STRETCH_MOBILE)
            mobile += count;
        else if (stretch->kind == STRETCH_CLOUD)
            cloud += count;
    }
    text_add(text, "Changes sides %u times, runs ", picture->plan->totals.transfers);
    plan_words_add_count(text, picture, mobile);
    text_add(text, " on the phone and %u on the server, sends ", cloud);
    text_add_bytes(text, picture->plan->totals.upload_bytes);
    text_add(text, " and gets ");
    text_add_bytes(text, picture->plan->totals.download_bytes);
    text_add(text, " back");
}

/* What the stretches after the first do. */
static void add_others(struct text *text, const struct plan_picture *picture,
                       const struct stretches *stretches)
{
    for (uint32_t i = 1; i < stretches->count; i++) {
        const struct stretch *stretch = &stretches->items[i];
        const bool is_rest = stretch->last == picture->problem->count;
        switch (stretch->kind) {
        case STRETCH_MOBILE:
            text_add(text, ", the phone ");
            break;
        case STRETCH_CLOUD:
            text_add(text, ", the server ");
            break;
        case STRETCH_UP:
            text_add(text, ", sends ");
            add_load(text, stretch);
            continue;
        case STRETCH_DOWN:
            if (i + 1 == stretches->count && stretch->weight_bytes <= 0)
                continue; /* the result comes back, as anyone expects */
            text_add(text, " and sends ");
            add_load(text, stretch);
            text_add(text, " back");
            continue;
        }
        if (is_rest) {
            text_add(text, i == 1 ? "does everything" : "does the rest");
        } else {
            text_add(text, "runs ");
            plan_words_add_steps(text, picture, stretch->first, stretch->last, 18);
        }
    }
}

static void add_infeasible(struct text *text, const struct plan_picture *picture)
{
    const struct split_goal *goal = picture->goal;
    const char *separator = " ";
    text_add(text, "No plan keeps");
    if (isfinite(goal->max_latency_ms)) {
        text_add(text, "%sthe latency within ", separator);
        text_add_ms(text, goal->max_latency_ms);
        separator = " and ";
    }
    if (isfinite(goal->max_energy_mj)) {
        text_add(text, "%sthe phone's energy within ", separator);
        text_add_mj(text, goal->max_energy_mj);
        separator = " and ";
    }
    if (isfinite(goal->max_cloud_ms)) {
        text_add(text, "%sthe server's time within ", separator);
        text_add_ms(text, goal->max_cloud_ms);
    }
}

void plan_words_add_headline(struct text *text, const struct plan_picture *picture,
                             const struct stretches *stretches)
{
    if (!picture->plan->is_feasible || !stretches->count) {
        add_infeasible(text, picture);
        return;
    }
    const bool is_training = picture->problem->mode == SPLIT_TRAINING;
    const struct stretch *first = &stretches->items[0];
    if (is_training)
        text_add(text, "One training step. ");
    if (stretches->count > 5) {
        add_summary(text, picture, stretches);
    } else if (stretches->count == 1) {
        text_add(text, "Runs everything on the phone");
    } else if (first->kind == STRETCH_UP) {
        text_add(text, "Sends the input (");
        add_load(text, first);
        text_add(text, ")");
        add_others(text, picture, stretches);
    } else {
        text_add(text, "Runs ");
        plan_words_add_steps(text, picture, first->first, first->last, 18);
        text_add(text, " on the phone");
        add_others(text, picture, stretches);
    }
    add_comparison(text, picture, stretches);
}

void plan_words_add_model(struct text *text, const struct plan_picture *picture)
{
    const struct split_profile *profile = picture->profile;
    if (profile->model && *profile->model) {
        text_add_name(text, profile->model, 40);
        text_add(text, " · ");
    }
    text_add(text, "%u layer%s · %s", profile->layer_count, profile->layer_count == 1 ? "" : "s",
             picture->problem->mode == SPLIT_TRAINING ? "one training step" : "inference");
    if (profile->batch > 1)
        text_add(text, " · %u inputs at a time", profile->batch);
}

void plan_words_add_conditions(struct text *text, const struct plan_picture *picture)
{
    const struct split_network *network = &picture->conditions->network;
    const struct split_load *load = &picture->conditions->load;
    text_add(text, "Link");
    if (picture->network_name && *picture->network_name) {
        text_add(text, " ");
        text_add_name(text, picture->network_name, 24);
    }
    text_add(text, ": ");
    text_add_mbps(text, network->up_mbps);
    text_add(text, " up, ");
    text_add_mbps(text, network->down_mbps);
    text_add(text, " down");
    if (network->rtt_ms > 0) {
        text_add(text, ", round trip ");
        text_add_ms(text, network->rtt_ms);
    }
    text_add(text, " · Server: ");
    if (load->cut_count)
        text_add(text, "times as it tells them itself");
    else if (load->k < 1 || load->k > 1) {
        text_add_number(text, load->k);
        text_add(text, " × its unloaded times");
    } else {
        text_add(text, "unloaded times");
    }
    if (load->wait_ms > 0) {
        text_add(text, ", each entry waits ");
        text_add_ms(text, load->wait_ms);
    }
}

void plan_words_add_goal(struct text *text, const struct plan_picture *picture)
{
    const struct split_goal *goal = picture->goal;
    text_add(text, "Wanted: the least %s",
             goal->objective == SPLIT_LATENCY ? "latency" : "energy of the phone");
    if (isfinite(goal->max_latency_ms)) {
        text_add(text, " · latency at most ");
        text_add_ms(text, goal->max_latency_ms);
    }
    if (isfinite(goal->max_energy_mj)) {
        text_add(text, " · energy at most ");
        text_add_mj(text, goal->max_energy_mj);
    }
    if (isfinite(goal->max_cloud_ms)) {
        text_add(text, " · server's time at most ");
        text_add_ms(text, goal->max_cloud_ms);
    }
}
