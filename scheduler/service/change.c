/* Loads and unloads by word of joint-api. */
#include "scheduler/service/change.h"
#include "scheduler/service/service.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void changes_read_token(struct service *service)
{
    const char *path = service->config.api.token_file;
    struct token *token = &service->changes.token;
    char why[256];
    if (!path[0])
        *token = (struct token){0};
    else if (!token_read(token, path, why, sizeof(why)))
        log_say(&service->log, "api.token_file: %s: %s; nothing can be changed over HTTP", path,
                why);
}

__attribute__((format(printf, 3, 4))) static void
answer(struct change *change, enum api_verdict verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(change->text, sizeof(change->text), format, arguments);
    va_end(arguments);
    change->verdict = verdict;
    change->is_answered = true;
}

static bool is_sound(const struct api_change *asked)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const bool are_texts = memchr(asked->name, 0, sizeof(asked->name)) &&
                           memchr(asked->token, 0, sizeof(asked->token)) &&
                           memchr(asked->path, 0, sizeof(asked->path));
    return are_texts && (asked->kind == API_LOAD || asked->kind == API_UNLOAD) && asked->name[0] &&
           asked->name[0] != '.' && asked->name[0] != '-' &&
           strspn(asked->name, letters) == strlen(asked->name);
}

/* The file that a path inside of the root names, owned by the caller. NULL: it was answered. */
static char *find_file(struct change *change, const char *root)
{
    if (!root[0]) {
        answer(change, API_WRONG,
               "path is taken only where api.model_root of jointd's configuration names a folder");
        return NULL;
    }
    char joined[CONFIG_PATH_BYTES + API_PATH_BYTES];
    snprintf(joined, sizeof(joined), "%s/%s", root, change->asked.path);
    char *whole_root = realpath(root, NULL);
    const int root_error = whole_root ? 0 : errno;
    char *whole = realpath(joined, NULL);
    const int error = root_error ? root_error : whole ? 0 : errno;
    const size_t length = whole_root ? strlen(whole_root) : 0;
    const bool is_inside = whole && whole_root && strncmp(whole, whole_root, length) == 0 &&
                           (whole[length] == '/' || length == 1);
    free(whole_root);
    if (is_inside)
        return whole;
    free(whole);
    if (error)
        answer(change, API_WRONG, "path: %s", strerror(error));
    else
        answer(change, API_WRONG, "path: it leads out of api.model_root");
    return NULL;
}

/* The newest of that name that is not on its way out; 0: none. */
static uint64_t newest_order(const struct model_set *set, const char *name)
{
    uint64_t order = 0;
    for (uint32_t i = 0; i < set->limit; i++) {
        const struct model *model = &set->items[i];
        if (model->state != MODEL_EMPTY && model->state < MODEL_WITHDRAWING &&
            strcmp(model->name, name) == 0 && model->order > order)
            order = model->order;
    }
    return order;
}

static void begin_load(struct service *service, struct change *change)
{
    const struct api_change *asked = &change->asked;
    const struct model_section *known = jointd_config_find_model(&service->config, asked->name);
    struct model_section section = {.version = 1, .max_cut_tensors = 1};
    char name[API_NAME_BYTES], *path = NULL;
    if (!known && !asked->path[0]) {
        answer(change, API_UNKNOWN,
               "no model %s in the configuration; /v2/repository/index lists them", asked->name);
        return;
    }
    if (known)
        section = *known;
    if (asked->path[0]) {
        path = find_file(change, service->config.api.model_root);
        if (!path)
            return;
        section.path = path;
    }
    snprintf(name, sizeof(name), "%s", asked->name);
    section.name = name;
    if (asked->version)
        section.version = asked->version;
    log_say(&service->log, "model %s (version %u): is to be loaded, says a request over HTTP", name,
            (unsigned)section.version);
    const int error = model_set_want(service, &section);
    free(path);
    if (error == -ENOSPC)
        answer(change, API_BUSY, "%u models are loaded already; unload one", MESSAGE_MAX_MODELS);
    else if (error)
        answer(change, API_FAILED, "%s", strerror(-error));
    change->order = newest_order(&service->models, name);
}

