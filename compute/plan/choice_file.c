/* Choices kept beside the model, so that the next load does not measure again. A text file:
 *
 *   joint.tuning/1 CPU NAME
 *   ALGORITHM ISA STRICT THREADS IMAGES and the fifteen numbers of a shape, one line per choice */
#include "compute/plan/choose.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHAPE_NUMBERS 15
#define CHOICE_NUMBERS (SHAPE_NUMBERS + 4)
#define LINE_BYTES 512

static void header_line(char *line, size_t size)
{
    char cpu[128];
    snprintf(line, size, "joint.tuning/1 %s\n", cpu_name(cpu, sizeof(cpu)));
}

static void choice_to_numbers(const struct choice *choice, uint32_t numbers[CHOICE_NUMBERS])
{
    const struct conv_shape *shape = &choice->shape;
    const uint32_t list[CHOICE_NUMBERS] = {
        (uint32_t)choice->isa, choice->is_strict,   choice->threads,        choice->images,
        shape->in_height,      shape->in_width,     shape->in_channels,     shape->out_height,
        shape->out_width,      shape->out_channels, shape->kernel_height,   shape->kernel_width,
        shape->stride_height,  shape->stride_width, shape->dilation_height, shape->dilation_width,
        shape->pad_top,        shape->pad_left,     shape->groups};
    memcpy(numbers, list, sizeof(list));
}

static void choice_from_numbers(const uint32_t n[CHOICE_NUMBERS], struct choice *choice)
{
    choice->isa = (enum isa)n[0];
    choice->is_strict = n[1] != 0;
    choice->threads = n[2];
    choice->images = n[3];
    choice->shape = (struct conv_shape){.in_height = n[4],
                                        .in_width = n[5],
                                        .in_channels = n[6],
                                        .out_height = n[7],
                                        .out_width = n[8],
                                        .out_channels = n[9],
                                        .kernel_height = n[10],
                                        .kernel_width = n[11],
                                        .stride_height = n[12],
                                        .stride_width = n[13],
                                        .dilation_height = n[14],
                                        .dilation_width = n[15],
                                        .pad_top = n[16],
                                        .pad_left = n[17],
                                        .groups = n[18]};
}

static bool parse_number(char **at, uint32_t *number)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(*at, &end, 10);
    if (end == *at || errno || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    *at = end;
    return true;
}

static bool parse_choice(char *line, struct choice *choice)
{
    *choice = (struct choice){0};
    char *space = strchr(line, ' ');
    if (!space)
        return false;
    *space = '\0';
    unsigned a = 0;
    while (a < CONV_ALGORITHM_COUNT &&
           strcmp(conv_algorithm_name((enum conv_algorithm)a), line) != 0)
        a++;
    if (a == CONV_ALGORITHM_COUNT)
        return false;
    choice->algorithm = (enum conv_algorithm)a;
    char *at = space + 1;
    uint32_t numbers[CHOICE_NUMBERS];
    for (int i = 0; i < CHOICE_NUMBERS; i++)
        if (!parse_number(&at, &numbers[i]))
            return false;
    choice_from_numbers(numbers, choice);
    return true;
}

static void read_choices(struct choices *choices, FILE *file)
{
    char line[LINE_BYTES], wanted[LINE_BYTES];
    header_line(wanted, sizeof(wanted));
    if (fgets(line, sizeof(line), file) && strcmp(line, wanted) == 0) {
        struct choice choice;
        while (fgets(line, sizeof(line), file) && parse_choice(line, &choice))
            if (!choices_add(choices, &choice))
                break;
    }
    choices->is_changed = false;
}

void choices_read(struct choices *choices, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    read_choices(choices, file);
    fclose(file);
}

void choices_read_text(struct choices *choices, const char *text)
{
    FILE *file = text[0] ? fmemopen((void *)text, strlen(text), "r") : NULL;
    if (!file)
        return;
    read_choices(choices, file);
    fclose(file);
}

static void write_choices(const struct choices *choices, FILE *file)
{
    char line[LINE_BYTES];
    header_line(line, sizeof(line));
    fputs(line, file);
    for (size_t i = 0; i < choices->count; i++) {
        uint32_t numbers[CHOICE_NUMBERS];
        choice_to_numbers(&choices->items[i], numbers);
        fputs(conv_algorithm_name(choices->items[i].algorithm), file);
        for (int n = 0; n < CHOICE_NUMBERS; n++)
            fprintf(file, " %" PRIu32, numbers[n]);
        fputc('\n', file);
    }
}

int choices_write_text(const struct choices *choices, char **text)
{
    size_t bytes = 0;
    *text = NULL;
    FILE *file = open_memstream(text, &bytes);
    if (!file)
        return -ENOMEM;
    write_choices(choices, file);
    const bool is_short = ferror(file);
    if (fclose(file) == 0 && !is_short)
        return 0;
    free(*text);
    return -ENOMEM;
}

int choices_write(const struct choices *choices, const char *path)
{
    char temporary[4096];
    int length = snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof(temporary))
        return -ENAMETOOLONG;
    FILE *file = fopen(temporary, "we");
    if (!file)
        return -errno;
    write_choices(choices, file);
    int rc = ferror(file) ? -EIO : 0;
    if (fclose(file) != 0 && rc == 0)
        rc = -EIO;
    if (rc == 0 && rename(temporary, path) != 0)
        rc = -errno;
    if (rc)
        unlink(temporary);
    return rc;
}
