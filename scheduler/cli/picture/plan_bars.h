/* The part of a plan's picture that compares: panels of bars, a bound across each. */
#ifndef SCHEDULER_CLI_PICTURE_PLAN_BARS_H
#define SCHEDULER_CLI_PICTURE_PLAN_BARS_H

#include "scheduler/cli/picture/plan_picture.h"
#include "scheduler/cli/picture/svg.h"

/* Draws below y; returns where it ends. */
double plan_bars_draw(struct svg *svg, const struct plan_picture *picture, double y);

#endif