static void begin_unload(struct service *service, struct change *change)
{
    const char *name = change->asked.name;
    struct model_set *set = &service->models;
    change->order = newest_order(set, name);
    if (!change->order && !jointd_config_find_model(&service->config, name) &&
        !repository_find(&service->repository, name)) {
        answer(change, API_UNKNOWN, "no model %s; /v2/repository/index lists them", name);
        return;
    }
    for (uint32_t i = 0; i < set->limit; i++) {
        const struct model *model = &set->items[i];
        if (model->state == MODEL_EMPTY || strcmp(model->name, name) != 0)
            continue;
        if (model->order > change->order)
            change->order = model->order;
        if (model->state < MODEL_WITHDRAWING)
            log_say(&service->log, "model %s (version %u): is withdrawn, says a request over HTTP",
                    name, model->version);
        model_set_remove(service, i);
    }
    repository_forget(&service->repository, name);
}

static void begin(struct service *service, struct change *change)
{
    const struct token *token = &service->changes.token;
    if (!token_is_set(token))
        answer(change, API_NO_TOKEN,
               "nothing can be changed over HTTP: write a secret into a file, name that in [api] "
               "token_file of jointd's configuration, and send jointd SIGHUP");
    else if (!token_is(token, change->asked.token))
        answer(change, API_WRONG_TOKEN,
               "bring the secret of api.token_file: "
               "Authorization: Bearer SECRET");
    else if (service->state >= SERVICE_DRAINING)
        answer(change, API_BUSY, "jointd is draining");
    else if (change->asked.kind == API_LOAD)
        begin_load(service, change);
    else
        begin_unload(service, change);
}

void changes_take(struct service *service, const struct api_change *asked)
{
    struct changes *changes = &service->changes;
    uint32_t i = 0;
    while (i < CHANGES_MAX && changes->items[i].is_there)
        i++;
    if (i == CHANGES_MAX) /* an honest joint-api does not ask for so many */
        return;
    struct change *change = &changes->items[i];
    *change = (struct change){.is_there = true, .asked = *asked};
    if (is_sound(asked))
        begin(service, change);
    else
        answer(
            change, API_WRONG,
            "a model's name is made of letters, digits, '.', '_' and '-', and it has 63 at most");
    memset(change->asked.token, 0, sizeof(change->asked.token));
}

/* Whether one is there that is not newer. */
static const struct model *find_until(const struct model_set *set, const char *name, uint64_t order)
{
    for (uint32_t i = 0; i < set->limit; i++) {
        const struct model *model = &set->items[i];
        if (model->state != MODEL_EMPTY && model->order <= order && strcmp(model->name, name) == 0)
            return model;
    }
    return NULL;
}

static void look_at_load(const struct service *service, struct change *change)
{
    const struct model_set *set = &service->models;
    for (uint32_t i = 0; i < set->limit; i++) {
        const struct model *model = &set->items[i];
        if (model->state == MODEL_EMPTY || model->order != change->order)
            continue;
        if (model->state == MODEL_SERVING && api_shows(service, i))
            answer(change, API_DONE, "version %u", model->version);
        if (model->state <= MODEL_SERVING)
            return;
    }
    if (change->is_answered)
        return;
    const struct repository_entry *entry =
        repository_find(&service->repository, change->asked.name);
    answer(change, API_FAILED, "%s",
           entry ? entry->reason : "a later change of this model came before it");
}

static void look_at(const struct service *service, struct change *change)
{
    if (change->asked.kind == API_LOAD)
        look_at_load(service, change);
    else if (!find_until(&service->models, change->asked.name, change->order))
        answer(change, API_DONE, "unloaded");
}

static bool tell(struct change *change, int socket)
{
    struct api_message message = {
        .kind = API_ANSWER, .number = change->asked.ticket, .status = change->verdict};
    memcpy(message.text, change->text, sizeof(message.text));
    return fd_pass_send(socket, &message, sizeof(message), NULL, 0) == 0;
}

int changes_look(struct service *service, int socket)
{
    int work = 0;
    for (uint32_t i = 0; i < CHANGES_MAX; i++) {
        struct change *change = &service->changes.items[i];
        if (!change->is_there)
            continue;
        if (!change->is_answered)
            look_at(service, change);
        if (!change->is_answered || !tell(change, socket))
            continue;
        *change = (struct change){0};
        work++;
    }
    return work;
}

bool changes_wait(const struct changes *changes)
{
    for (uint32_t i = 0; i < CHANGES_MAX; i++)
        if (changes->items[i].is_there)
            return true;
    return false;
}

void changes_forget(struct changes *changes)
{
    memset(changes->items, 0, sizeof(changes->items));
}
