/* Keeps cells until the widths of all columns are known, then prints them aligned. */
#include "scheduler/cli/table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_init(struct table *table, const char *const *titles, size_t column_count)
{
    *table = (struct table){.titles = titles, .column_count = column_count};
}

void table_fini(struct table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->cell_count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}

void table_add(struct table *table, const char *format, ...)
{
    if (table->cell_count == table->cell_capacity) {
        size_t capacity = table->cell_capacity ? table->cell_capacity * 2 : 64;
        char **cells = realloc(table->cells, capacity * sizeof(*cells));
        if (!cells) {
            table->err = -ENOMEM;
            return;
        }
        table->cells = cells;
        table->cell_capacity = capacity;
    }
    va_list arguments;
    va_start(arguments, format);
    char *cell;
    if (vasprintf(&cell, format, arguments) < 0)
        table->err = -ENOMEM;
    else
        table->cells[table->cell_count++] = cell;
    va_end(arguments);
    /* Names come from files: no control codes for the terminal. */
    for (char *at = table->err ? NULL : cell; at && *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
}

/* Printed columns of UTF-8 text: continuation bytes take none. */
static int text_width(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void print_row(const struct table *table, const int *widths, bool is_title, char **cells)
{
    for (size_t column = 0; column < table->column_count; column++) {
        const char *title = table->titles[column];
        bool is_right = title[0] == '>';
        const char *cell = is_title ? title + is_right : cells[column];
        int padding = widths[column] - text_width(cell);
        bool is_last = column + 1 == table->column_count;
        if (is_right)
            printf("%*s%s%s", padding, "", cell, is_last ? "\n" : "  ");
        else
            printf("%s%*s%s", cell, is_last ? 0 : padding, "", is_last ? "\n" : "  ");
    }
}

int table_print(const struct table *table)
{
    if (table->err)
        return table->err;
    int *widths = calloc(table->column_count, sizeof(*widths));
    if (!widths)
        return -ENOMEM;
    for (size_t i = 0; i < table->column_count; i++)
        widths[i] = text_width(table->titles[i]) - (table->titles[i][0] == '>');
    for (size_t i = 0; i < table->cell_count; i++) {
        int width = text_width(table->cells[i]);
        int *column = &widths[i % table->column_count];
        if (width > *column)
            *column = width;
    }
    print_row(table, widths, true, NULL);
    for (size_t row = 0; row < table->cell_count / table->column_count; row++)
        print_row(table, widths, false, table->cells + row * table->column_count);
    free(widths);
    return 0;
}
