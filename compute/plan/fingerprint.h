/* A 128-bit fingerprint of a network: equal networks have equal ones on every machine. It tells
 * files apart; it is no defence against someone who makes two that collide on purpose. */
#ifndef COMPUTE_PLAN_FINGERPRINT_H
#define COMPUTE_PLAN_FINGERPRINT_H

#include "compute/graph/graph.h"

struct fingerprint {
    uint64_t lanes[4];
    uint64_t bytes;
};

void fingerprint_init(struct fingerprint *fingerprint);

/* Mixes in bytes, and their number, so that neighbouring fields cannot trade bytes. */
void fingerprint_add(struct fingerprint *fingerprint, const void *data, size_t bytes);

/* Mixes in nodes, attributes, names and shapes; with weights also the constants' elements. */
void fingerprint_graph(struct fingerprint *fingerprint, const struct graph *graph,
                       bool with_weights);

void fingerprint_finish(const struct fingerprint *fingerprint, uint8_t result[16]);

#endif
