/* A server's load for people: a line, or a screen with classes and models. */
#ifndef SCHEDULER_CLI_LOAD_TEXT_H
#define SCHEDULER_CLI_LOAD_TEXT_H

#include "scheduler/client/load_probe.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* What is known of one moment: by a probe, over HTTP (joint.load/1), or both. */
struct load_text {
    const char *server; /* as it was asked for */
    const struct load_probe_answer *probe; /* borrowed; NULL: not asked */
    const json_t *load; /* borrowed; NULL: not asked */
};

const char *load_text_state(uint8_t state);

/* "10.0.0.2:4470: ready, waits 2.10 ms, ..." and its end. */
void load_text_line(const struct load_text *text, FILE *file);
/* Several lines, none wider than so many columns if that can be. */
void load_text_screen(const struct load_text *text, uint32_t columns, FILE *file);

#endif
