/* Makes the shared regions and the private tables beside them. */
#include "scheduler/service/memory.h"
#include "shm/load_page.h"

#include <errno.h>

static enum region_pages pages_of(const struct memory_section *config)
{
    switch (config->pages) {
    case CONFIG_PAGES_SMALL:
        return REGION_PAGES_SMALL;
    case CONFIG_PAGES_HUGE:
        return REGION_PAGES_HUGE;
    default:
        return REGION_PAGES_ANY;
    }
}

/* Others may be given it later, writable or not, but nobody may seal it under us. */
static int make(struct region *region, const char *name, enum region_kind kind, uint64_t bytes,
                enum region_pages pages)
{
    const struct region_config config = {
        .name = name, .kind = kind, .payload_bytes = bytes, .pages = pages};
    const int error = region_init(region, &config);
    return error ? error : region_seal(region, REGION_SEAL_SEALS);
}

static int make_regions(struct memory *memory, const struct memory_plan *plan, const char **what)
{
    const enum region_pages pages = pages_of(plan->config);
    const struct {
        struct region *region;
        const char *name;
        enum region_kind kind;
        uint64_t bytes;
        enum region_pages pages;
    } regions[] = {
        {&memory->requests, "joint-requests", REGION_SLAB, plan->config->request_slab_bytes, pages},
        {&memory->responses, "joint-responses", REGION_SLAB, plan->config->response_slab_bytes,
         pages},
        {&memory->api_requests, "joint-api-requests", REGION_SLAB, plan->api_requests_bytes, pages},
        {&memory->load, "joint-load", REGION_LOAD_PAGE, sizeof(struct load_page_shared),
         REGION_PAGES_SMALL},
        {&memory->counters, "joint-counters", REGION_COUNTERS, plan->counters_bytes,
         REGION_PAGES_SMALL},
    };
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
        if (regions[i].bytes == 0)
            continue;
        *what = regions[i].name;
        const int error = make(regions[i].region, regions[i].name, regions[i].kind,
                               regions[i].bytes, regions[i].pages);
        if (error)
            return error;
    }
    return 0;
}

static int make_tables(struct memory *memory, const struct memory_plan *plan, const char **what)
{
    *what = "joint-responses";
    const struct slab_config slab = {.payload_bytes = memory->responses.payload_bytes,
                                     .max_tensor_bytes = plan->config->max_tensor_bytes,
                                     .slot_count = memory->slot_count};
    int error = slab_create(&slab, &memory->answers);
    if (error)
        return error;
    const struct slot_table_config table = {.slot_count = memory->slot_count,
                                            .owner_count = plan->owner_count};
    return slot_table_create(&table, &memory->owners);
}

int memory_init(struct memory *memory, const struct memory_plan *plan, const char **what)
{
    *memory = (struct memory){.slot_count = (uint32_t)plan->config->slots};
    int error = make_regions(memory, plan, what);
    if (!error)
        error = make_tables(memory, plan, what);
    if (error)
        memory_fini(memory);
    return error;
}

void memory_fini(struct memory *memory)
{
    if (!memory)
        return;
    slot_table_destroy(memory->owners);
    slab_destroy(memory->answers);
    region_fini(&memory->api_requests);
    region_fini(&memory->counters);
    region_fini(&memory->load);
    region_fini(&memory->responses);
    region_fini(&memory->requests);
    *memory = (struct memory){0};
}
