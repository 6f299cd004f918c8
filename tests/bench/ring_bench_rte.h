/* DPDK's ring under the same loops as ring_bench.c's, between two threads. The one who measures and
 * the one who helps call the same function with `is_helper` told apart. */
#ifndef TESTS_BENCH_RING_BENCH_RTE_H
#define TESTS_BENCH_RING_BENCH_RTE_H

#include <stdbool.h>
#include <stdint.h>

struct rte_bench;

/* Two rings, there and back; elements of 64 bytes, or of 8 as DPDK's own users have. */
struct rte_bench *rte_bench_create(uint32_t capacity, bool is_wide);
void rte_bench_destroy(struct rte_bench *bench);

/* Sends one element there and back, `rounds` times. */
void rte_bench_bounce(struct rte_bench *bench, bool is_helper, uint64_t rounds);

/* Sends count elements there in batches, and one back at the end. Returns a sum over all elements.
 */
uint64_t rte_bench_stream(struct rte_bench *bench, bool is_helper, uint64_t count, uint32_t batch);

#endif
