/* Prints configurations from the table of options. */
#include "scheduler/config/print.h"
#include "scheduler/config/option.h"
#include "scheduler/config/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int finish(FILE *file)
{
    return fflush(file) || ferror(file) ? -EIO : 0;
}

static int print_comment(const struct config_option *option, FILE *file)
{
    char *range = config_value_range(option);
    if (!range)
        return -ENOMEM;
    fprintf(file, "\n# %s\n# %s%s", option->help, range,
            option->is_required ? "; must be given" : "");
    if (!option->is_required)
        fprintf(file, "; default: %s", option->fallback[0] ? option->fallback : "empty");
    fprintf(file, "%s\n", option->is_live ? "; can change while it runs" : "");
    free(range);
    return 0;
}

static int print_option(const struct config_option *option, const void *value,
                        enum config_print_style style, FILE *file)
{
    if (style == CONFIG_PRINT_COMMENTED && print_comment(option, file))
        return -ENOMEM;
    char *text = config_value_text(option, value);
    if (!text)
        return -ENOMEM;
    fprintf(file, "%s =%s%s\n", option->name, text[0] ? " " : "", text);
    free(text);
    return 0;
}

static int print_instance(const struct config_section *section, const struct jointd_config *config,
                          uint32_t index, enum config_print_style style, FILE *file)
{
    const char *name = config_section_name(section, config, index);
    if (style == CONFIG_PRINT_COMMENTED)
        fprintf(file, "\n# %s\n", section->help);
    fprintf(file, "[%s%s%s]\n", section->name, name ? " " : "", name ? name : "");
    const char *instance = config_section_at(section, config, index);
    for (uint32_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        int error = print_option(option, instance + option->offset, style, file);
        if (error)
            return error;
    }
    if (style == CONFIG_PRINT_PLAIN)
        fputc('\n', file);
    return 0;
}

int config_print(const struct jointd_config *config, enum config_print_style style, FILE *file)
{
    for (uint32_t i = 0; i < config_section_count; i++)
        for (uint32_t j = 0; j < config_section_instances(&config_sections[i], config); j++) {
            int error = print_instance(&config_sections[i], config, j, style, file);
            if (error)
                return error;
        }
    return finish(file);
}

/* A model's options, as comments. */
static int print_example_model(const struct config_section *section, FILE *file)
{
    fprintf(file, "\n# %s\n#[%s alexnet]\n", section->help, section->name);
    for (uint32_t i = 0; i < section->option_count; i++) {
        const struct config_option *option = &section->options[i];
        int error = print_comment(option, file);
        if (error)
            return error;
        const char *value = option->is_required ? "/var/lib/joint/alexnet.onnx" : option->fallback;
        fprintf(file, "#%s =%s%s\n", option->name, value[0] ? " " : "", value);
    }
    return 0;
}

int config_print_example(FILE *file)
{
    struct jointd_config config;
    int error = jointd_config_init(&config);
    if (!error)
        error = jointd_config_add_class(&config);
    if (!error) {
        fprintf(file, "# Every option of jointd with its default, as 'jointd --print-config' "
                      "prints it.\n# An option that is left out has its default; 'jointd --config "
                      "FILE --check' checks a file.\n");
        error = config_print(&config, CONFIG_PRINT_COMMENTED, file);
    }
    if (!error)
        error = print_example_model(config_section_find("model", 5), file);
    jointd_config_fini(&config);
    return error ? error : finish(file);
}
