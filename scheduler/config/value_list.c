/* Reads and prints lists of cores, addresses and dimensions. */
#include "scheduler/config/value_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CORE = 65535 };

int config_list_append(void **items, uint32_t *count, const void *item, size_t item_bytes)
{
    /* Grows at each power of two, so that the capacity need not be kept. */
    if ((*count & (*count - 1)) == 0) {
        void *more = reallocarray(*items, *count ? (size_t)*count * 2 : 1, item_bytes);
        if (!more)
            return -ENOMEM;
        *items = more;
    }
    memcpy((char *)*items + *count * item_bytes, item, item_bytes);
    (*count)++;
    return 0;
}

/* The next word of a list with commas between, without the spaces around it; it may be empty.
 * False at the end. */
static bool next_word(const char **at, const char **word, size_t *length)
{
    if (!*at)
        return false;
    const char *start = *at + strspn(*at, " \t");
    size_t count = strcspn(start, ",");
    *at = start[count] ? start + count + 1 : NULL;
    while (count > 0 && strchr(" \t", start[count - 1]))
        count--;
    *word = start;
    *length = count;
    return true;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t")] == '\0';
}

/* A whole number at *at, which moves past it. */
static bool read_number(const char **at, const char *end, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    const char *start = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');
        if (value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return *at > start;
}

static int append_core(struct config_cores *cores, uint8_t *seen, uint64_t core, char *why,
                       size_t why_bytes)
{
    uint8_t bit = (uint8_t)(1u << (core % 8));
    if (seen[core / 8] & bit) {
        snprintf(why, why_bytes, "names core %u twice, once is enough", (unsigned)core);
        return -EINVAL;
    }
    seen[core / 8] |= bit;
    uint32_t item = (uint32_t)core;
    void *items = cores->items;
    int error = config_list_append(&items, &cores->count, &item, sizeof(item));
    cores->items = items;
    return error;
}

int config_cores_parse(struct config_cores *cores, const char *text, char *why, size_t why_bytes)
{
    uint8_t seen[(MAX_CORE + 1) / 8] = {0};
    const char *at = is_blank(text) ? NULL : text, *word;
    for (size_t length; next_word(&at, &word, &length);) {
        const char *digits = word, *end = word + length;
        uint64_t first, last;
        bool is_read = read_number(&digits, end, MAX_CORE, &first);
        last = first;
        if (is_read && digits < end && *digits == '-') {
            digits++;
            is_read = read_number(&digits, end, MAX_CORE, &last);
        }
        if (!is_read || digits != end || last < first) {
            snprintf(why, why_bytes, "'%.*s' is no core and no range of cores, write such as 2-5,8",
                     length > 60 ? 60 : (int)length, word);
            return -EINVAL;
        }
        for (uint64_t core = first; core <= last; core++) {
            int error = append_core(cores, seen, core, why, why_bytes);
            if (error)
                return error;
        }
    }
    return 0;
}

void config_cores_print(const struct config_cores *cores, FILE *file)
{
    for (uint32_t i = 0, next; i < cores->count; i = next) {
        for (next = i + 1; next < cores->count; next++)
            if (cores->items[next] != cores->items[next - 1] + 1)
                break;
        fprintf(file, "%s%u", i ? "," : "", cores->items[i]);
        if (next > i + 1)
            fprintf(file, "-%u", cores->items[next - 1]);
    }
}

int config_addresses_parse(struct config_addresses *addresses, const char *text, char *why,
                           size_t why_bytes)
{
    const char *at = is_blank(text) ? NULL : text, *word;
    for (size_t length; next_word(&at, &word, &length);) {
        char spelled[CONFIG_ADDRESS_TEXT_BYTES] = {0};
        if (length < sizeof(spelled))
            memcpy(spelled, word, length);
        struct config_address address;
        if (!config_address_parse(spelled, &address)) {
            snprintf(why, why_bytes,
                     "'%.*s' is no IP address, write such as 192.0.2.1 or 2001:db8::1",
                     length > 60 ? 60 : (int)length, word);
            return -EINVAL;
        }
        for (uint32_t i = 0; i < addresses->count; i++)
            if (config_address_equal(&addresses->items[i], &address)) {
                snprintf(why, why_bytes, "names %s twice, once is enough", spelled);
                return -EINVAL;
            }
        void *items = addresses->items;
        int error = config_list_append(&items, &addresses->count, &address, sizeof(address));
        addresses->items = items;
        if (error)
            return error;
    }
    return 0;
}

void config_addresses_print(const struct config_addresses *addresses, FILE *file)
{
    for (uint32_t i = 0; i < addresses->count; i++) {
        char text[CONFIG_ADDRESS_TEXT_BYTES];
        config_address_print(&addresses->items[i], text, sizeof(text));
        fprintf(file, "%s%s", i ? ", " : "", text);
    }
}

/* One "symbol=size". The symbol of an input's axis may hold a colon, and the last '=' splits. */
static bool read_dimension(const char *word, size_t length, size_t *symbol_length, uint64_t *size)
{
    const char *equals = memrchr(word, '=', length), *end = word + length;
    if (!equals)
        return false;
    const char *digits = equals + 1 + strspn(equals + 1, " \t");
    while (equals > word && strchr(" \t", equals[-1]))
        equals--;
    *symbol_length = (size_t)(equals - word);
    return *symbol_length > 0 && *symbol_length < CONFIG_SYMBOL_BYTES && digits < end &&
           read_number(&digits, end, UINT32_MAX, size) && digits == end && *size > 0;
}

int config_dimensions_parse(struct config_dimensions *dimensions, const char *text, char *why,
                            size_t why_bytes)
{
    const char *at = is_blank(text) ? NULL : text, *word;
    for (size_t length; next_word(&at, &word, &length);) {
        struct config_dimension dimension;
        size_t symbol_length;
        if (!read_dimension(word, length, &symbol_length, &dimension.size)) {
            snprintf(why, why_bytes, "'%.*s' is no NAME=SIZE, write such as sequence=128",
                     length > 60 ? 60 : (int)length, word);
            return -EINVAL;
        }
        for (uint32_t i = 0; i < dimensions->count; i++)
            if (strlen(dimensions->items[i].symbol) == symbol_length &&
                memcmp(dimensions->items[i].symbol, word, symbol_length) == 0) {
                snprintf(why, why_bytes, "gives '%s' twice, once is enough",
                         dimensions->items[i].symbol);
                return -EINVAL;
            }
        dimension.symbol = strndup(word, symbol_length);
        void *items = dimensions->items;
        int error = dimension.symbol ? config_list_append(&items, &dimensions->count, &dimension,
                                                          sizeof(dimension))
                                     : -ENOMEM;
        dimensions->items = items;
        if (error) {
            free(dimension.symbol);
            return error;
        }
    }
    return 0;
}

void config_dimensions_print(const struct config_dimensions *dimensions, FILE *file)
{
    for (uint32_t i = 0; i < dimensions->count; i++)
        fprintf(file, "%s%s=%llu", i ? ", " : "", dimensions->items[i].symbol,
                (unsigned long long)dimensions->items[i].size);
}

void config_dimensions_fini(struct config_dimensions *dimensions)
{
    for (uint32_t i = 0; i < dimensions->count; i++)
        free(dimensions->items[i].symbol);
    free(dimensions->items);
    *dimensions = (struct config_dimensions){0};
}
