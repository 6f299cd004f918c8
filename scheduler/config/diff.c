/* Compares two configurations by what their options print. */
#include "scheduler/config/diff.h"
#include "scheduler/config/value.h"
#include "scheduler/config/value_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void change_fini(struct config_change *change)
{
    free(change->name);
    free(change->before);
    free(change->after);
}

/* Takes the change and what it owns. */
static int append(struct config_diff *diff, struct config_change change)
{
    void *items = diff->items;
    int error = config_list_append(&items, &diff->count, &change, sizeof(change));
    diff->items = items;
    if (error)
        change_fini(&change);
    else
        diff->restart_count += !change.is_live;
    return error;
}

static int add_whole(struct config_diff *diff, enum config_change_kind kind,
                     const struct config_section *section, const char *name, bool is_live)
{
    struct config_change change = {.kind = kind, .section = section, .is_live = is_live};
    change.name = strdup(name);
    return change.name ? append(diff, change) : -ENOMEM;
}

static int compare_option(struct config_diff *diff, const struct config_section *section,
                          const struct config_option *option, const char *name, const char *before,
                          const char *after)
{
    struct config_change change = {
        .kind = CONFIG_CHANGED,
        .section = section,
        .option = option,
        .is_live = option->is_live,
        .name = name ? strdup(name) : NULL,
        .before = config_value_text(option, before + option->offset),
        .after = config_value_text(option, after + option->offset),
    };
    if (!change.before || !change.after || (name && !change.name)) {
        change_fini(&change);
        return -ENOMEM;
    }
    if (strcmp(change.before, change.after) != 0)
        return append(diff, change);
    change_fini(&change);
    return 0;
}

static int compare_instances(struct config_diff *diff, const struct config_section *section,
                             const char *name, const char *before, const char *after)
{
    int error = 0;
    for (uint32_t i = 0; i < section->option_count && !error; i++)
        error = compare_option(diff, section, &section->options[i], name, before, after);
    return error;
}

/* The instance of that name; looks at the same place first. -1: there is none. */
static int64_t find_instance(const struct config_section *section,
                             const struct jointd_config *config, const char *name, uint32_t near)
{
    uint32_t count = config_section_instances(section, config);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = (uint32_t)(((uint64_t)near + i) % count);
        if (strcmp(config_section_name(section, config, index), name) == 0)
            return index;
    }
    return -1;
}

static int compare_repeated(struct config_diff *diff, const struct config_section *section,
                            const struct jointd_config *before, const struct jointd_config *after)
{
    bool is_ordered = section->options == config_section_find("class", 5)->options;
    int error = 0;
    for (uint32_t i = 0; i < config_section_instances(section, before) && !error; i++) {
        const char *name = config_section_name(section, before, i);
        int64_t index = find_instance(section, after, name, i);
        if (index < 0 || (is_ordered && index != i))
            error = add_whole(diff, CONFIG_REMOVED, section, name, !is_ordered);
        else
            error = compare_instances(diff, section, name, config_section_at(section, before, i),
                                      config_section_at(section, after, (uint32_t)index));
    }
    for (uint32_t i = 0; i < config_section_instances(section, after) && !error; i++) {
        const char *name = config_section_name(section, after, i);
        int64_t index = find_instance(section, before, name, i);
        if (index < 0 || (is_ordered && index != i))
            error = add_whole(diff, CONFIG_ADDED, section, name, !is_ordered);
    }
    return error;
}

int config_diff_init(struct config_diff *diff, const struct jointd_config *before,
                     const struct jointd_config *after)
{
    *diff = (struct config_diff){0};
    int error = 0;
    for (uint32_t i = 0; i < config_section_count && !error; i++) {
        const struct config_section *section = &config_sections[i];
        if (section->is_repeated)
            error = compare_repeated(diff, section, before, after);
        else
            error = compare_instances(diff, section, NULL, config_section_at(section, before, 0),
                                      config_section_at(section, after, 0));
    }
    if (error)
        config_diff_fini(diff);
    return error;
}

void config_diff_fini(struct config_diff *diff)
{
    if (!diff)
        return;
    for (uint32_t i = 0; i < diff->count; i++)
        change_fini(&diff->items[i]);
    free(diff->items);
    *diff = (struct config_diff){0};
}
