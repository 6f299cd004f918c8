/* What every ingress does with a model that it is told of. */
#include "shm/ingress.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool is_sound(const struct ingress_model *said)
{
    const void *end = memchr(said->name, 0, sizeof(said->name));
    return said->model < INGRESS_MAX_MODELS && end && end != said->name && said->version != 0;
}

int ingress_model_attach(const struct ingress_model *said, int fd, struct region *region,
                         struct model_table *table)
{
    const struct region_expect expect = {
        .kind = REGION_MODEL, .access = REGION_READ_ONLY, .is_content_sealed = true};
    int error = is_sound(said) ? region_attach(region, fd, &expect) : -EBADMSG;
    if (error) {
        close(fd);
        return error;
    }
    error = model_table_attach(table, region);
    if (error)
        region_fini(region);
    return error;
}
