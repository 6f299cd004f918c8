/* Fuzz target: a configuration in memory; what is read prints as what reads the same. */
#include "scheduler/config/diff.h"
#include "scheduler/config/print.h"
#include "scheduler/config/reader.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void require(int is_true)
{
    if (!is_true)
        abort();
}

static void check_errors(const struct config_errors *errors)
{
    require(errors->count > 0 && errors->total >= errors->count);
    for (uint32_t i = 0; i < errors->count; i++) {
        const char *text = errors->items[i].text;
        require(strncmp(text, "f:", 2) == 0 && !strchr(text, '\n') && strstr(text, ": "));
        require(i == 0 || errors->items[i].line - 1 >= errors->items[i - 1].line - 1);
    }
}

static void check_round_trip(const struct jointd_config *config)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    require(file && config_print(config, CONFIG_PRINT_PLAIN, file) == 0);
    fclose(file);
    struct jointd_config again;
    struct config_errors errors = {0};
    require(config_parse(&again, "f", text, size, &errors) == 0 && errors.total == 0);
    struct config_diff diff;
    require(config_diff_init(&diff, config, &again) == 0 && diff.count == 0);
    config_diff_fini(&diff);
    jointd_config_fini(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct jointd_config config;
    struct config_errors errors = {0};
    if (config_parse(&config, "f", (const char *)bytes, size, &errors)) {
        check_errors(&errors);
    } else {
        require(errors.total == 0);
        check_round_trip(&config);
        jointd_config_fini(&config);
    }
    config_errors_fini(&errors);
    return 0;
}
