/* Matches [NAME=]FILE.npy arguments to tensors. */
#include "scheduler/cli/named_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int named_files_init(struct named_files *files, const struct text_list *arguments)
{
    *files = (struct named_files){0};
    files->items = calloc(arguments->count + 1u, sizeof(*files->items));
    if (!files->items)
        return -ENOMEM;
    files->count = arguments->count;
    for (uint32_t i = 0; i < files->count; i++)
        files->items[i].text = arguments->items[i];
    return 0;
}

void named_files_fini(struct named_files *files)
{
    if (!files)
        return;
    for (uint32_t i = 0; i < files->count; i++)
        npy_fini(&files->items[i].npy);
    free(files->items);
    *files = (struct named_files){0};
}

struct named_file *named_files_claim(struct named_files *files, const char *name, bool is_only)
{
    size_t length = strlen(name);
    for (uint32_t i = 0; i < files->count; i++) {
        struct named_file *file = &files->items[i];
        if (strncmp(file->text, name, length) == 0 && file->text[length] == '=') {
            file->path = file->text + length + 1;
            return file;
        }
    }
    for (uint32_t i = 0; is_only && i < files->count; i++) {
        struct named_file *file = &files->items[i];
        if (!strchr(file->text, '=')) {
            file->path = file->text;
            return file;
        }
    }
    return NULL;
}

const struct named_file *named_files_unclaimed(const struct named_files *files)
{
    for (uint32_t i = 0; i < files->count; i++)
        if (!files->items[i].path)
            return &files->items[i];
    return NULL;
}

int named_file_read(struct named_file *file, struct npy_error *error)
{
    if (file->is_read)
        return 0;
    int err = npy_read(file->path, &file->npy, error);
    file->is_read = !err;
    return err;
}
