/* Which cuts the phones hand over at, and how often each. */
#ifndef SCHEDULER_LOADTEST_MIX_H
#define SCHEDULER_LOADTEST_MIX_H

#include "scheduler/loadtest/random.h"

struct loadtest_mix {
    uint32_t count;
    uint16_t *cuts; /* ascending, each once */
    double *ends; /* [i]: the share of cuts[0..i]; the last one is 1 */
};

/* Every cut before last alike. 0 or -ENOMEM; last is not 0. */
int loadtest_mix_init_all(struct loadtest_mix *mix, uint32_t last);

/* One cut. 0 or -ENOMEM. */
int loadtest_mix_init_one(struct loadtest_mix *mix, uint16_t cut);

/* "0=1,5=2.5": cuts before last, each once, with weights over 0. -EINVAL: it is not that. */
int loadtest_mix_init_text(struct loadtest_mix *mix, const char *text, uint32_t last);

void loadtest_mix_fini(struct loadtest_mix *mix); /* accepts NULL and a zeroed object */

/* An index into cuts. */
uint32_t loadtest_mix_draw(const struct loadtest_mix *mix, struct loadtest_random *random);

#endif
