/* A server in virtual time around a dispatcher, for benchmarks of its rules: phones that offer
 * AlexNet from its cuts at random times (Poisson), workers that run paths as compute/worker does:
 * rows enter and leave at their cuts, between two parts the most urgent dispatch goes on.
 *
 * A part takes what was measured, give or take a tenth, and where rows go on across its end, the
 * copy of their tensors. What a worker says is heard at once, and too late for the part that it
 * then begins. */
#ifndef TESTS_BENCH_DISPATCH_SIM_H
#define TESTS_BENCH_DISPATCH_SIM_H

#include "scheduler/dispatch/dispatch.h"

enum {
    SIM_CUTS = 15, /* AlexNet's, its end included */
    SIM_SIZES = 4,
    SIM_BATCH = 8,
    SIM_MOST_WORKERS = 4,
    SIM_MOST_STREAMS = 3,
    SIM_MOST_CLASSES = 2,
};

extern const uint32_t sim_sizes[SIM_SIZES];

/* Phones of one kind. */
struct sim_stream {
    double per_second;
    uint32_t cut_count;
    uint32_t cuts[8]; /* mixed evenly; all go to the end */
    uint32_t rows; /* of each request */
    uint8_t class_index;
    double deadline_times; /* of the unloaded time; 0: no deadline */
};

struct sim_config {
    enum dispatch_mode mode;
    bool has_admission;
    uint64_t max_delay_ns, max_run_ns;
    uint32_t workers;
    uint32_t stream_count;
    struct sim_stream streams[SIM_MOST_STREAMS];
    struct dispatch_class classes[SIM_MOST_CLASSES];
    uint32_t requests; /* offered in all */
    uint64_t seed;
};

struct sim_counts {
    uint64_t offered, refused, dropped, in_time, late; /* late: answered after the deadline */
    uint64_t answered_at[SIM_CUTS], offered_at[SIM_CUTS]; /* in time, by the cut they came with */
    double p50, p99, mean; /* latency of what was answered, in unloaded times */
    double mean_ns;
};

struct sim_result {
    double seconds;
    struct sim_counts streams[SIM_MOST_STREAMS];
    uint64_t parts, part_rows, missed;
    struct dispatch_counts dispatch;
};

/* ns of some rows together over the layers [from, to), as measured. */
double sim_part_ns(uint32_t from, uint32_t to, uint32_t rows);
/* 0, or -ENOMEM. */
int sim_run(const struct sim_config *config, struct sim_result *result);

#endif
