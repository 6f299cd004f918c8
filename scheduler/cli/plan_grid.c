/* Parses lists of numbers. */
#include "scheduler/cli/plan_grid.h"
#include "scheduler/cli/command_line.h"
#include "scheduler/cli/commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORD 64

/* The next word of a list, up to one of `ends`; moves *at past it and its end. False where it is
 * too long for a number. */
static bool next_word(const char **at, const char *ends, char word[MAX_WORD])
{
    size_t length = strcspn(*at, ends);
    if (length >= MAX_WORD)
        return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length + ((*at)[length] != '\0');
    return true;
}

static uint32_t count_items(const char *text)
{
    uint32_t count = 1;
    for (; *text && count <= SPLIT_TABLE_MAX_AXIS; text++)
        count += *text == ',';
    return count;
}

int plan_grid_parse_load(const char *text, struct split_load *load)
{
    bool has_wait = false, has_k = false, is_right = *text != '\0';
    for (const char *at = text; *at && is_right;) {
        char word[MAX_WORD];
        is_right = next_word(&at, ",", word);
        if (is_right && strncmp(word, "wait_ms=", 8) == 0 && !has_wait)
            has_wait = is_right = text_to_number(word + 8, &load->wait_ms);
        else if (is_right && strncmp(word, "k=", 2) == 0 && !has_k)
            has_k = is_right = text_to_number(word + 2, &load->k) && load->k > 0;
        else
            is_right = false;
    }
    if (is_right)
        return COMMAND_DONE;
    return command_fail("plan", COMMAND_MISUSED,
                        "--cloud-load %s: expected wait_ms=W,k=K with W 0 or more, K above 0",
                        text);
}

/* "LOW:HIGH:COUNT". */
static bool parse_span(const char *text, double *low, double *high, uint32_t *count)
{
    char word[MAX_WORD];
    uint64_t steps;
    const char *at = text;
    if (!next_word(&at, ":", word) || !text_to_number(word, low) || *low <= 0)
        return false;
    if (!next_word(&at, ":", word) || !text_to_number(word, high) || *high <= *low)
        return false;
    if (!text_to_count(at, 2, SPLIT_TABLE_MAX_AXIS, &steps))
        return false;
    *count = (uint32_t)steps;
    return true;
}

/* Rounded to six digits, which is how the reports print them. */
static double rounded(double value)
{
    double unit = pow(10, floor(log10(value)) - 5);
    return unit < 1 ? round(value / unit) / round(1 / unit) : round(value / unit) * unit;
}

static bool fill_span(double *numbers, double low, double high, uint32_t count)
{
    bool is_rising = true;
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = rounded(low * pow(high / low, (double)i / (count - 1)));
        is_rising = is_rising && isfinite(numbers[i]) && (!i || numbers[i] > numbers[i - 1]);
    }
    return is_rising;
}

static bool fill_list(const char *text, double *numbers, uint32_t count)
{
    const char *at = text;
    for (uint32_t i = 0; i < count; i++) {
        char word[MAX_WORD];
        if (!next_word(&at, ",", word) || !text_to_number(word, &numbers[i]) || numbers[i] <= 0)
            return false;
        if (i && numbers[i] <= numbers[i - 1])
            return false;
    }
    return true;
}

int plan_grid_parse_up(const char *text, double **up_mbps, uint32_t *count)
{
    double low = 0, high = 0;
    const bool is_span = strchr(text, ':') != NULL;
    bool is_right = !is_span || parse_span(text, &low, &high, count);
    if (!is_span)
        *count = count_items(text);
    is_right = is_right && *count <= SPLIT_TABLE_MAX_AXIS;
    if (is_right) {
        *up_mbps = calloc(*count, sizeof(**up_mbps));
        if (!*up_mbps)
            return command_fail("plan", COMMAND_FAILED, "out of memory");
        is_right =
            is_span ? fill_span(*up_mbps, low, high, *count) : fill_list(text, *up_mbps, *count);
    }
    if (is_right)
        return COMMAND_DONE;
    return command_fail("plan", COMMAND_MISUSED,
                        "--up-mbps %s: expected up to %u rising numbers above 0, such as 1,5,20, "
                        "or LOW:HIGH:COUNT",
                        text, SPLIT_TABLE_MAX_AXIS);
}

/* "K" or "K+W". */
static bool parse_table_load(const char *word, struct split_table_load *load)
{
    char part[MAX_WORD];
    const char *at = word;
    *load = (struct split_table_load){0};
    if (!next_word(&at, "+", part) || !text_to_number(part, &load->k) || load->k <= 0)
        return false;
    return !strchr(word, '+') || text_to_number(at, &load->wait_ms);
}

int plan_grid_parse_loads(const char *text, struct split_table_load **loads, uint32_t *count)
{
    *count = count_items(text);
    bool is_right = *count <= SPLIT_TABLE_MAX_AXIS;
    if (is_right) {
        *loads = calloc(*count, sizeof(**loads));
        if (!*loads)
            return command_fail("plan", COMMAND_FAILED, "out of memory");
    }
    const char *at = text;
    for (uint32_t i = 0; is_right && i < *count; i++) {
        char word[MAX_WORD];
        is_right = next_word(&at, ",", word) && parse_table_load(word, &(*loads)[i]);
    }
    if (is_right)
        return COMMAND_DONE;
    return command_fail(
        "plan", COMMAND_MISUSED,
        "--loads %s: expected up to %u of K or K+WAIT_MS, such as 1,2,4+20 (K above "
        "0)",
        text, SPLIT_TABLE_MAX_AXIS);
}
