/* The load of one model, as jointd publishes it in a load page of the model's own: model_load_words
 * words. Times are nanoseconds. */
#ifndef SHM_MODEL_LOAD_H
#define SHM_MODEL_LOAD_H

#include "shm/load_page.h"

#define MODEL_LOAD_MAX_CUTS ((LOAD_PAGE_MAX_WORDS - 2u) / 3u) /* a model with more has no page */

struct model_load_cut {
    /* From here to the end, in a batch as they are now, as lately measured. A range costs the
     * difference of its two. */
    uint64_t remaining_ns;
    uint64_t marginal_ns; /* what one row more would add to that batch */
    uint64_t queued; /* requests that wait here */
};

struct model_load {
    uint64_t generated_ns; /* monotonic */
    uint64_t
        slowdown_permille; /* k: remaining_ns of cut 0 over that of one row alone when loaded */
    struct model_load_cut cuts[MODEL_LOAD_MAX_CUTS];
};

static inline uint32_t model_load_words(uint32_t cut_count)
{
    return 2 + 3 * cut_count;
}

static_assert(sizeof(struct model_load_cut) == 3 * 8, "model_load_cut");
static_assert(sizeof(struct model_load) == (2 + 3 * MODEL_LOAD_MAX_CUTS) * 8, "model_load");

#endif
