/* Fills and empties sections by the table of options. */
#include "scheduler/config/instance.h"
#include "scheduler/config/value.h"
#include "scheduler/config/value_list.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The array of a repeated section; copied, for its type is another at each. */
static void *load_items(const struct config_section *section, const struct jointd_config *config)
{
    void *items;
    memcpy(&items, (const char *)config + section->offset, sizeof(items));
    return items;
}

static void store_items(const struct config_section *section, struct jointd_config *config,
                        void *items)
{
    memcpy((char *)config + section->offset, &items, sizeof(items));
}

static void *value_at(void *instance, const struct config_option *option)
{
    return (char *)instance + option->offset;
}

static int set_default(const struct config_option *option, void *value)
{
    if (option->is_required) { /* an empty text until the file gives one */
        *(char **)value = strdup("");
        return *(char **)value ? 0 : -ENOMEM;
    }
    char why[CONFIG_WHY_BYTES];
    int error = config_value_parse(option, option->fallback, value, why);
    assert(error != -EINVAL);
    return error;
}

static void clear_values(const struct config_section *section, void *instance)
{
    for (uint32_t i = 0; i < section->option_count; i++)
        config_value_fini(&section->options[i], value_at(instance, &section->options[i]));
}

int config_instance_reset(const struct config_section *section, void *instance)
{
    int error = 0;
    for (uint32_t i = 0; i < section->option_count && !error; i++)
        error = set_default(&section->options[i], value_at(instance, &section->options[i]));
    return error;
}

int config_section_add(const struct config_section *section, struct jointd_config *config,
                       const char *name, size_t length)
{
    assert(section->is_repeated);
    char *instance = calloc(1, section->bytes);
    char *copy = strndup(name, length);
    if (!instance || !copy)
        goto no_memory;
    memcpy(instance, &copy, sizeof(copy)); /* the struct begins with its name */
    void *items = load_items(section, config);
    uint32_t *count = (uint32_t *)(void *)((char *)config + section->count_offset);
    int error = config_instance_reset(section, instance);
    if (!error)
        error = config_list_append(&items, count, instance, section->bytes);
    store_items(section, config, items);
    if (error) {
        clear_values(section, instance);
        goto no_memory;
    }
    free(instance);
    return 0;

no_memory:
    free(copy);
    free(instance);
    return -ENOMEM;
}

void config_section_clear(const struct config_section *section, struct jointd_config *config)
{
    for (uint32_t i = 0; i < config_section_instances(section, config); i++) {
        void *instance = config_section_at(section, config, i);
        clear_values(section, instance);
        if (section->is_repeated)
            free(*(char **)instance);
    }
    if (!section->is_repeated)
        return;
    free(load_items(section, config));
    store_items(section, config, NULL);
    *(uint32_t *)(void *)((char *)config + section->count_offset) = 0;
}
