/* The best mixture of known plans within bounds, by the revised simplex method.
 *
 *   minimise sum cost_p share_p  where  sum uses_pi share_p + slack_i - excess_i = limit_i,
 *                                       sum share_p = 1, everything >= 0
 *
 * The basis has at most three columns, so each step solves its equations anew and no error adds up.
 * As long as an excess is positive, the excesses are minimised and costs are left out. */
#include "scheduler/plan/master.h"

#include <math.h>

#define TINY 1e-12
#define MAX_PIVOTS 32

struct equations {
    double left[SPLIT_MASTER_ROWS][SPLIT_MASTER_ROWS];
    double right[SPLIT_MASTER_ROWS];
};

static void swap_rows(struct equations *equations, unsigned a, unsigned b)
{
    for (unsigned i = 0; i < SPLIT_MASTER_ROWS; i++) {
        const double kept = equations->left[a][i];
        equations->left[a][i] = equations->left[b][i];
        equations->left[b][i] = kept;
    }
    const double kept = equations->right[a];
    equations->right[a] = equations->right[b];
    equations->right[b] = kept;
}

/* Leaves the solution on the right; false if there is none. */
static bool solve(struct equations *equations, unsigned count)
{
    for (unsigned column = 0; column < count; column++) {
        unsigned pivot = column;
        for (unsigned row = column + 1; row < count; row++)
            if (fabs(equations->left[row][column]) > fabs(equations->left[pivot][column]))
                pivot = row;
        if (fabs(equations->left[pivot][column]) < 1e-14)
            return false;
        swap_rows(equations, pivot, column);
        for (unsigned row = 0; row < count; row++) {
            const double factor = equations->left[row][column] / equations->left[column][column];
            if (row == column)
                continue;
            for (unsigned i = column; i < count; i++)
                equations->left[row][i] -= factor * equations->left[column][i];
            equations->right[row] -= factor * equations->right[column];
        }
    }
    for (unsigned row = 0; row < count; row++)
        equations->right[row] /= equations->left[row][row];
    return true;
}

static double entry(const struct split_master *master, const struct split_master_column *column,
                    unsigned row)
{
    if (column->kind == SPLIT_MASTER_PLAN)
        return row < master->bound_count ? column->uses[row] : 1;
    if (column->bound != row || row == master->bound_count)
        return 0;
    return column->kind == SPLIT_MASTER_SLACK ? 1 : -1;
}

static bool find_shares(struct split_master *master)
{
    const unsigned count = master->bound_count + 1;
    struct equations equations = {0};
    for (unsigned row = 0; row < count; row++) {
        for (unsigned i = 0; i < count; i++)
            equations.left[row][i] = entry(master, &master->basis[i], row);
        equations.right[row] = row < master->bound_count ? master->limits[row] : 1;
    }
    if (!solve(&equations, count))
        return false;
    for (unsigned i = 0; i < count; i++)
        master->basis[i].share = equations.right[i] > 0 ? equations.right[i] : 0;
    return true;
}

static bool is_within(const struct split_master *master)
{
    for (unsigned i = 0; i <= master->bound_count; i++)
        if (master->basis[i].kind == SPLIT_MASTER_EXCESS && master->basis[i].share > TINY)
            return false;
    return true;
}

static double cost_of(const struct split_master_column *column, bool is_within)
{
    if (is_within)
        return column->kind == SPLIT_MASTER_PLAN ? column->cost : 0;
    return column->kind == SPLIT_MASTER_EXCESS ? 1 : 0;
}

static bool find_prices(const struct split_master *master, struct split_master_prices *prices)
{
    const unsigned count = master->bound_count + 1;
    struct equations equations = {0};
    *prices = (struct split_master_prices){.is_within = is_within(master)};
    for (unsigned i = 0; i < count; i++) {
        for (unsigned row = 0; row < count; row++)
            equations.left[i][row] = entry(master, &master->basis[i], row);
        equations.right[i] = cost_of(&master->basis[i], prices->is_within);
        prices->value += master->basis[i].share * equations.right[i];
    }
    if (!solve(&equations, count))
        return false;
    for (unsigned i = 0; i < master->bound_count; i++)
        prices->multipliers[i] = -equations.right[i];
    return true;
}

void split_master_start(struct split_master *master, const struct split_master_column *plan)
{
    for (unsigned i = 0; i < master->bound_count; i++) {
        const double left = master->limits[i] - plan->uses[i];
        master->basis[i] = (struct split_master_column){
            .kind = left >= 0 ? SPLIT_MASTER_SLACK : SPLIT_MASTER_EXCESS, .bound = i};
    }
    master->basis[master->bound_count] = *plan;
}

/* The basis with this column in place of the one that would be the first to go below 0. */
static bool enter(struct split_master *master, const struct split_master_column *column,
                  bool is_past_excess)
{
    const unsigned count = master->bound_count + 1;
    struct equations equations = {0};
    for (unsigned row = 0; row < count; row++) {
        for (unsigned i = 0; i < count; i++)
            equations.left[row][i] = entry(master, &master->basis[i], row);
        equations.right[row] = entry(master, column, row);
    }
    if (!solve(&equations, count))
        return false;
    unsigned out = count;
    double least = INFINITY, steepest = 0;
    for (unsigned i = 0; i < count; i++) {
        double slope = equations.right[i];
        /* An excess that has come down to 0 stays there. */
        if (is_past_excess && master->basis[i].kind == SPLIT_MASTER_EXCESS)
            slope = fabs(slope);
        if (slope <= TINY)
            continue;
        const double ratio = master->basis[i].share / slope;
        if (ratio > least || (ratio >= least && slope <= steepest))
            continue;
        least = ratio;
        steepest = slope;
        out = i;
    }
    if (out == count)
        return false;
    master->basis[out] = *column;
    return true;
}

bool split_master_price(struct split_master *master, struct split_master_prices *prices)
{
    for (int pivot = 0; pivot < MAX_PIVOTS; pivot++) {
        struct split_master_column column = {.kind = SPLIT_MASTER_PLAN};
        if (!find_shares(master) || !find_prices(master, prices))
            return false;
        for (unsigned i = 0; i < master->bound_count; i++) {
            const double multiplier = prices->multipliers[i];
            if (multiplier < -TINY)
                column = (struct split_master_column){.kind = SPLIT_MASTER_SLACK, .bound = i};
            else if (!prices->is_within && multiplier > 1 + TINY)
                column = (struct split_master_column){.kind = SPLIT_MASTER_EXCESS, .bound = i};
            else if (multiplier < 0)
                prices->multipliers[i] = 0;
        }
        if (column.kind == SPLIT_MASTER_PLAN)
            return true;
        if (!enter(master, &column, prices->is_within))
            return false;
    }
    return false;
}

bool split_master_enter(struct split_master *master, const struct split_master_column *plan)
{
    return enter(master, plan, is_within(master));
}
