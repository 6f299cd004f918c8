/* The table of options: parsing, printing, comparing and the documentation all come from it. */
#ifndef SCHEDULER_CONFIG_OPTION_H
#define SCHEDULER_CONFIG_OPTION_H

#include "scheduler/config/jointd_config.h"

#include <stddef.h>

enum config_kind {
    CONFIG_COUNT, /* uint64_t: a whole number */
    CONFIG_BYTES, /* uint64_t: "64MiB" */
    CONFIG_TIME, /* uint64_t, ns: "2ms" */
    CONFIG_NUMBER, /* double: "0.15" */
    CONFIG_SWITCH, /* bool: yes or no */
    CONFIG_WORD, /* an enum: one of words, counted from 0 */
    CONFIG_TEXT, /* char * */
    CONFIG_CORES, /* struct config_cores: "2-5,8" */
    CONFIG_ADDRESSES, /* struct config_addresses: "192.0.2.1, ::1" */
    CONFIG_PREFIX, /* struct config_prefix: "192.0.2.1/24" */
    CONFIG_ADDRESS, /* struct config_prefix: "192.0.2.1" */
    CONFIG_DIMENSIONS, /* struct config_dimensions: "sequence=128" */
};

struct config_option {
    const char *name;
    enum config_kind kind;
    bool is_live; /* taken over by a running jointd; otherwise it needs a restart */
    bool is_required; /* it has no default */
    enum config_family family; /* of CONFIG_PREFIX and CONFIG_ADDRESS */
    uint32_t offset; /* of the value in its section's struct */
    uint64_t min, max; /* of a number, in the unit of its kind; of a text, its bytes; of a list, its
                          items */
    const char *zero; /* the word for 0, which min need not allow; NULL: there is none */
    const char *words; /* of CONFIG_WORD: "auto|dpdk|uring" */
    const char *fallback; /* the default, spelled as in a file */
    const char *help; /* one line */
};

struct config_section {
    const char *name;
    const char *help; /* one line */
    bool is_repeated; /* [model NAME]: an array of structs that begin with char *name */
    uint32_t max_count; /* of a repeated one */
    uint32_t offset; /* of the struct in jointd_config; of a repeated one, of the array's pointer */
    uint32_t count_offset; /* of a repeated one: of its uint32_t count */
    uint32_t bytes; /* of its struct */
    const struct config_option *options;
    uint32_t option_count;
};

extern const struct config_section config_sections[];
extern const uint32_t config_section_count;

/* How many of this section the config has: 1 of those that are not repeated. */
uint32_t config_section_instances(const struct config_section *section,
                                  const struct jointd_config *config);

/* The struct of the section's n-th instance, and an option's value inside. */
void *config_section_at(const struct config_section *section, const struct jointd_config *config,
                        uint32_t index);

/* The name of a repeated section's n-th instance; NULL of others. */
const char *config_section_name(const struct config_section *section,
                                const struct jointd_config *config, uint32_t index);

/* NULL: there is none of that name. */
const struct config_section *config_section_find(const char *name, size_t length);
const struct config_option *config_option_find(const struct config_section *section,
                                               const char *name);

#endif
