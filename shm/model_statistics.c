/* Checks what a reader of a model's statistics is to rely on. */
#include "shm/model_statistics.h"

#include <errno.h>
#include <string.h>

uint64_t model_statistics_bytes(uint32_t class_count)
{
    if (class_count == 0 || class_count > MODEL_STATISTICS_MAX_CLASSES)
        return 0;
    return sizeof(struct model_statistics_shared) +
           class_count * (uint64_t)sizeof(struct model_statistics_class);
}

static int is_text(const char name[MODEL_STATISTICS_NAME_BYTES])
{
    return memchr(name, 0, MODEL_STATISTICS_NAME_BYTES) != NULL;
}

int model_statistics_attach(struct model_statistics *statistics, const struct region *region)
{
    const struct model_statistics_shared *shared = region_at(region, 0, sizeof(*shared));
    if (!shared)
        return -EBADMSG;
    uint32_t class_count;
    memcpy(&class_count, &shared->class_count, sizeof(class_count));
    const uint64_t bytes = model_statistics_bytes(class_count);
    if (bytes == 0 || bytes > region->payload_bytes || !is_text(shared->name))
        return -EBADMSG;
    for (uint32_t i = 0; i < class_count; i++)
        if (!is_text(shared->classes[i].name))
            return -EBADMSG;
    *statistics = (struct model_statistics){.shared = shared, .class_count = class_count};
    return 0;
}

const char *model_outcome_name(enum model_outcome outcome)
{
    static const char *const names[MODEL_OUTCOMES] = {[MODEL_ANSWERED] = "answered",
                                                      [MODEL_LATE] = "late",
                                                      [MODEL_REJECTED] = "rejected",
                                                      [MODEL_FAILED] = "failed",
                                                      [MODEL_CANCELLED] = "cancelled"};
    return names[outcome];
}
