/* Reads and prints numbers with units. */
#include "scheduler/config/value_number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* The largest first; a number that no other divides is printed in the last. */
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};
static const struct unit byte_units[] = {{"TiB", (uint64_t)1 << 40},
                                         {"GiB", (uint64_t)1 << 30},
                                         {"MiB", (uint64_t)1 << 20},
                                         {"KiB", (uint64_t)1 << 10},
                                         {"B", 1},
                                         {"", 1},
                                         {NULL, 0}};
static const struct unit time_units[] = {
    {"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}, {NULL, 0}};

static const struct unit *units_of(enum config_kind kind)
{
    return kind == CONFIG_BYTES ? byte_units : kind == CONFIG_TIME ? time_units : count_units;
}

static bool read_digits(const char **at, uint64_t *number, bool *is_too_large)
{
    const char *start = *at;
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            *is_too_large = true;
        else
            value = value * 10 + digit;
    }
    *number = value;
    return *at > start;
}

int config_number_parse(const struct config_option *option, const char *text, uint64_t *number,
                        const char **what)
{
    if (option->zero && strcmp(text, option->zero) == 0) {
        *number = 0;
        return 0;
    }
    uint64_t value;
    bool is_too_large = false;
    const char *at = text;
    *what = option->kind == CONFIG_BYTES  ? "is no size"
            : option->kind == CONFIG_TIME ? "is no time"
                                          : "is no whole number";
    if (!read_digits(&at, &value, &is_too_large))
        return -EINVAL;
    at += strspn(at, " \t");
    const struct unit *unit = units_of(option->kind);
    while (unit->name && strcmp(unit->name, at) != 0)
        unit++;
    if (!unit->name && *at)
        return -EINVAL;
    if (!unit->name && value > 0) { /* a time; 0 needs no unit */
        *what = "has no unit (ns, us, ms or s)";
        return -EINVAL;
    }
    *what = "is out of range";
    if (is_too_large || (unit->name && value > UINT64_MAX / unit->factor))
        return -EINVAL;
    value *= unit->name ? unit->factor : 1;
    if (value < option->min || value > option->max)
        return -EINVAL;
    *number = value;
    return 0;
}

void config_number_print(const struct config_option *option, uint64_t number, FILE *file)
{
    if (number == 0 && option->zero) {
        fputs(option->zero, file);
        return;
    }
    const struct unit *unit = units_of(option->kind);
    while (number % unit->factor)
        unit++;
    if (number == 0 && option->kind == CONFIG_BYTES)
        unit = count_units;
    fprintf(file, "%llu%s", (unsigned long long)(number / unit->factor), unit->name);
}

int config_real_parse(const struct config_option *option, const char *text, double *number,
                      const char **what)
{
    char *end;
    *what = "is no number";
    if (text[strspn(text, "0123456789.eE+-")] || ((*text < '0' || *text > '9') && *text != '.'))
        return -EINVAL;
    double value = strtod(text, &end);
    if (*end || end == text)
        return -EINVAL;
    *what = "is out of range";
    if (!isfinite(value) || value < (double)option->min || value > (double)option->max)
        return -EINVAL;
    *number = value;
    return 0;
}

void config_real_print(double number, FILE *file)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    fputs(text, file);
}
