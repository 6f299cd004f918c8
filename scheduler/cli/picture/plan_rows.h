/* The part of a plan's picture that lists its stretches, numbered as in the timeline. */
#ifndef SCHEDULER_CLI_PICTURE_PLAN_ROWS_H
#define SCHEDULER_CLI_PICTURE_PLAN_ROWS_H

#include "scheduler/cli/picture/plan_picture.h"
#include "scheduler/cli/picture/stretches.h"
#include "scheduler/cli/picture/svg.h"

/* Draws below y; returns where it ends. */
double plan_rows_draw(struct svg *svg, const struct plan_picture *picture,
                      const struct stretches *stretches, double y);

#endif
