/* Tests of scheduler/cli/command_line.c. What it refuses is tests/integration/cli.py's. */
#include "scheduler/cli/command_line.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

struct values {
    const char *operand, *text;
    bool is_set, is_given;
    uint32_t count, choice;
    double seconds, number;
    struct text_list list;
};

/* A command with an option of each kind. */
static struct command_line describe(struct values *values)
{
    struct command_line line = {.command = "test",
                                .usage = "FILE",
                                .about = "Tests.",
                                .operand_name = "FILE",
                                .operand = &values->operand};
    command_line_add(
        &line, (struct option){"flag", NULL, "a flag", OPTION_FLAG, &values->is_set, 0, 0, NULL});
    command_line_add(&line, (struct option){"count", "N", "a number", OPTION_COUNT, &values->count,
                                            2, 9, &values->is_given});
    command_line_add(&line, (struct option){"seconds", "S", "a time", OPTION_SECONDS,
                                            &values->seconds, 0, 60, NULL});
    command_line_add(
        &line, (struct option){"text", "T", "a text", OPTION_TEXT, &values->text, 0, 0, NULL});
    command_line_add(&line,
                     (struct option){"list", "L", "texts", OPTION_LIST, &values->list, 0, 0, NULL});
    command_line_add(&line, (struct option){"number", "X", "a number", OPTION_NUMBER,
                                            &values->number, 0, 0, NULL});
    command_line_add(&line, (struct option){"choice", "a|bc|d", "a word", OPTION_CHOICE,
                                            &values->choice, 0, 0, NULL});
    command_line_add(
        &line, (struct option){"output", "FILE", "a file", OPTION_TEXT, &values->text, 0, 0, NULL});
    return line;
}

/* Parses words, which are split at spaces in place. */
static bool parse(const struct command_line *line, char *words)
{
    char *argv[16], *save;
    int argc = 0, status;
    for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    return command_line_parse(line, argc, argv, &status);
}

static void every_kind_of_option_is_taken_in_both_spellings(void)
{
    struct values values = {0};
    struct command_line line = describe(&values);
    char words[] = "test --list a file --flag --count=9 --seconds 1.5 --list=b=c --text --flag";
    CU_ASSERT_TRUE_FATAL(parse(&line, words));
    CU_ASSERT_STRING_EQUAL(values.operand, "file");
    CU_ASSERT_TRUE(values.is_set);
    CU_ASSERT_TRUE(values.is_given);
    CU_ASSERT_EQUAL(values.count, 9);
    CU_ASSERT_EQUAL(values.seconds, 1.5);
    CU_ASSERT_STRING_EQUAL(values.text, "--flag");
    CU_ASSERT_EQUAL_FATAL(values.list.count, 2);
    CU_ASSERT_STRING_EQUAL(values.list.items[0], "a");
    CU_ASSERT_STRING_EQUAL(values.list.items[1], "b=c");
    text_list_fini(&values.list);
}

static void numbers_choices_and_the_output_are_taken(void)
{
    struct values values = {0};
    struct command_line line = describe(&values);
    char words[] = "test file --number 2.5e-1 --choice bc -o out";
    CU_ASSERT_TRUE_FATAL(parse(&line, words));
    CU_ASSERT_EQUAL(values.number, 0.25);
    CU_ASSERT_EQUAL(values.choice, 1);
    CU_ASSERT_STRING_EQUAL(values.text, "out");
}

static void only_finite_numbers_from_0_are_numbers(void)
{
    static const char *const others[] = {"",   "-1", "nan", "inf", "1e999", "0x10", "1 ",
                                         " 1", "+1", "1e",  "e1",  ".",     "--1",  "1,2"};
    double number = 7;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        CU_ASSERT_FALSE(text_to_number(others[i], &number));
    CU_ASSERT_EQUAL(number, 7);
    CU_ASSERT_TRUE(text_to_number(".5", &number) && number == 0.5);
    CU_ASSERT_TRUE(text_to_number("0", &number) && number == 0);
}

static void an_operand_may_be_optional(void)
{
    struct values values = {0};
    struct command_line line = describe(&values);
    line.is_operand_optional = true;
    char words[] = "test --flag";
    CU_ASSERT_TRUE(parse(&line, words));
    CU_ASSERT_PTR_NULL(values.operand);
}

static void a_command_may_take_no_operand(void)
{
    struct values values = {0};
    struct command_line line = describe(&values);
    char words[] = "test --count 5", more[] = "test --count 5 file";
    line.operand = NULL;
    line.operand_name = NULL;
    CU_ASSERT_TRUE(parse(&line, words));
    CU_ASSERT_FALSE(parse(&line, more));
}

static void what_follows_two_dashes_is_an_operand(void)
{
    struct values values = {0};
    struct command_line line = describe(&values);
    char words[] = "test -- --flag";
    CU_ASSERT_TRUE_FATAL(parse(&line, words));
    CU_ASSERT_STRING_EQUAL(values.operand, "--flag");
    CU_ASSERT_FALSE(values.is_set);
}

static void what_is_not_given_keeps_its_default(void)
{
    struct values values = {.count = 5, .seconds = 2, .text = "t"};
    struct command_line line = describe(&values);
    char words[] = "test file";
    CU_ASSERT_TRUE_FATAL(parse(&line, words));
    CU_ASSERT_EQUAL(values.count, 5);
    CU_ASSERT_EQUAL(values.seconds, 2);
    CU_ASSERT_STRING_EQUAL(values.text, "t");
    CU_ASSERT_FALSE(values.is_given);
}

static void only_whole_decimal_numbers_in_range_are_numbers(void)
{
    uint64_t count = 0;
    CU_ASSERT_TRUE(text_to_count("18446744073709551615", 0, UINT64_MAX, &count));
    CU_ASSERT_EQUAL(count, UINT64_MAX);
    CU_ASSERT_TRUE(text_to_count("007", 1, 7, &count));
    CU_ASSERT_EQUAL(count, 7);
    static const char *const wrong[] = {"",
                                        " 1",
                                        "1 ",
                                        "+1",
                                        "-1",
                                        "1.0",
                                        "0x1",
                                        "1e1",
                                        "abc",
                                        "18446744073709551616",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        CU_ASSERT_FALSE(text_to_count(wrong[i], 0, UINT64_MAX, &count));
    CU_ASSERT_FALSE(text_to_count("0", 1, 7, &count));
    CU_ASSERT_FALSE(text_to_count("8", 1, 7, &count));
}

const struct cunit_test tests[] = {
    {"every kind of option is taken, in both spellings",
     every_kind_of_option_is_taken_in_both_spellings},
    {"what follows two dashes is an operand", what_follows_two_dashes_is_an_operand},
    {"what is not given keeps its default", what_is_not_given_keeps_its_default},
    {"only whole decimal numbers in range are numbers",
     only_whole_decimal_numbers_in_range_are_numbers},
    {"numbers, choices and -o are taken", numbers_choices_and_the_output_are_taken},
    {"only finite decimal numbers from 0 are numbers", only_finite_numbers_from_0_are_numbers},
    {"an operand may be optional", an_operand_may_be_optional},
    {"a command may take no operand", a_command_may_take_no_operand},
    {NULL, NULL},
};
