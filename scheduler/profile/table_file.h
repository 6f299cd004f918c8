/* Tables of plans as files: JSON that can be read back, and CSV for other tools. */
#ifndef SCHEDULER_PROFILE_TABLE_FILE_H
#define SCHEDULER_PROFILE_TABLE_FILE_H

#include "scheduler/plan/table.h"
#include "scheduler/profile/file_error.h"

#include <stdio.h>

#define TABLE_FILE_SCHEMA "joint.plan-table/1"

#define TABLE_FILE_MAX_PARTS ((size_t)1 << 24) /* steps times plans that are read */

/* What a table was made for; goes into the file. */
struct table_about {
    const char *model; /* may be NULL */
    const struct split_problem *problem;
    const struct split_goal *goal;
    bool has_radio_base;
};

/* One plan a line; numbers with 12 digits. 0, -ENOMEM or -EIO. */
int table_file_print(FILE *stream, const struct split_table *table,
                     const struct table_about *about);

/* A line of titles, then one plan a line; segments as "M1-3 C4-21". 0 or -EIO. */
int table_file_print_csv(FILE *stream, const struct split_table *table);

/* "M1-3 C4-20 M21", at most `room` bytes with the end; "-" where the plan is not feasible. */
void table_file_print_segments(char *text, size_t room, const struct split_plan *plan);

/* Writes one of both to a file, which is replaced whole. 0 or a negative errno. */
int table_file_write(const char *path, bool is_csv, const struct split_table *table,
                     const struct table_about *about, struct file_error *error);

/* Reads JSON written so. The plans hold no nearest values and no cloud times of the comparisons.
 * 0; -EINVAL and what file and parser say, with the error filled and the table zeroed. */
int table_file_read(struct split_table *table, const char *path, struct file_error *error);
int table_file_parse(struct split_table *table, const char *name, const char *bytes, size_t size,
                     struct file_error *error);

#endif
