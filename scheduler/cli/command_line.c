/* Parses a command's options and prints its help, both from the same table. */
#include "scheduler/cli/command_line.h"
#include "scheduler/cli/commands.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_list_fini(struct text_list *list)
{
    if (!list)
        return;
    free(list->items);
    *list = (struct text_list){0};
}

static int text_list_add(struct text_list *list, const char *text)
{
    const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    items[list->count++] = text;
    return 0;
}

bool text_to_count(const char *text, uint64_t min, uint64_t max, uint64_t *count)
{
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || *end || number < min || number > max)
        return false;
    *count = number;
    return true;
}

bool text_to_number(const char *text, double *number)
{
    if (text[strspn(text, "0123456789.eE+-")] || ((*text < '0' || *text > '9') && *text != '.'))
        return false;
    char *end;
    double value = strtod(text, &end);
    if (*end || end == text || !isfinite(value) || value < 0)
        return false;
    *number = value;
    return true;
}

static bool text_to_seconds(const char *text, uint32_t max, double *seconds)
{
    double number;
    if (!text_to_number(text, &number) || number <= 0 || number > max)
        return false;
    *seconds = number;
    return true;
}

/* Which of the words between '|' the text is. */
static bool text_to_choice(const char *text, const char *words, uint32_t *choice)
{
    uint32_t index = 0;
    for (const char *at = words; *at; index++) {
        size_t length = strcspn(at, "|");
        if (strlen(text) == length && memcmp(at, text, length) == 0) {
            *choice = index;
            return true;
        }
        at += length + (at[length] == '|');
    }
    return false;
}

void command_line_add(struct command_line *line, struct option option)
{
    assert(line->option_count < COMMAND_LINE_MAX_OPTIONS);
    line->options[line->option_count++] = option;
}

void command_line_add_value(struct command_line *line, const char *name, const char *argument,
                            enum option_kind kind, void *value, const char *help)
{
    command_line_add(line, (struct option){name, argument, help, kind, value, 0, UINT32_MAX, NULL});
}

void command_line_add_count(struct command_line *line, const char *name, uint32_t *value,
                            uint32_t min, uint32_t max, const char *help)
{
    command_line_add(line, (struct option){name, "N", help, OPTION_COUNT, value, min, max, NULL});
}

/* One entry of the help: its lines start in one column. */
static void print_entry(const char *name, const char *argument, const char *help)
{
    char left[96];
    snprintf(left, sizeof(left), "  %s--%s%s%s", strcmp(name, "output") == 0 ? "-o, " : "", name,
             argument ? " " : "", argument ? argument : "");
    if (strlen(left) > 27) {
        puts(left);
        left[0] = '\0';
    }
    while (*help) {
        size_t length = strcspn(help, "\n");
        printf("%-28s%.*s\n", left, (int)length, help);
        left[0] = '\0';
        help += length + (help[length] == '\n');
    }
}

static void print_help(const struct command_line *line)
{
    printf("usage: joint %s %s\n\n%s\n\noptions:\n", line->command, line->usage, line->about);
    for (uint32_t i = 0; i < line->option_count; i++) {
        const struct option *option = &line->options[i];
        print_entry(option->name, option->argument, option->help);
    }
    print_entry("help", NULL, "print this and exit");
    if (line->notes)
        printf("\n%s\n", line->notes);
}

static int set_value(const struct command_line *line, const struct option *option, const char *text)
{
    uint64_t count;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->value = true;
        break;
    case OPTION_COUNT:
        if (!text_to_count(text, option->min, option->max, &count))
            return command_fail(line->command, COMMAND_MISUSED,
                                "--%s %s: expected a whole number from %u to %u", option->name,
                                text, option->min, option->max);
        *(uint32_t *)option->value = (uint32_t)count;
        break;
    case OPTION_SECONDS:
        if (!text_to_seconds(text, option->max, option->value))
            return command_fail(line->command, COMMAND_MISUSED,
                                "--%s %s: expected a number over 0, at most %u", option->name, text,
                                option->max);
        break;
    case OPTION_NUMBER:
        if (!text_to_number(text, option->value))
            return command_fail(line->command, COMMAND_MISUSED,
                                "--%s %s: expected a number, 0 or more", option->name, text);
        break;
    case OPTION_CHOICE:
        if (!text_to_choice(text, option->argument, option->value))
            return command_fail(line->command, COMMAND_MISUSED, "--%s %s: expected %s",
                                option->name, text, option->argument);
        break;
    case OPTION_TEXT:
        *(const char **)option->value = text;
        break;
    case OPTION_LIST:
        if (text_list_add(option->value, text))
            return command_fail(line->command, COMMAND_FAILED, "out of memory");
        break;
    }
    if (option->is_given)
        *option->is_given = true;
    return COMMAND_DONE;
}

/* The option that "--name" or "--name=value" names, or NULL. */
static const struct option *find_option(const struct command_line *line, const char *name)
{
    size_t length = strcspn(name, "=");
    for (uint32_t i = 0; i < line->option_count; i++) {
        const struct option *option = &line->options[i];
        if (strlen(option->name) == length && memcmp(option->name, name, length) == 0)
            return option;
    }
    return NULL;
}

/* Parses the option at argv[*at] and moves *at past it. */
static int parse_option(const struct command_line *line, int argc, char **argv, int *at)
{
    const char *word = argv[(*at)++];
    const struct option *option = word[1] == '-' ? find_option(line, word + 2) : NULL;
    if (strcmp(word, "-o") == 0)
        option = find_option(line, "output");
    if (!option)
        return command_fail(line->command, COMMAND_MISUSED,
                            "unknown option %s; 'joint %s --help' lists them", word, line->command);
    const char *equals = strchr(word, '=');
    if (!option->argument) {
        if (equals)
            return command_fail(line->command, COMMAND_MISUSED, "--%s takes no value, found %s",
                                option->name, word);
        return set_value(line, option, NULL);
    }
    const char *text = equals ? equals + 1 : *at < argc ? argv[(*at)++] : "";
    if (!*text)
        return command_fail(line->command, COMMAND_MISUSED, "--%s needs a value: --%s %s",
                            option->name, option->name, option->argument);
    return set_value(line, option, text);
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

bool command_line_parse(const struct command_line *line, int argc, char **argv, int *status)
{
    *status = COMMAND_DONE;
    bool is_literal = false;
    for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
        if (asks_for_help(argv[i])) {
            print_help(line);
            *status = command_finish(line->command);
            return false;
        }
    }
    for (int i = 1; i < argc && !*status;) {
        if (!is_literal && strcmp(argv[i], "--") == 0) {
            is_literal = true;
            i++;
        } else if (!is_literal && argv[i][0] == '-' && argv[i][1]) {
            *status = parse_option(line, argc, argv, &i);
        } else if (!line->operand) {
            *status = command_fail(line->command, COMMAND_MISUSED,
                                   "unexpected argument '%s'; 'joint %s --help' shows the usage",
                                   argv[i], line->command);
        } else if (*line->operand) {
            *status =
                command_fail(line->command, COMMAND_MISUSED,
                             "unexpected argument '%s': one %s is wanted, found '%s' before it",
                             argv[i], line->operand_name, *line->operand);
        } else {
            *line->operand = argv[i++];
        }
    }
    if (!*status && line->operand && !*line->operand && !line->is_operand_optional)
        *status = command_fail(line->command, COMMAND_MISUSED,
                               "%s is missing; 'joint %s --help' shows the usage",
                               line->operand_name, line->command);
    return !*status;
}
