/* Finds sections, options and their values. */
#include "scheduler/config/option.h"

#include <assert.h>
#include <string.h>

uint32_t config_section_instances(const struct config_section *section,
                                  const struct jointd_config *config)
{
    if (!section->is_repeated)
        return 1;
    return *(const uint32_t *)((const char *)config + section->count_offset);
}

void *config_section_at(const struct config_section *section, const struct jointd_config *config,
                        uint32_t index)
{
    assert(index < config_section_instances(section, config));
    char *at = (char *)(uintptr_t)config + section->offset;
    if (!section->is_repeated)
        return at;
    char *items; /* copied, for its type is another at each section */
    memcpy(&items, at, sizeof(items));
    return items + (size_t)index * section->bytes;
}

const char *config_section_name(const struct config_section *section,
                                const struct jointd_config *config, uint32_t index)
{
    return section->is_repeated ? *(char **)config_section_at(section, config, index) : NULL;
}

const struct config_section *config_section_find(const char *name, size_t length)
{
    for (uint32_t i = 0; i < config_section_count; i++)
        if (strlen(config_sections[i].name) == length &&
            memcmp(config_sections[i].name, name, length) == 0)
            return &config_sections[i];
    return NULL;
}

const struct config_option *config_option_find(const struct config_section *section,
                                               const char *name)
{
    for (uint32_t i = 0; i < section->option_count; i++)
        if (strcmp(section->options[i].name, name) == 0)
            return &section->options[i];
    return NULL;
}
