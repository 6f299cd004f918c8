/* Lagrangian multipliers: the best mixture of plans that keeps the bounds on average.
 *
 * The linear program min sum x_p c_p, sum x_p = 1, sum x_p (r_p - b) + s = 0, x, s >= 0 over all
 * plans p has the Lagrangian dual's optimum. It is solved by the simplex method, of as many rows as
 * there are bounds, plus one; the plan that enters is the shortest path under c + multipliers * r
 * (Dantzig and Wolfe, 1960). With one bound this is the secant method on the convex hull of (r, c):
 * each step cuts off a breakpoint, and it ends exactly at the optimal multiplier. Any multipliers
 * at all give a valid lower bound, so stopping early costs speed, not exactness. */
#include "scheduler/plan/multipliers.h"

#include <math.h>

enum {
    ROWS = SPLIT_MAX_BOUNDS + 1,
    MOST_PLANS = 64,
};

/* Prices over a scale of almost 0 can overflow; any multiplier is valid, and this one is finite. */
#define LARGEST_MULTIPLIER 1e100
/* Of sums of a few thousand terms; where multipliers are large, the bound is a small difference. */
#define ROUNDING 1e-13

struct column {
    double cost;
    double rows[ROWS]; /* 1; use over the limit, by scale */
};

struct simplex {
    unsigned row_count;
    double inverse[ROWS][ROWS]; /* of the basis */
    double basis_costs[ROWS];
    double prices[ROWS]; /* duals */
    double scales[ROWS];
    struct column plans[MOST_PLANS];
    unsigned plan_count;
};

/* The first basis: no real plan, dear, that keeps each bound by as much as its scale; and slacks.
 */
static void start(struct simplex *simplex, const struct split_task *task, double dear)
{
    *simplex = (struct simplex){.row_count = task->bound_count + 1};
    for (unsigned i = 0; i < simplex->row_count; i++) {
        simplex->inverse[i][i] = 1;
        simplex->inverse[i][0] = 1;
    }
    simplex->basis_costs[0] = dear;
    for (unsigned i = 0; i < task->bound_count; i++) {
        double use = split_weights_product(&task->bounds[i].weights, &task->trial.amounts);
        double scale = fabs(use - task->bounds[i].limit);
        simplex->scales[i + 1] = scale > 0 ? scale : 1;
    }
}

static void price(struct simplex *simplex)
{
    for (unsigned row = 0; row < simplex->row_count; row++) {
        simplex->prices[row] = 0;
        for (unsigned i = 0; i < simplex->row_count; i++)
            simplex->prices[row] += simplex->basis_costs[i] * simplex->inverse[i][row];
    }
}

static double reduced_cost(const struct simplex *simplex, const struct column *column)
{
    double cost = column->cost;
    for (unsigned row = 0; row < simplex->row_count; row++)
        cost -= simplex->prices[row] * column->rows[row];
    return cost;
}

/* The column takes the place of the basis column that it drives to 0 first. */
static bool enter(struct simplex *simplex, const struct column *column)
{
    double direction[ROWS] = {0};
    unsigned leaving = ROWS;
    double least = INFINITY;
    for (unsigned i = 0; i < simplex->row_count; i++) {
        for (unsigned row = 0; row < simplex->row_count; row++)
            direction[i] += simplex->inverse[i][row] * column->rows[row];
        if (direction[i] > 1e-12 && simplex->inverse[i][0] / direction[i] < least) {
            least = simplex->inverse[i][0] / direction[i]; /* the solution is the first column */
            leaving = i;
        }
    }
    if (leaving == ROWS)
        return false;
    for (unsigned row = 0; row < simplex->row_count; row++)
        simplex->inverse[leaving][row] /= direction[leaving];
    for (unsigned i = 0; i < simplex->row_count; i++)
        for (unsigned row = 0; i != leaving && row < simplex->row_count; row++)
            simplex->inverse[i][row] -= direction[i] * simplex->inverse[leaving][row];
    simplex->basis_costs[leaving] = column->cost;
    return true;
}

static void add_plan(struct simplex *simplex, const struct split_task *task)
{
    if (simplex->plan_count == MOST_PLANS)
        return;
    struct column *column = &simplex->plans[simplex->plan_count++];
    column->cost = split_weights_product(&task->objective, &task->trial.amounts);
    column->rows[0] = 1;
    for (unsigned i = 0; i < task->bound_count; i++)
        column->rows[i + 1] =
            (split_weights_product(&task->bounds[i].weights, &task->trial.amounts) -
             task->bounds[i].limit) /
            simplex->scales[i + 1];
}

/* Pivots until neither a slack nor a known plan betters the mixture. */
static void solve_known(struct simplex *simplex)
{
    for (unsigned pivot = 0; pivot < 8 * MOST_PLANS; pivot++) {
        struct column best = {0};
        double least = 0;
        price(simplex);
        for (unsigned row = 1; row < simplex->row_count; row++)
            if (-simplex->prices[row] < least) { /* a slack's reduced cost is the multiplier */
                least = -simplex->prices[row];
                best = (struct column){0};
                best.rows[row] = 1;
            }
        for (unsigned p = 0; p < simplex->plan_count; p++)
            if (reduced_cost(simplex, &simplex->plans[p]) < least) {
                least = reduced_cost(simplex, &simplex->plans[p]);
                best = simplex->plans[p];
            }
        if (least >= -1e-13 * fabs(simplex->prices[0]) || !enter(simplex, &best))
            return;
    }
}

/* The Lagrangian under the present prices, whose shortest path is a new plan. */
static double fill_lagrangian(struct split_task *task, const struct simplex *simplex)
{
    struct split_weights weights = task->objective;
    double constant = 0;
    for (unsigned i = 0; i < task->bound_count; i++) {
        double multiplier = -simplex->prices[i + 1] / simplex->scales[i + 1];
        task->multipliers[i] = multiplier > 0 ? fmin(multiplier, LARGEST_MULTIPLIER) : 0;
        split_weights_add(&weights, task->multipliers[i], &task->bounds[i].weights);
        constant += task->multipliers[i] * task->bounds[i].limit;
    }
    split_to_go_fill(&task->lagrangian, task->costs, &weights);
    split_to_go_path(&task->lagrangian, task->costs, &task->trial);
    const double least = task->lagrangian.at_exit[0];
    return least - constant - ROUNDING * (least + constant);
}

void split_multipliers_find(struct split_task *task, double dear)
{
    struct simplex simplex;
    split_to_go_path(&task->cost, task->costs, &task->trial);
    start(&simplex, task, dear);
    add_plan(&simplex, task);
    split_task_offer_trial(task);
    for (unsigned i = 0; i < task->bound_count; i++) {
        split_to_go_path(&task->uses[i], task->costs, &task->trial);
        add_plan(&simplex, task);
        split_task_offer_trial(task);
    }
    while (simplex.plan_count < MOST_PLANS) {
        solve_known(&simplex);
        double value = fill_lagrangian(task, &simplex);
        if (value > task->lower)
            task->lower = value;
        add_plan(&simplex, task);
        split_task_offer_trial(task);
        const struct column *last = &simplex.plans[simplex.plan_count - 1];
        if (split_task_is_done(task) || task->lower > dear ||
            reduced_cost(&simplex, last) >= -SPLIT_COST_TOLERANCE * fabs(simplex.prices[0]))
            return;
    }
}
