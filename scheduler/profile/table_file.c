/* Reads tables of plans: the grid is found from the plans, which stand up by up, load by load. */
#include "scheduler/profile/file_object.h"
#include "scheduler/profile/json_text.h"
#include "scheduler/profile/network_file.h"
#include "scheduler/profile/table_file.h"
#include "scheduler/profile/text_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One place of the grid, as its plan says it. */
struct place {
    double up_mbps;
    struct split_table_load load;
};

static int read_place(const struct file_object *object, struct place *place)
{
    int err = file_object_number(object, "up_mbps", &place->up_mbps);
    if (!err)
        err = file_object_number(object, "wait_ms", &place->load.wait_ms);
    if (!err)
        err = file_object_number(object, "k", &place->load.k);
    if (!err && (place->up_mbps <= 0 || place->load.k <= 0))
        err = file_object_fail(object, place->up_mbps <= 0 ? "up_mbps" : "k",
                               "is 0; give a number above 0");
    return err;
}

static int out_of_memory(const struct file_object *object)
{
    return file_error_set(object->error, -ENOMEM, object->file, "out of memory");
}

static bool is_equal(double a, double b)
{
    return a >= b && a <= b;
}

/* Every place is where the grid of the first row and the first column has it. */
static int check_place(const struct split_table *table, const struct file_object *object,
                       const struct place *place, size_t index)
{
    const uint32_t up = (uint32_t)(index / table->load_count);
    const struct split_table_load *load = &table->loads[index % table->load_count];
    if (!is_equal(place->up_mbps, table->up_mbps[up]))
        return file_object_fail(object, "up_mbps", "is %.9g where the grid has %.9g",
                                place->up_mbps, table->up_mbps[up]);
    if (!is_equal(place->load.wait_ms, load->wait_ms) || !is_equal(place->load.k, load->k))
        return file_object_fail(object, NULL, "has another load than this column of the grid");
    if (up && index % table->load_count == 0 && table->up_mbps[up] <= table->up_mbps[up - 1])
        return file_object_fail(object, "up_mbps", "is not above the one before it");
    return 0;
}

static int read_grid(struct split_table *table, const struct file_object *root, const json_t *plans,
                     struct place *places)
{
    const size_t count = json_array_size(plans);
    int err = 0;
    struct file_object object;
    for (size_t i = 0; !err && i < count; i++) {
        err = file_object_child(root, "plans", plans, i, &object);
        if (!err)
            err = read_place(&object, &places[i]);
    }
    if (err)
        return err;
    size_t load_count = 1;
    while (load_count < count && is_equal(places[load_count].up_mbps, places[0].up_mbps))
        load_count++;
    size_t up_count = count / load_count;
    if (count % load_count)
        return file_object_fail(root, "plans", "are %zu, no multiple of the %zu loads", count,
                                load_count);
    if (up_count > SPLIT_TABLE_MAX_AXIS || load_count > SPLIT_TABLE_MAX_AXIS)
        return file_object_fail(root, "plans", "have more than %u bandwidths or loads",
                                (unsigned)SPLIT_TABLE_MAX_AXIS);
    table->up_mbps = calloc(up_count, sizeof(*table->up_mbps));
    table->loads = calloc(load_count, sizeof(*table->loads));
    table->plans = calloc(count, sizeof(*table->plans));
    if (!table->up_mbps || !table->loads || !table->plans)
        return out_of_memory(root);
    table->up_count = (uint32_t)up_count;
    table->load_count = (uint32_t)load_count;
    for (size_t i = 0; i < up_count; i++)
        table->up_mbps[i] = places[i * load_count].up_mbps;
    for (size_t i = 0; i < load_count; i++)
        table->loads[i] = places[i].load;
    for (size_t i = 0; !err && i < count; i++) {
        err = file_object_child(root, "plans", plans, i, &object);
        if (!err)
            err = check_place(table, &object, &places[i], i);
    }
    return err;
}

