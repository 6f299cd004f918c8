/* Options and operands of one command: parsed from one table, and explained by the same table. */
#ifndef SCHEDULER_CLI_COMMAND_LINE_H
#define SCHEDULER_CLI_COMMAND_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define COMMAND_LINE_MAX_OPTIONS 32

/* Every text given to an option that may be repeated. The texts are argv's own. */
struct text_list {
    const char **items;
    uint32_t count;
};

void text_list_fini(struct text_list *list); /* accepts NULL and a zeroed list */

enum option_kind {
    OPTION_FLAG, /* bool: set where the option stands */
    OPTION_COUNT, /* uint32_t: a decimal number in [min, max] */
    OPTION_SECONDS, /* double: a decimal number, over 0, at most max */
    OPTION_NUMBER, /* double: a finite decimal number, 0 or more */
    OPTION_CHOICE, /* uint32_t: which of the words that argument lists, "latency|energy", from 0 */
    OPTION_TEXT, /* const char *: argv's own */
    OPTION_LIST, /* struct text_list: may be repeated */
};

struct option {
    const char *name; /* "threads", for --threads; "output" is -o too */
    const char *argument; /* "N"; NULL for a flag */
    const char *help; /* lines separated by \n */
    enum option_kind kind;
    void *value; /* where it goes; its default stands there already */
    uint32_t min, max;
    bool *is_given; /* set where the option stands; may be NULL */
};

struct command_line {
    const char *command; /* "run" */
    const char *usage; /* after "joint run": "MODEL.onnx --input ..." */
    const char *about; /* what the command does, a paragraph */
    const char *notes; /* after the options: examples, units; may be NULL */
    const char *operand_name; /* "MODEL.onnx": one operand is wanted */
    bool is_operand_optional;
    const char **operand; /* NULL: none is taken */
    uint32_t option_count;
    struct option options[COMMAND_LINE_MAX_OPTIONS];
};

void command_line_add(struct command_line *line, struct option option);
/* An option without bounds; argument NULL: a flag. */
void command_line_add_value(struct command_line *line, const char *name, const char *argument,
                            enum option_kind kind, void *value, const char *help);
/* An option that takes a number N from min to max. */
void command_line_add_count(struct command_line *line, const char *name, uint32_t *value,
                            uint32_t min, uint32_t max, const char *help);

/* Parses argv (argv[0] is the command's name). True: go on. False: return *status; --help was
 * printed, or one line about what is wrong. */
bool command_line_parse(const struct command_line *line, int argc, char **argv, int *status);

/* A finite decimal number, 0 or more, that the whole text spells; false for anything else. */
bool text_to_number(const char *text, double *number);

/* A whole decimal number in [min, max]; false for anything else. */
bool text_to_count(const char *text, uint64_t min, uint64_t max, uint64_t *count);

#endif
