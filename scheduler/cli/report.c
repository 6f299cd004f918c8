/* Prints JSON, whatever the names in it are made of. */
#include "scheduler/cli/report.h"
#include "scheduler/cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *report_text(const char *text)
{
    json_t *json = json_string(text);
    if (json)
        return json;
    char *copy = strdup(text);
    for (char *at = copy; at && *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    json = copy ? json_string(copy) : NULL;
    free(copy);
    return json;
}

int report_json_print(const char *command, json_t *json)
{
    return report_json_print_digits(command, json, 9);
}

int report_json_print_digits(const char *command, json_t *json, int digits)
{
    if (!json)
        return command_fail(command, COMMAND_FAILED, "out of memory for the report");
    int err = json_dumpf(json, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION((size_t)digits));
    json_decref(json);
    if (!err)
        putchar('\n');
    return err ? command_fail(command, COMMAND_FAILED, "cannot write the report")
               : command_finish(command);
}
