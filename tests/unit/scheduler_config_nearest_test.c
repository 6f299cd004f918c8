/* Tests of the nearest name: distances against the recursion that defines them. */
#include "scheduler/config/nearest.h"
#include "tests/unit/cunit_main.h"

#include <stdlib.h>
#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t by_definition(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length == 0 || b_length == 0)
        return (uint32_t)(a_length + b_length);
    uint32_t best = least(by_definition(a, a_length - 1, b, b_length),
                          by_definition(a, a_length, b, b_length - 1)) +
                    1;
    best = least(best, by_definition(a, a_length - 1, b, b_length - 1) +
                           (a[a_length - 1] != b[b_length - 1]));
    if (a_length > 1 && b_length > 1 && a[a_length - 1] == b[b_length - 2] &&
        a[a_length - 2] == b[b_length - 1])
        best = least(best, by_definition(a, a_length - 2, b, b_length - 2) + 1);
    return best;
}

static void random_word(char *word, unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    size_t length = (*state >> 24) % 7;
    for (size_t i = 0; i < length; i++) {
        *state = *state * 1664525u + 1013904223u;
        word[i] = (char)('a' + (*state >> 24) % 3);
    }
    word[length] = '\0';
}

static void distances_are_those_of_the_definition(void)
{
    unsigned state = 7;
    printf("seed %u ", state);
    for (int i = 0; i < 2000; i++) {
        char a[8], b[8];
        random_word(a, &state);
        random_word(b, &state);
        CU_ASSERT_EQUAL(nearest_distance(a, b), by_definition(a, strlen(a), b, strlen(b)));
    }
}

static void a_name_is_meant_only_if_it_is_near(void)
{
    static const char *const names[] = {"port", "listen", "max_batch"};
    static const struct {
        const char *word, *name;
    } cases[] = {
        {"prot", "port"},          {"ports", "port"}, {"lisen", "listen"}, {"batch_max", NULL},
        {"maxbatch", "max_batch"}, {"x", NULL},       {"something", NULL}, {"", NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found = nearest_name(cases[i].word, names, 3, sizeof(names[0]));
        if (cases[i].name)
            CU_ASSERT_PTR_NOT_NULL(found);
        CU_ASSERT_TRUE(cases[i].name ? found && strcmp(found, cases[i].name) == 0 : !found);
    }
    char word[200];
    memset(word, 'a', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    CU_ASSERT_PTR_NULL(nearest_name(word, names, 3, sizeof(names[0])));
}

const struct cunit_test tests[] = {
    {"distances are those of the definition", distances_are_those_of_the_definition},
    {"a name is meant only if it is near", a_name_is_meant_only_if_it_is_near},
    {NULL, NULL},
};
