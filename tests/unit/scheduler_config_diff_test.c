/* Tests of what changes between two configurations. */
#include "scheduler/config/diff.h"
#include "scheduler/config/reader.h"
#include "tests/unit/cunit_main.h"

#include <string.h>

/* "section.name.option before>after", in order; a capital R before those that need a restart. */
static void check_diff(const char *before, const char *after, const char *expected)
{
    struct jointd_config first, second;
    CU_ASSERT_EQUAL_FATAL(config_parse(&first, "a", before, strlen(before), NULL), 0);
    CU_ASSERT_EQUAL_FATAL(config_parse(&second, "b", after, strlen(after), NULL), 0);
    struct config_diff diff;
    CU_ASSERT_EQUAL_FATAL(config_diff_init(&diff, &first, &second), 0);
    char text[1024] = "";
    uint32_t restarts = 0;
    static const char *const kinds[] = {"", "+", "-"};
    for (uint32_t i = 0; i < diff.count; i++) {
        const struct config_change *change = &diff.items[i];
        size_t length = strlen(text);
        restarts += !change->is_live;
        snprintf(text + length, sizeof(text) - length, "%s%s%s%s%s%s%s %s>%s;",
                 change->is_live ? "" : "R ", kinds[change->kind], change->section->name,
                 change->name ? "." : "", change->name ? change->name : "",
                 change->option ? "." : "", change->option ? change->option->name : "",
                 change->before ? change->before : "", change->after ? change->after : "");
    }
    CU_ASSERT_STRING_EQUAL(text, expected);
    CU_ASSERT_EQUAL(diff.restart_count, restarts);
    config_diff_fini(&diff);
    jointd_config_fini(&first);
    jointd_config_fini(&second);
}

static void equal_files_differ_in_nothing(void)
{
    check_diff("", "", "");
    check_diff("[dispatch]\nmax_delay=2ms\n", "[dispatch]\nmax_delay = 2000us\n", "");
    check_diff("[model a]\npath=a\n[model b]\npath=b\n", "[model b]\npath=b\n[model a]\npath=a\n",
               "");
}

static void what_a_running_service_can_take_over_is_told_from_what_it_cannot(void)
{
    check_diff("", "[dispatch]\nmax_delay = 1ms\n", "dispatch.max_delay 2ms>1ms;");
    check_diff("", "[server]\nport = 5\n", "R server.port 4470>5;");
    check_diff("[memory]\nrequest_slab=1GiB\n[load]\nvalid=1s\n", "",
               "R memory.request_slab 1GiB>256MiB;load.valid 1s>500ms;");
}

static void models_come_go_and_change_while_it_runs(void)
{
    check_diff("[model a]\npath=a\n[model b]\npath=b\n", "[model c]\npath=c\n[model b]\npath=b2\n",
               "-model.a >;model.b.path b>b2;+model.c >;");
}

static void the_order_of_classes_needs_a_restart(void)
{
    check_diff("[class a]\n[class b]\n", "[class a]\n[class b]\nweight=2\n", "class.b.weight 1>2;");
    check_diff("[class a]\n", "[class a]\n[class b]\n", "R +class.b >;");
    check_diff("[class a]\n[class b]\n", "[class b]\n[class a]\n",
               "R -class.a >;R -class.b >;R +class.b >;R +class.a >;");
}

const struct cunit_test tests[] = {
    {"equal files differ in nothing", equal_files_differ_in_nothing},
    {"what a running service can take over is told from what it cannot",
     what_a_running_service_can_take_over_is_told_from_what_it_cannot},
    {"models come, go and change while it runs", models_come_go_and_change_while_it_runs},
    {"the order of classes needs a restart", the_order_of_classes_needs_a_restart},
    {NULL, NULL},
};
