/* The lists of `joint plan`: server loads and bandwidths as the command line spells them. */
#ifndef SCHEDULER_CLI_PLAN_GRID_H
#define SCHEDULER_CLI_PLAN_GRID_H

#include "scheduler/plan/table.h"

/* Each returns an exit status, with one error line printed unless it is COMMAND_DONE. The caller
 * frees the lists. */

/* "wait_ms=W,k=K": either, both, in any order. */
int plan_grid_parse_load(const char *text, struct split_load *load);

/* "1,2.5,10", rising, or "LOW:HIGH:COUNT": that many, each the same times the one before. */
int plan_grid_parse_up(const char *text, double **up_mbps, uint32_t *count);

/* "1,2,4+20": multipliers k, each with the wait in ms after a plus. */
int plan_grid_parse_loads(const char *text, struct split_table_load **loads, uint32_t *count);

#endif
