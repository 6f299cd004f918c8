/* Collects the faults of a configuration. */
#include "scheduler/config/errors.h"

#include <stdio.h>
#include <stdlib.h>

static char *join(const char *file, uint32_t line, const char *what)
{
    char *text;
    int length = line ? asprintf(&text, "%s:%u: %s", file, line, what)
                      : asprintf(&text, "%s: %s", file, what);
    return length < 0 ? NULL : text;
}

void config_errors_add(struct config_errors *errors, const char *file, uint32_t line,
                       const char *format, ...)
{
    if (!errors)
        return;
    errors->total++;
    if (errors->count == CONFIG_MAX_ERRORS)
        return;
    struct config_error *items =
        realloc(errors->items, (errors->count + 1) * sizeof(*errors->items));
    if (!items)
        return;
    errors->items = items;
    char *what;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&what, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    char *text = join(file, line, what);
    free(what);
    if (text)
        items[errors->count++] = (struct config_error){line, text};
}

bool config_errors_has_line(const struct config_errors *errors, uint32_t line)
{
    for (uint32_t i = 0; errors && i < errors->count; i++)
        if (errors->items[i].line == line)
            return true;
    return false;
}

static int compare_lines(const void *a, const void *b)
{
    /* 0 - 1 is the largest: those of no line come last. */
    uint32_t first = ((const struct config_error *)a)->line - 1;
    uint32_t second = ((const struct config_error *)b)->line - 1;
    return (first > second) - (first < second);
}

void config_errors_sort(struct config_errors *errors)
{
    if (errors->count > 1)
        qsort(errors->items, errors->count, sizeof(*errors->items), compare_lines);
}

void config_errors_fini(struct config_errors *errors)
{
    if (!errors)
        return;
    for (uint32_t i = 0; i < errors->count; i++)
        free(errors->items[i].text);
    free(errors->items);
    *errors = (struct config_errors){0};
}
