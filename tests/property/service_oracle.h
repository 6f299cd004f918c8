/* The engine in the test's own process: what a served answer must be. */
#ifndef TESTS_PROPERTY_SERVICE_ORACLE_H
#define TESTS_PROPERTY_SERVICE_ORACLE_H

#include "compute/engine.h"
#include "shm/region.h"
#include "tests/unit/shm_random.h"

#define ORACLE_INPUTS 4u
#define ORACLE_MAX_CUTS 64u
#define ORACLE_MAX_BATCH 8u
#define ORACLE_TOLERANCE 1e-5f /* of the largest number */

struct oracle {
    struct engine_model *model;
    struct engine_context *context;
    struct region weights;
    uint8_t fingerprint[16];
    uint32_t cut_count, max_batch;
    uint32_t close_count; /* answers that were not to the bit those of one batch */
    uint32_t bytes[ORACLE_MAX_CUTS]; /* of a row; every cut has one tensor */
    unsigned char *state[ORACLE_INPUTS][ORACLE_MAX_CUTS]; /* what stands at each cut */
    /* By input, from, to and batch less one; made when they are asked for. */
    unsigned char *answer[ORACLE_INPUTS][ORACLE_MAX_CUTS][ORACLE_MAX_CUTS][ORACLE_MAX_BATCH];
};

/* Opens the model as a worker does. Asserts by CUnit. */
void oracle_init(struct oracle *oracle, const char *path, uint32_t max_batch,
                 struct shm_random *random);
void oracle_fini(struct oracle *oracle);

/* Whether it is what [from, to) gives for that input: to the bit in a batch of some size, or all
 * but the last bits. */
bool oracle_agrees(struct oracle *oracle, uint32_t input, uint32_t from, uint32_t to,
                   const unsigned char *answer);

#endif
