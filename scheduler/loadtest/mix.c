/* A mix of cuts: made from options, drawn from by its cumulative shares. */
#include "scheduler/loadtest/mix.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int allocate(struct loadtest_mix *mix, uint32_t count)
{
    *mix = (struct loadtest_mix){.count = count};
    mix->cuts = calloc(count, sizeof(*mix->cuts));
    mix->ends = calloc(count, sizeof(*mix->ends));
    if (mix->cuts && mix->ends)
        return 0;
    loadtest_mix_fini(mix);
    return -ENOMEM;
}

void loadtest_mix_fini(struct loadtest_mix *mix)
{
    if (!mix)
        return;
    free(mix->cuts);
    free(mix->ends);
    *mix = (struct loadtest_mix){0};
}

/* From weights, as they stand in ends, to cumulative shares. */
static int accumulate(struct loadtest_mix *mix)
{
    double sum = 0;
    for (uint32_t i = 0; i < mix->count; i++)
        mix->ends[i] = sum += mix->ends[i];
    if (!isfinite(sum) || sum <= 0)
        return -EINVAL;
    for (uint32_t i = 0; i < mix->count; i++)
        mix->ends[i] /= sum;
    mix->ends[mix->count - 1] = 1;
    return 0;
}

int loadtest_mix_init_all(struct loadtest_mix *mix, uint32_t last)
{
    int err = allocate(mix, last);
    for (uint32_t i = 0; i < last && !err; i++) {
        mix->cuts[i] = (uint16_t)i;
        mix->ends[i] = 1;
    }
    return err ? err : accumulate(mix);
}

int loadtest_mix_init_one(struct loadtest_mix *mix, uint16_t cut)
{
    int err = allocate(mix, 1);
    if (err)
        return err;
    mix->cuts[0] = cut;
    mix->ends[0] = 1;
    return 0;
}

/* One "CUT=WEIGHT"; *text moves behind it. */
static int read_entry(const char **text, uint32_t last, uint16_t *cut, double *weight)
{
    char *end;
    if (**text < '0' || **text > '9')
        return -EINVAL;
    unsigned long number = strtoul(*text, &end, 10);
    if (*end != '=' || number >= last)
        return -EINVAL;
    const char *from = end + 1;
    if ((*from < '0' || *from > '9') && *from != '.')
        return -EINVAL;
    *weight = strtod(from, &end);
    if (end == from || !isfinite(*weight) || *weight <= 0)
        return -EINVAL;
    *cut = (uint16_t)number;
    *text = end;
    return 0;
}

/* Keeps the cuts ascending; -EINVAL where it is there already. */
static int insert(struct loadtest_mix *mix, uint16_t cut, double weight)
{
    uint32_t at = mix->count;
    while (at > 0 && mix->cuts[at - 1] > cut)
        at--;
    if (at > 0 && mix->cuts[at - 1] == cut)
        return -EINVAL;
    memmove(mix->cuts + at + 1, mix->cuts + at, (mix->count - at) * sizeof(*mix->cuts));
    memmove(mix->ends + at + 1, mix->ends + at, (mix->count - at) * sizeof(*mix->ends));
    mix->cuts[at] = cut;
    mix->ends[at] = weight;
    mix->count++;
    return 0;
}

static int read_all(struct loadtest_mix *mix, const char *text, uint32_t last)
{
    for (;;) {
        uint16_t cut;
        double weight;
        int err = read_entry(&text, last, &cut, &weight);
        if (!err)
            err = insert(mix, cut, weight);
        if (err || !*text)
            return err;
        if (*text++ != ',')
            return -EINVAL;
    }
}

int loadtest_mix_init_text(struct loadtest_mix *mix, const char *text, uint32_t last)
{
    uint32_t room = 1;
    for (const char *at = text; *at; at++)
        room += *at == ',';
    int err = allocate(mix, room);
    if (err)
        return err;
    mix->count = 0;
    err = read_all(mix, text, last);
    if (!err)
        err = accumulate(mix);
    if (err)
        loadtest_mix_fini(mix);
    return err;
}

uint32_t loadtest_mix_draw(const struct loadtest_mix *mix, struct loadtest_random *random)
{
    const double unit = loadtest_random_unit(random);
    uint32_t low = 0, high = mix->count - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (unit < mix->ends[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
