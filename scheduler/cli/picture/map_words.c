/* A map of plans in words. */
#include "scheduler/cli/picture/map_words.h"

#include "scheduler/cli/picture/plan_words.h"
#include "scheduler/cli/picture/quantity.h"

/* Enough of a plan's picture for its words. */
static struct plan_picture plan_picture_of(const struct map_picture *picture,
                                           const struct split_plan *plan)
{
    return (struct plan_picture){.profile = picture->profile,
                                 .problem = picture->problem,
                                 .conditions = picture->conditions,
                                 .goal = picture->goal,
                                 .plan = plan,
                                 .network_name = picture->network_name};
}

/* The neighbouring parts on one side, from the part at *part on; *part moves behind them. */
static struct split_part next_run(const struct split_plan *plan, uint32_t *part)
{
    struct split_part run = plan->parts[*part];
    while (*part < plan->part_count && plan->parts[*part].side == run.side)
        run.last = plan->parts[(*part)++].last;
    return run;
}

static uint32_t count_runs(const struct split_plan *plan)
{
    uint32_t count = 0;
    for (uint32_t part = 0; part < plan->part_count; count++)
        next_run(plan, &part);
    return count;
}

void map_words_add_label(struct text *text, const struct map_picture *picture,
                         const struct map_class *class, size_t max_name)
{
    const struct split_plan *plan = class->plan;
    const struct plan_picture one = plan_picture_of(picture, plan);
    if (!plan->is_feasible) {
        text_add(text, "no plan");
        return;
    }
    const uint32_t runs = count_runs(plan);
    uint32_t part = 0;
    const struct split_part run = next_run(plan, &part);
    if (runs == 1) {
        text_add(text, run.side == SPLIT_MOBILE ? "all on the phone" : "all on the server");
    } else if (runs == 2) {
        text_add(text, run.side == SPLIT_MOBILE ? "phone up to " : "server up to ");
        plan_words_add_steps(text, &one, run.last, run.last, max_name);
    } else if (runs == 3) {
        const struct split_part middle = next_run(plan, &part);
        text_add(text, middle.side == SPLIT_MOBILE ? "phone for " : "server for ");
        plan_words_add_steps(text, &one, middle.first, middle.last, max_name);
    } else {
        text_add(text, "%u changes of side", plan->totals.transfers);
    }
}

void map_words_add_class(struct text *text, const struct map_picture *picture,
                         const struct map_class *class)
{
    const struct split_plan *plan = class->plan;
    const struct plan_picture one = plan_picture_of(picture, plan);
    if (!plan->is_feasible) {
        text_add(text, "no plan meets the bounds");
        return;
    }
    const uint32_t runs = count_runs(plan);
    if (runs == 1) {
        text_add(text, plan->parts[0].side == SPLIT_MOBILE ? "everything on the phone"
                                                           : "everything on the server");
        return;
    }
    for (uint32_t i = 0, part = 0; i < runs; i++) {
        const struct split_part run = next_run(plan, &part);
        text_add(text, "%s%s ", i ? "; " : "", run.side == SPLIT_MOBILE ? "phone" : "server");
        if (i + 1 == runs)
            text_add(text, "the rest");
        else
            plan_words_add_steps(text, &one, run.first, run.last, runs > 3 ? 14 : 24);
    }
}

void map_words_add_headline(struct text *text, const struct map_picture *picture,
                            const struct map_classes *map)
{
    uint32_t feasible = 0;
    for (uint32_t i = 0; i < map->class_count; i++)
        feasible += map->classes[i].plan->is_feasible;
    text_add(text, "Where to run ");
    if (picture->profile->model && *picture->profile->model)
        text_add_name(text, picture->profile->model, 40);
    else
        text_add(text, "the network");
    if (feasible == 0)
        text_add(text, ": no plan meets the bounds anywhere on this map");
    else if (feasible == 1)
        text_add(text, ": one plan is best %s",
                 map->class_count == 1 ? "everywhere on this map" : "wherever there is one");
    else
        text_add(text, ": %u plans, each the best for some links and loads", feasible);
}

/* The first row from left to right: each class, and from which bandwidth on. */
void map_words_add_course(struct text *text, const struct map_picture *picture,
                          const struct map_classes *map)
{
    uint32_t changes = 0;
    for (uint32_t i = 1; i < map->column_count; i++)
        changes += map->class_of[i] != map->class_of[i - 1];
    text_add(text, map->row_count > 1 ? "Under the least load: " : "");
    if (changes > 5) {
        text_add(text, "the best plan changes %u times as the link gets faster", changes);
        return;
    }
    map_words_add_label(text, picture, &map->classes[map->class_of[0]], 24);
    for (uint32_t i = 1; i < map->column_count; i++) {
        if (map->class_of[i] == map->class_of[i - 1])
            continue;
        text_add(text, "; from ");
        text_add_mbps(text, picture->table->up_mbps[map->columns[i]]);
        text_add(text, ": ");
        map_words_add_label(text, picture, &map->classes[map->class_of[i]], 24);
    }
}

void map_words_add_conditions(struct text *text, const struct map_picture *picture)
{
    const struct split_table *table = picture->table;
    text_add(text, "Downlink");
    if (picture->network_name && *picture->network_name) {
        text_add(text, " (");
        text_add_name(text, picture->network_name, 24);
        text_add(text, ")");
    }
    if (table->has_fixed_down) {
        text_add(text, ": ");
        text_add_mbps(text, table->network.down_mbps);
    } else {
        text_add(text, ": ");
        text_add_number(text, table->network.down_mbps / table->network.up_mbps);
        text_add(text, " × the uplink");
    }
    if (table->network.rtt_ms > 0) {
        text_add(text, " · round trip ");
        text_add_ms(text, table->network.rtt_ms);
    }
    const struct map_load_words words = map_words_of_loads(table);
    if (!words.has_k && (table->loads[0].k < 1 || table->loads[0].k > 1)) {
        text_add(text, " · server at ");
        text_add_number(text, table->loads[0].k);
        text_add(text, " × its unloaded times");
    }
    if (!words.has_wait && table->loads[0].wait_ms > 0) {
        text_add(text, " · each entry to the server waits ");
        text_add_ms(text, table->loads[0].wait_ms);
    }
}

struct map_load_words map_words_of_loads(const struct split_table *table)
{
    struct map_load_words words = {0};
    for (uint32_t i = 1; i < table->load_count; i++) {
        const struct split_table_load *first = &table->loads[0], *load = &table->loads[i];
        words.has_k |= load->k < first->k || load->k > first->k;
        words.has_wait |= load->wait_ms < first->wait_ms || load->wait_ms > first->wait_ms;
    }
    return words;
}

void map_words_add_load(struct text *text, const struct map_load_words *words,
                        const struct split_table_load *load)
{
    if (words->has_k || !words->has_wait) {
        text_add_number(text, load->k);
        text_add(text, "×");
    }
    if (words->has_k && words->has_wait)
        text_add(text, ", ");
    if (words->has_wait)
        text_add_ms(text, load->wait_ms);
}
