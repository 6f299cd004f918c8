/* The pictures of `joint plan`: drawn in memory, so that a file is replaced whole or not at all. */
#include "scheduler/cli/plan_svg.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/picture/map_picture.h"
#include "scheduler/cli/picture/plan_picture.h"
#include "scheduler/profile/text_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What to call the link: "4g", or a file's name without its folders. */
static const char *network_name(const struct plan *plan)
{
    const char *name = plan->options->network_name, *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static int draw_plan(const struct plan *plan, const void *result, FILE *file)
{
    return plan_picture_save(&(struct plan_picture){.profile = &plan->file.profile,
                                                    .problem = &plan->problem,
                                                    .conditions = &plan->options->conditions,
                                                    .goal = &plan->options->goal,
                                                    .plan = result,
                                                    .network_name = network_name(plan)},
                             file);
}

static int draw_table(const struct plan *plan, const void *result, FILE *file)
{
    return map_picture_save(&(struct map_picture){.profile = &plan->file.profile,
                                                  .problem = &plan->problem,
                                                  .conditions = &plan->options->conditions,
                                                  .goal = &plan->options->goal,
                                                  .table = result,
                                                  .network_name = network_name(plan)},
                            file);
}

static int write_picture(const struct plan *plan, const void *result,
                         int (*draw)(const struct plan *plan, const void *result, FILE *file))
{
    const char *path = plan->options->svg_path;
    char *bytes = NULL;
    size_t size = 0;
    struct file_error error;
    if (!path)
        return COMMAND_DONE;
    FILE *stream = open_memstream(&bytes, &size);
    int err = stream ? draw(plan, result, stream) : -ENOMEM;
    if (stream && fclose(stream) && !err)
        err = -ENOMEM;
    err = err ? file_error_set(&error, err, path, "out of memory")
              : text_file_replace(path, bytes, size, &error);
    free(bytes);
    return err ? command_fail("plan", COMMAND_FAILED, "%s", error.text) : COMMAND_DONE;
}

int plan_svg_write(const struct plan *plan, const struct split_plan *result)
{
    return write_picture(plan, result, draw_plan);
}

int plan_svg_write_table(const struct plan *plan, const struct split_table *result)
{
    return write_picture(plan, result, draw_table);
}
