/* Reads a configuration: inih splits the lines, this looks up and checks what they say. */
#include "scheduler/config/reader.h"
#include "scheduler/config/instance.h"
#include "scheduler/config/nearest.h"
#include "scheduler/config/rules.h"
#include "scheduler/config/value.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct jointd_config *config;
    const char *name; /* of the file */
    const char *at, *end;
    uint32_t line;
    const struct config_section *section; /* NULL: none yet, or one that is not to be read */
    uint32_t index; /* of its instance */
    bool has_heading;
    struct config_places places;
    struct config_errors *errors;
    int error; /* -EINVAL, -ENOMEM */
};

#define FAULT(reader, ...)                                                                         \
    ((reader)->error = (reader)->error ? (reader)->error : -EINVAL,                                \
     config_errors_add((reader)->errors, (reader)->name, (reader)->line, __VA_ARGS__))

/* NAME of [model NAME], which stands in URLs, metrics and messages. */
static bool is_instance_name(const char *name, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return length > 0 && length <= 63 && strspn(name, letters) >= length && name[0] != '.' &&
           name[0] != '-';
}

static void place(struct reader *reader, const struct config_option *option)
{
    struct config_place here = {reader->section, reader->index, option, reader->line};
    if (config_places_add(&reader->places, here))
        reader->error = -ENOMEM;
}

static void begin_instance(struct reader *reader, const struct config_section *section,
                           const char *name, size_t length)
{
    uint32_t count = config_section_instances(section, reader->config);
    for (uint32_t i = 0; i < count; i++) {
        const char *other = config_section_name(section, reader->config, i);
        if (strlen(other) == length && memcmp(other, name, length) == 0) {
            FAULT(reader, "%s.%s: stands there twice, first in line %u, join the two or rename one",
                  section->name, other, config_places_line(&reader->places, section, i, NULL));
            return;
        }
    }
    if (count == section->max_count) {
        FAULT(reader, "%s.%.*s: more than %u of them, leave some out", section->name, (int)length,
              name, section->max_count);
        return;
    }
    if (config_section_add(section, reader->config, name, length)) {
        reader->error = -ENOMEM;
        return;
    }
    reader->section = section;
    reader->index = count;
    place(reader, NULL);
}

/* heading: what stands between the brackets. */
static void begin_section(struct reader *reader, const char *heading, size_t length)
{
    reader->section = NULL;
    reader->has_heading = true;
    size_t word = 0;
    while (word < length && heading[word] != ' ')
        word++;
    const struct config_section *section = config_section_find(heading, word);
    if (!section) {
        char name[64] = {0};
        memcpy(name, heading, word < sizeof(name) ? word : sizeof(name) - 1);
        const char *nearest =
            nearest_name(name, config_sections, config_section_count, sizeof(config_sections[0]));
        FAULT(reader, "%s: no such section, %s%s%s", name,
              nearest ? "did you mean [" : "'jointd --print-config' lists them",
              nearest ? nearest : "", nearest ? "]?" : "");
        return;
    }
    if (section->is_repeated) {
        while (word < length && heading[word] == ' ')
            word++;
        if (is_instance_name(heading + word, length - word))
            begin_instance(reader, section, heading + word, length - word);
        else
            FAULT(reader, "%s: needs a name of letters, digits, '.', '_' and '-', write [%s NAME]",
                  section->name, section->name);
        return;
    }
    reader->index = 0;
    if (word < length) {
        FAULT(reader, "%s: has no name, write [%s]", section->name, section->name);
        return;
    }
    uint32_t first = config_places_line(&reader->places, section, 0, NULL);
    if (first) {
        FAULT(reader, "%s: stands there twice, first in line %u, join the two", section->name,
              first);
        return;
    }
    reader->section = section;
    place(reader, NULL);
}

/* inih tells of options only; an empty section and a repeated one are seen here. */
static void look_at_heading(struct reader *reader, const char *line)
{
    const char *close = strchr(line, ']');
    if (!close) /* inih's fault to find */
        return;
    const char *rest = close + 1 + strspn(close + 1, " \t\r\n");
    if (*rest && *rest != ';' && *rest != '#') {
        FAULT(reader, "more text after a section's name, give it a line of its own");
        reader->section = NULL;
        reader->has_heading = true;
        return;
    }
    const char *start = line + 1 + strspn(line + 1, " \t");
    while (close > start && strchr(" \t", close[-1]))
        close--;
    begin_section(reader, start, (size_t)(close - start));
}

/* The next line for inih, without the spaces before it, so that it continues no other. */
static char *next_line(char *buffer, int room, void *stream)
{
    struct reader *reader = stream;
    if (reader->at == reader->end || reader->error == -ENOMEM)
        return NULL;
    const char *end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    const char *line = reader->at;
    size_t length = (size_t)((end ? end : reader->end) - line);
    reader->at = end ? end + 1 : reader->end;
    reader->line++;
    if (reader->line == 1 && length >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3, length -= 3;
    while (length > 0 && strchr(" \t", *line) && *line)
        line++, length--;
    while (length > 0 && line[length - 1] == '\r')
        length--;
    buffer[0] = '\0';
    if (length + 3 > (size_t)room || length > CONFIG_MAX_LINE_BYTES) {
        FAULT(reader, "the line is longer than %d bytes, shorten it", CONFIG_MAX_LINE_BYTES);
        return buffer;
    }
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f) {
            FAULT(reader, "a control character (byte %zu), remove it", i + 1);
            return buffer;
        }
    memcpy(buffer, line, length);
    buffer[length] = '\0';
    if (buffer[0] == '[')
        look_at_heading(reader, buffer);
    return buffer;
}

