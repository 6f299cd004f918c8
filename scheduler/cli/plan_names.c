/* Names of a plan's steps for reports. */
#include "scheduler/cli/plan_names.h"

#include <stdio.h>

#define MAX_NAME 80

/* The layer that a step runs, forward or backward. */
static void print_layer(char name[MAX_NAME], const struct split_profile *profile, uint32_t step)
{
    const uint32_t n = profile->layer_count;
    const uint32_t layer = step > n ? 2 * n + 1 - step : step;
    const char *given = profile->layers[layer - 1].name;
    if (given && *given)
        snprintf(name, MAX_NAME, "%.60s", given);
    else
        snprintf(name, MAX_NAME, "layer %u", layer);
}

void plan_names_print(char *text, size_t room, const struct split_profile *profile, uint32_t first,
                      uint32_t last)
{
    char from[MAX_NAME], to[MAX_NAME];
    const uint32_t n = profile->layer_count;
    print_layer(from, profile, first);
    print_layer(to, profile, last);
    if (first <= n && last > n) {
        char turn[MAX_NAME];
        print_layer(turn, profile, n);
        if (first < n)
            snprintf(text, room, "%s .. %s, back to %s", from, turn, to);
        else
            snprintf(text, room, "%s, back to %s", from, to);
    } else {
        const char *backward = first > n ? ", backward" : "";
        if (first == last)
            snprintf(text, room, "%s%s", from, backward);
        else
            snprintf(text, room, "%s .. %s%s", from, to, backward);
    }
}
