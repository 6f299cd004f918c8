/* Collects and prints findings. */
#include "scheduler/check/findings.h"
#include "scheduler/config/value_list.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

static const char *const level_names[] = {"ok", "warn", "fail"};

void findings_add(struct findings *findings, enum finding_level level, const char *name,
                  const char *format, ...)
{
    struct finding finding = {.level = level, .name = name};
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&finding.what, format, arguments);
    va_end(arguments);
    if (length < 0) {
        findings->error = -ENOMEM;
        return;
    }
    void *items = findings->items;
    if (config_list_append(&items, &findings->count, &finding, sizeof(finding))) {
        findings->error = -ENOMEM;
        free(finding.what);
    }
    findings->items = items;
}

void findings_mend(struct findings *findings, const char *format, ...)
{
    if (findings->count == 0 || findings->error)
        return;
    struct finding *last = &findings->items[findings->count - 1];
    char *mend;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&mend, format, arguments);
    va_end(arguments);
    if (length < 0) {
        findings->error = -ENOMEM;
        return;
    }
    free(last->mend);
    last->mend = mend;
}

uint32_t findings_count(const struct findings *findings, enum finding_level level)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < findings->count; i++)
        count += findings->items[i].level == level;
    return count;
}

void findings_print(const struct findings *findings, FILE *file)
{
    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        fprintf(file, "%s: %s: %s%s%s\n", level_names[finding->level], finding->name, finding->what,
                finding->mend ? "; " : "", finding->mend ? finding->mend : "");
    }
}

static void print_json_text(const char *text, FILE *file)
{
    if (!text) {
        fputs("null", file);
        return;
    }
    fputc('"', file);
    for (; *text; text++) {
        unsigned char letter = (unsigned char)*text;
        if (letter == '"' || letter == '\\')
            fprintf(file, "\\%c", letter);
        else if (letter < ' ' || letter >= 0x7f) /* any byte is a letter, so it is always valid */
            fprintf(file, "\\u%04x", letter);
        else
            fputc(letter, file);
    }
    fputc('"', file);
}

void findings_print_json(const struct findings *findings, FILE *file)
{
    fprintf(file, "{\"schema\":\"joint.check/1\",\"ok\":%u,\"warn\":%u,\"fail\":%u,\"findings\":[",
            findings_count(findings, FINDING_OK), findings_count(findings, FINDING_WARN),
            findings_count(findings, FINDING_FAIL));
    for (uint32_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        fprintf(file, "%s\n{\"level\":\"%s\",\"name\":\"%s\",\"what\":", i ? "," : "",
                level_names[finding->level], finding->name);
        print_json_text(finding->what, file);
        fputs(",\"mend\":", file);
        print_json_text(finding->mend, file);
        fputc('}', file);
    }
    fputs("]}\n", file);
}

void findings_fini(struct findings *findings)
{
    if (!findings)
        return;
    for (uint32_t i = 0; i < findings->count; i++) {
        free(findings->items[i].what);
        free(findings->items[i].mend);
    }
    free(findings->items);
    *findings = (struct findings){0};
}
