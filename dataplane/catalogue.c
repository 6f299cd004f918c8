/* Finds a request's model and compares what the request says with the model's table. */
#include "dataplane/catalogue.h"

#include "dataplane/proto/crc32c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int catalogue_init(struct catalogue *catalogue, uint64_t max_message_bytes)
{
    *catalogue = (struct catalogue){.max_message_bytes = max_message_bytes};
    catalogue->models = calloc(CATALOGUE_MAX_MODELS, sizeof(*catalogue->models));
    return catalogue->models ? 0 : -ENOMEM;
}

void catalogue_fini(struct catalogue *catalogue)
{
    for (uint32_t i = 0; catalogue->models && i < CATALOGUE_MAX_MODELS; i++)
        region_fini(&catalogue->models[i].region);
    free(catalogue->models);
    *catalogue = (struct catalogue){0};
}

int catalogue_add(struct catalogue *catalogue, const struct ingress_model *said, int fd)
{
    struct catalogue_model made = {.state = CATALOGUE_OFFERED, .version = said->version};
    const int error = ingress_model_attach(said, fd, &made.region, &made.table);
    if (error)
        return error;
    if (catalogue->models[said->model].state != CATALOGUE_FREE) {
        region_fini(&made.region);
        return -EEXIST;
    }
    made.name_crc = jtp_crc32c(0, said->name, strlen(said->name));
    catalogue->models[said->model] = made;
    catalogue->offered[catalogue->offered_count++] = (uint16_t)said->model;
    return 0;
}

bool catalogue_withdraw(struct catalogue *catalogue, uint32_t number)
{
    uint32_t at = 0;
    while (at < catalogue->offered_count && catalogue->offered[at] != number)
        at++;
    if (at == catalogue->offered_count)
        return false;
    catalogue->offered_count--;
    memmove(&catalogue->offered[at], &catalogue->offered[at + 1],
            (catalogue->offered_count - at) * sizeof(*catalogue->offered));
    catalogue->models[number].state = CATALOGUE_WITHDRAWN;
    catalogue->withdrawn_count++;
    return true;
}

int catalogue_next_gone(struct catalogue *catalogue)
{
    if (catalogue->withdrawn_count == 0)
        return -1;
    for (uint32_t i = 0; i < CATALOGUE_MAX_MODELS; i++) {
        struct catalogue_model *model = &catalogue->models[i];
        if (model->state != CATALOGUE_WITHDRAWN || model->arriving > 0)
            continue;
        region_fini(&model->region);
        *model = (struct catalogue_model){.state = CATALOGUE_FREE};
        catalogue->withdrawn_count--;
        return (int)i;
    }
    return -1;
}

/* The version asked for, or the newest; of two equal ones the later. */
static int find(const struct catalogue *catalogue, uint32_t name_crc, uint32_t version)
{
    int found = -1;
    for (uint32_t i = 0; i < catalogue->offered_count; i++) {
        const struct catalogue_model *model = &catalogue->models[catalogue->offered[i]];
        if (model->name_crc != name_crc || (version != 0 && model->version != version))
            continue;
        if (found < 0 || model->version >= catalogue->models[found].version)
            found = catalogue->offered[i];
    }
    return found;
}

static bool is_zero(const uint8_t fingerprint[16])
{
    static const uint8_t zero[16];
    return memcmp(fingerprint, zero, sizeof(zero)) == 0;
}

/* Rows can be computed apart only where the network keeps them apart. */
static bool has_rows(const struct model_table *table, const struct jtp_open *open)
{
    return open->rows == 1 || (table->cuts[open->from].has_rows && table->cuts[open->to].has_rows);
}

static uint8_t check_sizes(const struct catalogue *catalogue, const struct model_table *table,
                           const struct jtp_open *open, struct catalogue_match *match)
{
    const struct model_cut *from = &table->cuts[open->from], *to = &table->cuts[open->to];
    if (open->encoding > JTP_U8 || open->answer_encoding > JTP_U8 ||
        (open->encoding != JTP_F32 && !from->is_f32) ||
        (open->answer_encoding != JTP_F32 && !to->is_f32))
        return JTP_BAD_ENCODING;
    if (!has_rows(table, open))
        return JTP_BAD_SIZE;
    const uint64_t bytes = model_table_message_bytes(table, open->from, open->rows, open->encoding);
    const uint64_t answer_bytes =
        model_table_message_bytes(table, open->to, open->rows, open->answer_encoding);
    if (bytes == 0 || answer_bytes == 0 || bytes != open->total_bytes ||
        bytes > catalogue->max_message_bytes || answer_bytes > catalogue->max_message_bytes)
        return JTP_BAD_SIZE;
    match->answer_bytes = (uint32_t)answer_bytes;
    return 0;
}

uint8_t catalogue_check(const struct catalogue *catalogue, const struct jtp_open *open,
                        struct catalogue_match *match)
{
    const int number = find(catalogue, open->model, open->model_version);
    if (number < 0)
        return JTP_MODEL_UNKNOWN;
    const struct model_table *table = &catalogue->models[number].table;
    if (!is_zero(open->fingerprint) &&
        memcmp(open->fingerprint, table->shared->fingerprint, sizeof(open->fingerprint)) != 0)
        return JTP_MODEL_MISMATCH;
    if (open->from >= open->to || open->to >= table->cut_count || open->rows == 0)
        return JTP_BAD_RANGE;
    match->model = (uint16_t)number;
    return check_sizes(catalogue, table, open, match);
}