/* A range of steps after `before`; which array it stands in is known to the caller. */
static int read_range(const struct file_object *object, uint32_t before, uint32_t steps,
                      uint32_t *first, uint32_t *last)
{
    int err = file_object_count(object, "first", first);
    if (!err)
        err = file_object_count(object, "last", last);
    if (!err && (*first <= before || *last < *first || *last > steps))
        err = file_object_fail(object, NULL, "is %u to %u, out of order or range for %u steps",
                               *first, *last, steps);
    return err;
}

/* An element's place is that of its array alone: the plan is named here. */
static int plan_child(const struct file_object *plan, const char *key, const json_t *array,
                      size_t index, struct file_object *child)
{
    int err = file_object_child(plan, key, array, index, child);
    if (!err)
        snprintf(child->place, sizeof(child->place), "%.20s.%.10s[%zu]", plan->place, key, index);
    return err;
}

static int read_side(const struct file_object *object, enum split_side *side)
{
    const char *text;
    int err = file_object_text(object, "side", &text);
    if (err)
        return err;
    if (!text || (strcmp(text, "mobile") != 0 && strcmp(text, "cloud") != 0))
        return file_object_fail(object, "side", "is neither \"mobile\" nor \"cloud\"");
    *side = strcmp(text, "cloud") == 0 ? SPLIT_CLOUD : SPLIT_MOBILE;
    return 0;
}

/* The parts of one segment: its steps one by one, but a block's together. */
static int read_segment(const struct file_object *object, const json_t *segments, size_t index,
                        const json_t *blocks, size_t *block, uint32_t steps,
                        struct split_plan *plan)
{
    struct file_object segment, group;
    uint32_t before = plan->part_count ? plan->parts[plan->part_count - 1].last : 0;
    struct split_part part = {0};
    uint32_t last = 0, block_first = 0, block_last = 0;
    int err = plan_child(object, "segments", segments, index, &segment);
    if (!err)
        err = read_side(&segment, &part.side);
    if (!err)
        err = read_range(&segment, before, steps, &part.first, &last);
    if (!err && part.first != before + 1)
        err = file_object_fail(&segment, "first", "is %u where %u follows", part.first, before + 1);
    while (!err && part.first <= last) {
        part.last = part.first;
        if (*block < json_array_size(blocks)) {
            err = plan_child(object, "blocks", blocks, *block, &group);
            if (!err)
                err = read_range(&group, part.first - 1, steps, &block_first, &block_last);
            if (!err && block_first == part.first) {
                part.last = block_last;
                ++*block;
                if (block_last > last)
                    err = file_object_fail(&group, "last", "is %u, beyond its segment", block_last);
            }
        }
        plan->parts[plan->part_count++] = part;
        part.first = part.last + 1;
    }
    return err;
}

static int read_parts(const struct file_object *object, uint32_t steps, struct split_plan *plan)
{
    const json_t *segments, *blocks;
    int err = file_object_array(object, "segments", &segments);
    if (!err)
        err = file_object_array(object, "blocks", &blocks);
    if (err)
        return err;
    struct split_part *parts = calloc(steps, sizeof(*parts));
    if (!parts)
        return out_of_memory(object);
    plan->parts = parts;
    size_t block = 0;
    for (size_t i = 0; !err && i < json_array_size(segments); i++)
        err = read_segment(object, segments, i, blocks, &block, steps, plan);
    if (!err && block < json_array_size(blocks))
        err = file_object_fail(object, "blocks", "are not all inside the segments");
    if (!err && (!plan->part_count || plan->parts[plan->part_count - 1].last != steps))
        err = file_object_fail(object, "segments", "do not cover all %u steps", steps);
    if (err)
        return err;
    /* Fewer parts than steps: what is not needed goes back. */
    parts = realloc(plan->parts, plan->part_count * sizeof(*parts));
    plan->parts = parts ? parts : plan->parts;
    return 0;
}

