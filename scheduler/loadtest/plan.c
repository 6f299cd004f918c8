/* What follows from a run's plan for each phone. */
#include "scheduler/loadtest/plan.h"

#include "scheduler/loadtest/lane_state.h"

#define LONGEST_NS UINT64_C(10000000000)
#define MAX_RANGES 16 /* gaps in an answer, or in what was lost of a request */

struct loadtest_plan loadtest_plan_default(void)
{
    return (struct loadtest_plan){.requests_per_client = 4,
                                  .packets_per_client = 128,
                                  .warmup_ns = 1000000000,
                                  .late_send_ns = 1000000,
                                  .silence_ns = 3000000000,
                                  .first_client = 1,
                                  .seed = 1};
}

void loadtest_plan_client_config(const struct loadtest_plan *plan, struct jtp_client_config *config)
{
    jtp_client_config_default(config);
    config->server = plan->server;
    config->max_requests = plan->requests_per_client;
    config->max_sent = plan->packets_per_client;
    config->max_ranges = MAX_RANGES;
    config->longest_ns = LONGEST_NS;
}

size_t loadtest_plan_bytes_per_client(const struct loadtest_plan *plan)
{
    struct jtp_client_config config;
    loadtest_plan_client_config(plan, &config);
    return jtp_client_bytes(&config) + sizeof(struct lane_phone) + sizeof(uint32_t) +
           jtp_table_words(plan->client_count) * sizeof(uint32_t) / plan->client_count +
           plan->requests_per_client * sizeof(struct lane_request);
}
