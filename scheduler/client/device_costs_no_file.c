/* Stands for the reader of profile files where there is no library for JSON. */
#include "scheduler/client/device_costs.h"

#include <errno.h>
#include <stdio.h>

int device_costs_read(struct device_costs *costs, const char *path,
                      const struct device_network *network, char *text, size_t room)
{
    (void)network;
    *costs = (struct device_costs){0};
    snprintf(text, room, "%s cannot be read: libjoint was built without jansson", path);
    return -ENOTSUP;
}
