/* Remembers the line of each option. */
#include "scheduler/config/places.h"
#include "scheduler/config/value_list.h"

#include <stdlib.h>

int config_places_add(struct config_places *places, struct config_place place)
{
    void *items = places->items;
    int error = config_list_append(&items, &places->count, &place, sizeof(place));
    places->items = items;
    return error;
}

uint32_t config_places_line(const struct config_places *places,
                            const struct config_section *section, uint32_t index,
                            const struct config_option *option)
{
    for (uint32_t i = places->count; i-- > 0;) {
        const struct config_place *place = &places->items[i];
        if (place->section == section && place->index == index && place->option == option)
            return place->line;
    }
    return 0;
}

void config_places_fini(struct config_places *places)
{
    free(places->items);
    *places = (struct config_places){0};
}
