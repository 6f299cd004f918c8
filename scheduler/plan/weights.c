/* What a plan is made of, and what each of it weighs. */
#include "scheduler/plan/weights.h"

static void weigh_latency(struct split_weights *weights, const struct split_conditions *conditions)
{
    weights->mobile_ms = 1;
    weights->cloud_ms = conditions->load.cut_count ? 1 : conditions->load.k;
    weights->up_bytes = split_network_up_ms(&conditions->network, 1);
    weights->down_bytes = split_network_down_ms(&conditions->network, 1);
    weights->weight_bytes = weights->down_bytes;
    weights->to_mobile = conditions->network.rtt_ms / 2;
    weights->to_cloud = conditions->network.rtt_ms / 2 + conditions->load.wait_ms;
}

static void weigh_energy(struct split_weights *weights, const struct split_conditions *conditions)
{
    const struct split_network *network = &conditions->network;
    const bool has_base = conditions->has_radio_base;
    weights->mobile_mj = 1;
    weights->up_bytes =
        split_network_up_ms(network, 1) * split_network_up_mw(network, has_base) / 1e3;
    weights->down_bytes =
        split_network_down_ms(network, 1) * split_network_down_mw(network, has_base) / 1e3;
    weights->weight_bytes = weights->down_bytes;
}

void split_weights_of(struct split_weights *weights, const struct split_conditions *conditions,
                      enum split_criterion criterion)
{
    *weights = (struct split_weights){0};
    if (criterion == SPLIT_BY_LATENCY)
        weigh_latency(weights, conditions);
    else if (criterion == SPLIT_BY_ENERGY)
        weigh_energy(weights, conditions);
    else
        weights->cloud_ms = conditions->load.cut_count ? 1 : conditions->load.k;
}

void split_weights_add(struct split_weights *weights, double factor,
                       const struct split_weights *others)
{
    weights->mobile_ms += factor * others->mobile_ms;
    weights->mobile_mj += factor * others->mobile_mj;
    weights->cloud_ms += factor * others->cloud_ms;
    weights->weight_bytes += factor * others->weight_bytes;
    weights->up_bytes += factor * others->up_bytes;
    weights->down_bytes += factor * others->down_bytes;
    weights->to_cloud += factor * others->to_cloud;
    weights->to_mobile += factor * others->to_mobile;
}

double split_weights_product(const struct split_weights *weights,
                             const struct split_weights *amounts)
{
    return weights->mobile_ms * amounts->mobile_ms + weights->mobile_mj * amounts->mobile_mj +
           weights->cloud_ms * amounts->cloud_ms + weights->weight_bytes * amounts->weight_bytes +
           weights->up_bytes * amounts->up_bytes + weights->down_bytes * amounts->down_bytes +
           weights->to_cloud * amounts->to_cloud + weights->to_mobile * amounts->to_mobile;
}