static int read_alone(const struct file_object *object, const char *key,
                      struct split_totals *totals)
{
    struct file_object alone = *object;
    alone.json = json_object_get(object->json, key);
    snprintf(alone.place, sizeof(alone.place), "%.28s.%.16s", object->place, key);
    int err = file_object_number(&alone, "latency_ms", &totals->latency_ms);
    return err ? err : file_object_number(&alone, "energy_mj", &totals->energy_mj);
}

static int read_plan(const struct file_object *object, uint32_t steps, struct split_plan *plan)
{
    struct split_totals *totals = &plan->totals;
    const struct {
        const char *key;
        double *value;
    } numbers[] = {
        {"latency_ms", &totals->latency_ms},
        {"energy_mj", &totals->energy_mj},
        {"cloud_ms", &totals->cloud_ms},
        {"upload_bytes", &totals->upload_bytes},
        {"download_bytes", &totals->download_bytes},
        {"weight_bytes", &totals->weight_bytes},
    };
    plan->solver = "table";
    int err = file_object_flag_or(object, "feasible", true, &plan->is_feasible);
    if (!err)
        err = read_alone(object, "mobile_only", &plan->mobile_only);
    if (!err)
        err = read_alone(object, "cloud_only", &plan->cloud_only);
    if (err || !plan->is_feasible)
        return err;
    for (size_t i = 0; !err && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        err = file_object_number(object, numbers[i].key, numbers[i].value);
    if (!err)
        err = file_object_count(object, "transfers", &totals->transfers);
    return err ? err : read_parts(object, steps, plan);
}

static int read_root(struct split_table *table, const struct file_object *root)
{
    uint32_t steps;
    const json_t *plans;
    struct file_object network = *root;
    network.json = json_object_get(root->json, "network");
    snprintf(network.place, sizeof(network.place), "network");
    int err = file_object_check_schema(root, TABLE_FILE_SCHEMA);
    if (!err)
        err = network_file_fields(&network, &table->network);
    if (!err)
        err = file_object_count(root, "steps", &steps);
    if (!err && (!steps || steps > 2 * SPLIT_MAX_LAYERS))
        err = file_object_fail(root, "steps", "is %u; give 1 to %u", steps, 2 * SPLIT_MAX_LAYERS);
    if (!err)
        err = file_object_flag_or(root, "fixed_down", false, &table->has_fixed_down);
    if (!err)
        err = file_object_array(root, "plans", &plans);
    if (err)
        return err;
    const size_t count = json_array_size(plans);
    if (!count)
        return file_object_fail(root, "plans", "%s; give at least one",
                                plans ? "is empty" : "is missing");
    if (count * steps > TABLE_FILE_MAX_PARTS)
        return file_object_fail(root, "plans",
                                "are %zu of %u steps, too many together; make a "
                                "coarser grid",
                                count, steps);
    struct place *places = calloc(count, sizeof(*places));
    err = places ? read_grid(table, root, plans, places) : out_of_memory(root);
    free(places);
    for (size_t i = 0; !err && i < count; i++) {
        struct file_object object;
        err = file_object_child(root, "plans", plans, i, &object);
        if (!err)
            err = read_plan(&object, steps, &table->plans[i]);
    }
    return err;
}

int table_file_parse(struct split_table *table, const char *name, const char *bytes, size_t size,
                     struct file_error *error)
{
    *table = (struct split_table){0};
    json_t *json;
    int err = json_text_parse(name, bytes, size, &json, error);
    if (err)
        return err;
    const struct file_object root = {.file = name, .json = json, .error = error};
    err = read_root(table, &root);
    json_decref(json);
    if (err)
        split_table_fini(table);
    return err;
}

int table_file_read(struct split_table *table, const char *path, struct file_error *error)
{
    *table = (struct split_table){0};
    struct text_file text;
    int err = text_file_read(&text, path, JSON_TEXT_MAX_BYTES, error);
    if (err)
        return err;
    err = table_file_parse(table, path, text.bytes, text.size, error);
    text_file_fini(&text);
    return err;
}
