/* Fills a configuration with its defaults, and empties it. */
#include "scheduler/config/instance.h"

#include <string.h>

#define PAGE_BYTES UINT64_C(4096)

int jointd_config_init(struct jointd_config *config)
{
    memset(config, 0, sizeof(*config));
    int error = 0;
    for (uint32_t i = 0; i < config_section_count && !error; i++)
        if (!config_sections[i].is_repeated)
            error = config_instance_reset(&config_sections[i],
                                          config_section_at(&config_sections[i], config, 0));
    if (error)
        jointd_config_fini(config);
    return error;
}

void jointd_config_fini(struct jointd_config *config)
{
    for (uint32_t i = 0; config && i < config_section_count; i++)
        config_section_clear(&config_sections[i], config);
    if (config)
        memset(config, 0, sizeof(*config));
}

int jointd_config_add_class(struct jointd_config *config)
{
    return config_section_add(config_section_find("class", 5), config, "default", 7);
}

const struct model_section *jointd_config_find_model(const struct jointd_config *config,
                                                     const char *name)
{
    for (uint32_t i = 0; i < config->model_count; i++)
        if (strcmp(config->models[i].name, name) == 0)
            return &config->models[i];
    return NULL;
}

uint64_t jointd_config_api_slab_bytes(const struct jointd_config *config)
{
    const uint64_t bytes = config->api.request_slab_bytes ? config->api.request_slab_bytes
                                                          : config->memory.request_slab_bytes / 2;
    return config->api.listen.count == 0 ? 0 : (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

bool jointd_config_uses_dpdk(const struct jointd_config *config)
{
    return config->dataplane.port == CONFIG_PORT_DPDK ||
           (config->dataplane.port == CONFIG_PORT_AUTO && config->dataplane.device[0]);
}
