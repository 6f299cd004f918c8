/* Up to 19 digits and a small power of ten are two roundings of a double away from the truth, so
 * the float next to it is right unless it lies about halfway between two; strtof decides those. */
#include "scheduler/api/json_float.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIGITS 19
#define MAX_POWER 22 /* of ten that a double holds exactly */
#define LONGEST 64u /* numbers that are longer are read where there is room for them */

static const double power_of_ten[MAX_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

struct decimal {
    uint64_t digits;
    int digit_count; /* without leading zeros */
    int exponent;
    bool is_negative, has_many; /* more digits, or a larger exponent, than there is room for */
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static const char *read_digits(struct decimal *decimal, const char *at, const char *end)
{
    for (; at < end && is_digit(*at); at++) {
        if (decimal->digits == 0 && *at == '0')
            continue;
        decimal->has_many |= decimal->digit_count == MAX_DIGITS;
        if (decimal->has_many)
            continue;
        decimal->digits = decimal->digits * 10 + (uint64_t)(*at - '0');
        decimal->digit_count++;
    }
    return at;
}

static const char *read_exponent(struct decimal *decimal, const char *at, const char *end)
{
    const bool is_negative = at < end && *at == '-';
    int exponent = 0;
    at += at < end && (*at == '-' || *at == '+');
    for (; at < end && is_digit(*at); at++)
        exponent = exponent < 10000 ? exponent * 10 + (*at - '0') : exponent;
    decimal->exponent += is_negative ? -exponent : exponent;
    return at;
}

static const char *read_decimal(struct decimal *decimal, const char *at, const char *end)
{
    *decimal = (struct decimal){.is_negative = *at == '-'};
    at = read_digits(decimal, at + decimal->is_negative, end);
    if (at < end && *at == '.') {
        const char *point = ++at;
        at = read_digits(decimal, at, end);
        decimal->exponent -= at - point < 10000 ? (int)(at - point) : 10000;
    }
    if (at < end && (*at == 'e' || *at == 'E'))
        at = read_exponent(decimal, at + 1, end);
    return at;
}

/* Whether rounding it again could go the other way than rounding the truth. */
static bool is_near_halfway(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof(bits));
    const uint64_t rest = bits & 0x1fffffff; /* the 29 bits that a float does not have */
    return rest >= 0x0ffffff8 && rest <= 0x10000008;
}

static bool read_fast(const struct decimal *decimal, float *number)
{
    if (decimal->has_many || decimal->exponent < -MAX_POWER || decimal->exponent > MAX_POWER)
        return false;
    const double value = decimal->exponent < 0
                             ? (double)decimal->digits / power_of_ten[-decimal->exponent]
                             : (double)decimal->digits * power_of_ten[decimal->exponent];
    if (decimal->digits && (value < 1e-30 || value > 1e30 || is_near_halfway(value)))
        return false;
    *number = (float)(decimal->is_negative ? -value : value);
    return true;
}

/* strtof wants an end, which the text may not have. */
static bool read_slowly(const char *at, size_t length, float *number)
{
    char few[LONGEST];
    char *text = length < sizeof(few) ? few : malloc(length + 1);
    if (!text)
        return false;
    memcpy(text, at, length);
    text[length] = '\0';
    *number = strtof(text, NULL);
    if (text != few)
        free(text);
    return isfinite(*number);
}

bool json_float_read(const char **at, const char *end, float *number)
{
    struct decimal decimal;
    const char *begin = *at;
    *at = read_decimal(&decimal, begin, end);
    return read_fast(&decimal, number) || read_slowly(begin, (size_t)(*at - begin), number);
}

size_t json_float_write(float number, char text[JSON_FLOAT_ROOM])
{
    if (!isfinite(number)) {
        memcpy(text, "null", 4);
        return 4;
    }
    const int length = snprintf(text, JSON_FLOAT_ROOM, "%.9g", (double)number);
    return (size_t)length;
}
