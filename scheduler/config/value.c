/* Reads and frees the value of any option, by its kind. */
#include "scheduler/config/value.h"
#include "scheduler/config/value_list.h"
#include "scheduler/config/value_number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for a value of any kind while it is read. */
union any_value {
    uint64_t number;
    double real;
    bool is_on;
    uint32_t word;
    char *text;
    struct config_cores cores;
    struct config_addresses addresses;
    struct config_prefix prefix;
    struct config_dimensions dimensions;
};

static size_t value_bytes(enum config_kind kind)
{
    switch (kind) {
    case CONFIG_COUNT:
    case CONFIG_BYTES:
    case CONFIG_TIME:
        return sizeof(uint64_t);
    case CONFIG_NUMBER:
        return sizeof(double);
    case CONFIG_SWITCH:
        return sizeof(bool);
    case CONFIG_WORD:
        return sizeof(uint32_t);
    case CONFIG_TEXT:
        return sizeof(char *);
    case CONFIG_CORES:
        return sizeof(struct config_cores);
    case CONFIG_ADDRESSES:
        return sizeof(struct config_addresses);
    case CONFIG_PREFIX:
    case CONFIG_ADDRESS:
        return sizeof(struct config_prefix);
    case CONFIG_DIMENSIONS:
        return sizeof(struct config_dimensions);
    }
    return 0;
}

/* Which of the words between '|' the text is. */
static bool find_word(const char *text, const char *words, uint32_t *index)
{
    size_t text_length = strlen(text);
    *index = 0;
    for (const char *at = words; *at; (*index)++) {
        size_t length = strcspn(at, "|");
        if (length == text_length && memcmp(at, text, length) == 0)
            return true;
        at += length + (at[length] == '|');
    }
    return false;
}

/* A text stands in a file as it is: without spaces around it, and without what begins a comment. */
static bool is_plain_text(const char *text)
{
    size_t length = strlen(text);
    if (length == 0)
        return true;
    if (strchr(" \t;", text[0]) || strchr(" \t", text[length - 1]))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f ||
            (text[i] == ' ' && text[i + 1] == ';'))
            return false;
    return true;
}

/* NULL, or what is wrong. */
static const char *parse_text(const struct config_option *option, const char *text)
{
    size_t length = strlen(text);
    if (!is_plain_text(text))
        return "has letters that no line can hold";
    if (length == 0 && (option->min > 0 || option->is_required))
        return "is empty";
    return length > option->max ? "is too long" : length < option->min ? "is too short" : NULL;
}

static const char *parse_prefix(const struct config_option *option, const char *text,
                                struct config_prefix *prefix)
{
    *prefix = (struct config_prefix){0};
    if (!*text)
        return NULL;
    if (option->kind == CONFIG_PREFIX && !config_prefix_parse(text, prefix))
        return "is no address with its prefix";
    if (option->kind == CONFIG_ADDRESS) {
        if (!config_address_parse(text, &prefix->address))
            return "is no IP address";
        prefix->has_value = true;
        prefix->bits = config_address_is_v4(&prefix->address) ? 32 : 128;
    }
    bool is_v4 = config_address_is_v4(&prefix->address);
    if (option->family != CONFIG_FAMILY_ANY && is_v4 != (option->family == CONFIG_FAMILY_V4))
        return "is of the other family";
    return NULL;
}

/* 0, -EINVAL with either what is wrong with the text or the whole why, -ENOMEM. */
static int parse_any(const struct config_option *option, const char *text, union any_value *value,
                     const char **what, char *why)
{
    switch (option->kind) {
    case CONFIG_COUNT:
    case CONFIG_BYTES:
    case CONFIG_TIME:
        return config_number_parse(option, text, &value->number, what);
    case CONFIG_NUMBER:
        return config_real_parse(option, text, &value->real, what);
    case CONFIG_SWITCH:
        *what = "is neither";
        value->is_on = strcmp(text, "yes") == 0;
        return value->is_on || strcmp(text, "no") == 0 ? 0 : -EINVAL;
    case CONFIG_WORD:
        *what = "is none of its words";
        return find_word(text, option->words, &value->word) ? 0 : -EINVAL;
    case CONFIG_TEXT:
        *what = parse_text(option, text);
        if (*what)
            return -EINVAL;
        value->text = strdup(text);
        return value->text ? 0 : -ENOMEM;
    case CONFIG_CORES:
        return config_cores_parse(&value->cores, text, why, CONFIG_WHY_BYTES);
    case CONFIG_ADDRESSES:
        return config_addresses_parse(&value->addresses, text, why, CONFIG_WHY_BYTES);
    case CONFIG_PREFIX:
    case CONFIG_ADDRESS:
        *what = parse_prefix(option, text, &value->prefix);
        return *what ? -EINVAL : 0;
    case CONFIG_DIMENSIONS:
        return config_dimensions_parse(&value->dimensions, text, why, CONFIG_WHY_BYTES);
    }
    return -EINVAL;
}

/* Lists have their count checked here; others were in parse_any. */
static bool has_fitting_count(const struct config_option *option, const union any_value *value)
{
    uint64_t count = option->kind == CONFIG_CORES        ? value->cores.count
                     : option->kind == CONFIG_ADDRESSES  ? value->addresses.count
                     : option->kind == CONFIG_DIMENSIONS ? value->dimensions.count
                                                         : option->min;
    if (option->kind != CONFIG_CORES && option->kind != CONFIG_ADDRESSES &&
        option->kind != CONFIG_DIMENSIONS)
        return true;
    return count >= option->min && count <= option->max;
}

int config_value_parse(const struct config_option *option, const char *text, void *value, char *why)
{
    union any_value parsed;
    memset(&parsed, 0, sizeof(parsed));
    const char *what = NULL;
    why[0] = '\0';
    int error = parse_any(option, text, &parsed, &what, why);
    if (!error && !has_fitting_count(option, &parsed)) {
        what = "has too many or too few of them";
        error = -EINVAL;
    }
    if (!error) {
        config_value_fini(option, value);
        memcpy(value, &parsed, value_bytes(option->kind));
        return 0;
    }
    config_value_fini(option, &parsed);
    if (error == -EINVAL && what) {
        char *range = config_value_range(option);
        if (!range)
            return -ENOMEM;
        snprintf(why, CONFIG_WHY_BYTES, "'%.60s' %s, write %.200s", text, what, range);
        free(range);
    }
    return error;
}

void config_value_fini(const struct config_option *option, void *value)
{
    if (option->kind == CONFIG_TEXT) {
        free(*(char **)value);
        *(char **)value = NULL;
    } else if (option->kind == CONFIG_CORES) {
        free(((struct config_cores *)value)->items);
        *(struct config_cores *)value = (struct config_cores){0};
    } else if (option->kind == CONFIG_ADDRESSES) {
        free(((struct config_addresses *)value)->items);
        *(struct config_addresses *)value = (struct config_addresses){0};
    } else if (option->kind == CONFIG_DIMENSIONS) {
        config_dimensions_fini(value);
    }
}
