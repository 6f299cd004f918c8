/* A map of plans in words: what each class does, and how the best plan changes over the map. */
#ifndef SCHEDULER_CLI_PICTURE_MAP_WORDS_H
#define SCHEDULER_CLI_PICTURE_MAP_WORDS_H

#include "scheduler/cli/picture/map_classes.h"
#include "scheduler/cli/picture/map_picture.h"
#include "scheduler/cli/picture/text.h"

/* A few words for a region: "all on the phone", "phone up to pool2", "server for conv3 –
 * fc8", "4 changes of side". */
void map_words_add_label(struct text *text, const struct map_picture *picture,
                         const struct map_class *class, size_t max_name);

/* A sentence for the legend. */
void map_words_add_class(struct text *text, const struct map_picture *picture,
                         const struct map_class *class);

/* What the map shows, and how the best plan changes with the link where the load is least. */
void map_words_add_headline(struct text *text, const struct map_picture *picture,
                            const struct map_classes *map);
void map_words_add_course(struct text *text, const struct map_picture *picture,
                          const struct map_classes *map);

/* What holds for all of the map. */
void map_words_add_conditions(struct text *text, const struct map_picture *picture);

/* "1.5×, 9 ms": a load, by what of it changes over the table. */
struct map_load_words {
    bool has_k, has_wait;
};

struct map_load_words map_words_of_loads(const struct split_table *table);
void map_words_add_load(struct text *text, const struct map_load_words *words,
                        const struct split_table_load *load);

#endif
