/* The part of a plan's picture that shows time: four lanes, a block for each stretch. */
#ifndef SCHEDULER_CLI_PICTURE_PLAN_LANES_H
#define SCHEDULER_CLI_PICTURE_PLAN_LANES_H

#include "scheduler/cli/picture/plan_picture.h"
#include "scheduler/cli/picture/stretches.h"
#include "scheduler/cli/picture/svg.h"

/* Draws below y, and moves y to where it ends. The stretches are not none. 0 or -ENOMEM. */
int plan_lanes_draw(struct svg *svg, const struct plan_picture *picture,
                    const struct stretches *stretches, double *y);

/* The colour of a lane's blocks. */
const char *plan_lanes_colour(enum stretch_kind kind);

#endif
