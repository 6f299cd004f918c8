/* A table for people: columns as wide as their widest cell, numbers to the right. */
#ifndef SCHEDULER_CLI_TABLE_H
#define SCHEDULER_CLI_TABLE_H

#include <stddef.h>

struct table {
    size_t column_count;
    const char *const *titles; /* borrowed; '>' before a title: cells stand to the right */
    size_t cell_count, cell_capacity;
    char **cells; /* row by row */
    int err; /* -ENOMEM once a cell could not be kept */
};

void table_init(struct table *table, const char *const *titles, size_t column_count);
void table_fini(struct table *table); /* accepts NULL and a zeroed object */

/* Adds the next cell, row by row. */
void table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints titles and complete rows to stdout. 0 or -ENOMEM. */
int table_print(const struct table *table);

#endif
