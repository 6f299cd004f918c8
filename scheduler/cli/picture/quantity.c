/* Numbers as people read them. */
#include "scheduler/cli/picture/quantity.h"

#include <math.h>

/* To so many digits, before the unit is chosen: 999.6 is 1 of the next one. */
static double rounded(double value, int digits)
{
    if (!(value > 0) || isinf(value))
        return value;
    double scale = pow(10, digits - 1 - floor(log10(value)));
    if (!(scale > 0) || isinf(scale))
        return value;
    return value >= 1e15 ? value : round(value * scale) / scale;
}

static void add_number(struct text *text, double value)
{
    int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
    if (value > 0 && (value < 0.1 || value >= 1e7)) {
        text_add(text, "%.3g", value);
        return;
    }
    struct text digits;
    text_clear(&digits);
    text_add(&digits, "%.*f", value < 1 && value > 0 ? 3 : decimals, value);
    while (decimals && digits.chars[digits.length - 1] == '0')
        digits.chars[--digits.length] = 0;
    if (digits.chars[digits.length - 1] == '.')
        digits.chars[--digits.length] = 0;
    text_add(text, "%s", digits.chars);
}

void text_add_number(struct text *text, double value)
{
    add_number(text, rounded(value, 3));
}

void text_add_times(struct text *text, double ratio)
{
    add_number(text, rounded(ratio, 2));
    text_add(text, "×");
}

static void add_quantity(struct text *text, double value, const struct unit *units, size_t count)
{
    value = rounded(value, 3);
    size_t i = 0;
    while (i + 1 < count && value > 0 && value < units[i].from)
        i++;
    if (value <= 0) /* zero of the ordinary unit */
        for (i = 0; units[i].size < 1 || units[i].size > 1; i++)
            ;
    add_number(text, rounded(value / units[i].size, 3));
    text_add(text, "\u00A0%s", units[i].name);
}

static const struct unit times[] = {{36e6, 3.6e6, "h"}, {6e5, 6e4, "min"},  {1e3, 1e3, "s"},
                                    {0.1, 1, "ms"},     {1e-4, 1e-3, "µs"}, {0, 1e-6, "ns"}};
#define TIME_COUNT (sizeof(times) / sizeof(times[0]))

void text_add_ms(struct text *text, double ms)
{
    add_quantity(text, ms, times, TIME_COUNT);
}

const struct unit *quantity_time_unit(double most_ms)
{
    size_t i = 0;
    while (i + 1 < TIME_COUNT && most_ms < times[i].from)
        i++;
    return &times[i];
}

void text_add_mj(struct text *text, double mj)
{
    static const struct unit units[] = {{1e9, 1e9, "MJ"}, {1e6, 1e6, "kJ"},   {1e3, 1e3, "J"},
                                        {0.1, 1, "mJ"},   {1e-4, 1e-3, "µJ"}, {0, 1e-6, "nJ"}};
    add_quantity(text, mj, units, sizeof(units) / sizeof(units[0]));
}

void text_add_bytes(struct text *text, double bytes)
{
    static const struct unit units[] = {
        {1e12, 1e12, "TB"}, {1e9, 1e9, "GB"}, {1e6, 1e6, "MB"}, {1e3, 1e3, "kB"}, {0, 1, "B"}};
    add_quantity(text, bytes, units, sizeof(units) / sizeof(units[0]));
}

void text_add_mbps(struct text *text, double mbps)
{
    static const struct unit units[] = {
        {1e3, 1e3, "Gbit/s"}, {0.1, 1, "Mbit/s"}, {1e-4, 1e-3, "kbit/s"}, {0, 1e-6, "bit/s"}};
    add_quantity(text, mbps, units, sizeof(units) / sizeof(units[0]));
}

double quantity_round_up(double value)
{
    static const double steps[] = {1, 2, 5, 10};
    double power = pow(10, floor(log10(value)));
    for (int i = 0; i < 4; i++)
        if (steps[i] * power >= value * (1 - 1e-12))
            return steps[i] * power;
    return 10 * power;
}
