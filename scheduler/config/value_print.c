/* Prints the value of any option, and what may be written for it. */
#include "scheduler/config/value.h"
#include "scheduler/config/value_list.h"
#include "scheduler/config/value_number.h"

#include <stdlib.h>
#include <string.h>

static void print_value(const struct config_option *option, const void *value, FILE *file)
{
    char text[CONFIG_ADDRESS_TEXT_BYTES] = "";
    switch (option->kind) {
    case CONFIG_COUNT:
    case CONFIG_BYTES:
    case CONFIG_TIME:
        config_number_print(option, *(const uint64_t *)value, file);
        break;
    case CONFIG_NUMBER:
        config_real_print(*(const double *)value, file);
        break;
    case CONFIG_SWITCH:
        fputs(*(const bool *)value ? "yes" : "no", file);
        break;
    case CONFIG_WORD: {
        const char *word = option->words;
        for (uint32_t i = *(const uint32_t *)value; i > 0; i--)
            word += strcspn(word, "|") + 1;
        fprintf(file, "%.*s", (int)strcspn(word, "|"), word);
        break;
    }
    case CONFIG_TEXT:
        fputs(*(char *const *)value, file);
        break;
    case CONFIG_CORES:
        config_cores_print(value, file);
        break;
    case CONFIG_ADDRESSES:
        config_addresses_print(value, file);
        break;
    case CONFIG_PREFIX:
    case CONFIG_ADDRESS: {
        const struct config_prefix *prefix = value;
        if (prefix->has_value && option->kind == CONFIG_PREFIX)
            config_prefix_print(prefix, text, sizeof(text));
        else if (prefix->has_value)
            config_address_print(&prefix->address, text, sizeof(text));
        fputs(text, file);
        break;
    }
    case CONFIG_DIMENSIONS:
        config_dimensions_print(value, file);
        break;
    }
}

char *config_value_text(const struct config_option *option, const void *value)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return NULL;
    print_value(option, value, file);
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}

/* "auto, dpdk or uring" from "auto|dpdk|uring". */
static void print_words(const char *words, FILE *file)
{
    while (*words) {
        size_t length = strcspn(words, "|");
        fprintf(file, "%.*s", (int)length, words);
        words += length + (words[length] == '|');
        if (*words)
            fputs(strchr(words, '|') ? ", " : " or ", file);
    }
}

static void print_range(const struct config_option *option, FILE *file)
{
    struct config_option plain = *option;
    plain.zero = NULL; /* here a 0 is a number */
    const char *family = option->family == CONFIG_FAMILY_V4 ? "IPv4" : "IPv6";
    const char *example = option->family == CONFIG_FAMILY_V4 ? "192.0.2.1" : "2001:db8::1";
    switch (option->kind) {
    case CONFIG_COUNT:
    case CONFIG_BYTES:
    case CONFIG_TIME:
        config_number_print(&plain, option->min, file);
        fputs(" to ", file);
        config_number_print(&plain, option->max, file);
        if (option->zero)
            fprintf(file, " or %s", option->zero);
        break;
    case CONFIG_NUMBER:
        fprintf(file, "%llu to %llu", (unsigned long long)option->min,
                (unsigned long long)option->max);
        break;
    case CONFIG_SWITCH:
        fputs("yes or no", file);
        break;
    case CONFIG_WORD:
        print_words(option->words, file);
        break;
    case CONFIG_TEXT:
        fprintf(file, "a text of %llu to %llu bytes", (unsigned long long)option->min,
                (unsigned long long)option->max);
        break;
    case CONFIG_CORES:
        fprintf(file, "up to %llu cores", (unsigned long long)option->max);
        break;
    case CONFIG_ADDRESSES:
        fprintf(file, "%llu to %llu IP addresses", (unsigned long long)option->min,
                (unsigned long long)option->max);
        break;
    case CONFIG_PREFIX:
        fprintf(file, "an %s address such as %s/24", family, example);
        break;
    case CONFIG_ADDRESS:
        fprintf(file, "an %s address such as %s", family, example);
        break;
    case CONFIG_DIMENSIONS:
        fprintf(file, "up to %llu times NAME=SIZE", (unsigned long long)option->max);
        break;
    }
}

char *config_value_range(const struct config_option *option)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (!file)
        return NULL;
    print_range(option, file);
    if (fclose(file) == 0)
        return text;
    free(text);
    return NULL;
}