static void unknown_option(struct reader *reader, const char *name)
{
    const char *nearest =
        nearest_name(name, reader->section->options, reader->section->option_count,
                     sizeof(reader->section->options[0]));
    if (nearest) {
        FAULT(reader, "%s.%.60s: no such option, did you mean %s?", reader->section->name, name,
              nearest);
        return;
    }
    for (uint32_t i = 0; i < config_section_count; i++)
        if (config_option_find(&config_sections[i], name)) {
            FAULT(reader, "%s.%.60s: no such option here, it belongs into [%s]",
                  reader->section->name, name, config_sections[i].name);
            return;
        }
    FAULT(reader, "%s.%.60s: no such option, 'jointd --print-config' lists them",
          reader->section->name, name);
}

/* inih's handler: one option. Always 1: faults are kept apart. */
static int take_option(void *user, const char *section_name, const char *name, const char *value)
{
    struct reader *reader = user;
    const struct config_section *section = reader->section;
    if (!section && !reader->has_heading)
        FAULT(reader, "%.60s: stands before the first section, write [server] or another above it",
              name);
    if (!section || reader->error == -ENOMEM)
        return 1;
    const struct config_option *option = config_option_find(section, name);
    if (!option) {
        unknown_option(reader, name);
        return 1;
    }
    const char *instance = config_section_name(section, reader->config, reader->index);
    const char *dot = instance ? "." : "";
    instance = instance ? instance : "";
    uint32_t first = config_places_line(&reader->places, section, reader->index, option);
    if (first) {
        FAULT(reader, "%s%s%s.%s: stands there twice, first in line %u, remove one", section->name,
              dot, instance, name, first);
        return 1;
    }
    place(reader, option);
    char why[CONFIG_WHY_BYTES];
    void *at = (char *)config_section_at(section, reader->config, reader->index) + option->offset;
    int error = config_value_parse(option, value, at, why);
    if (error == -EINVAL)
        FAULT(reader, "%s%s%s.%s: %s", section->name, dot, instance, name, why);
    else if (error)
        reader->error = error;
    return 1;
}

static void run_inih(struct reader *reader)
{
    /* The library's own settings, which are for the process; it keeps them in variables. */
    ini_use_stack = false;
    ini_initial_alloc = CONFIG_MAX_LINE_BYTES + 3;
    ini_max_line = CONFIG_MAX_LINE_BYTES + 3;
    int line = ini_parse_stream(next_line, reader, take_option, reader);
    if (line < 0)
        reader->error = -ENOMEM;
    if (line <= 0 || config_errors_has_line(reader->errors, (uint32_t)line))
        return;
    reader->line = (uint32_t)line;
    FAULT(reader, "neither [section] nor option = value, write one of these or a # before it");
}

int config_parse(struct jointd_config *config, const char *name, const char *bytes, size_t size,
                 struct config_errors *errors)
{
    int error = jointd_config_init(config);
    if (error)
        return error;
    struct reader reader = {
        .config = config, .name = name, .at = bytes, .end = bytes + size, .errors = errors};
    struct config_errors own = {0};
    if (!errors)
        reader.errors = &own; /* the rules are counted there */
    if (size > CONFIG_MAX_FILE_BYTES)
        FAULT(&reader, "longer than %u bytes, shorten it", CONFIG_MAX_FILE_BYTES);
    else
        run_inih(&reader);
    if (!reader.error && config->class_count == 0)
        reader.error = jointd_config_add_class(config);
    if (!reader.error) { /* what failed by itself would only be named again */
        config_rules_check(config, &reader.places, name, reader.errors);
        if (reader.errors->total)
            reader.error = -EINVAL;
    }
    config_errors_sort(reader.errors);
    config_places_fini(&reader.places);
    config_errors_fini(&own);
    if (reader.error)
        jointd_config_fini(config);
    return reader.error;
}

static char *read_file(FILE *file, size_t *size)
{
    char *bytes = malloc(CONFIG_MAX_FILE_BYTES + 1);
    if (bytes)
        *size = fread(bytes, 1, CONFIG_MAX_FILE_BYTES + 1, file);
    return bytes;
}

int config_read(struct jointd_config *config, const char *path, struct config_errors *errors)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        int error = -errno;
        config_errors_add(errors, path, 0, "cannot be opened: %s, name a file that can",
                          strerror(-error));
        return error;
    }
    size_t size = 0;
    errno = 0;
    char *bytes = read_file(file, &size);
    int error = !bytes ? -ENOMEM : ferror(file) ? (errno ? -errno : -EIO) : 0;
    fclose(file);
    if (bytes && error)
        config_errors_add(errors, path, 0, "cannot be read: %s, name a file that can",
                          strerror(-error));
    if (!error)
        error = config_parse(config, path, bytes, size, errors);
    free(bytes);
    return error;
}
