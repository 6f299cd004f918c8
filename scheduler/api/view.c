/* Takes what jointd hands over, checked once. */
#include "scheduler/api/view.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_text(const char name[API_NAME_BYTES])
{
    return memchr(name, 0, API_NAME_BYTES) != NULL;
}

static bool is_sound(const struct api_setup *setup)
{
    bool are_texts = is_text(setup->server);
    for (uint32_t i = 0; i < LOAD_REPORT_MAX_CLASSES; i++)
        are_texts = are_texts && is_text(setup->class_name[i]);
    return are_texts && setup->address_count <= API_MAX_ADDRESSES &&
           setup->class_count <= LOAD_REPORT_MAX_CLASSES && setup->tcp_port > 0 &&
           setup->tcp_port <= UINT16_MAX && setup->max_connections > 0;
}

static int attach_load(struct view *view, int fd)
{
    const struct region_expect expect = {.kind = REGION_LOAD_PAGE,
                                         .access = REGION_READ_ONLY,
                                         .min_payload_bytes = sizeof(struct load_page_shared)};
    const int error = region_attach(&view->load_region, fd, &expect);
    if (error)
        close(fd);
    return error ? error
                 : load_page_attach(&view->load, region_at(&view->load_region, 0, 0),
                                    view->load_region.payload_bytes, LOAD_REPORT_WORDS);
}

int view_init(struct view *view, int socket)
{
    memset(view, 0, sizeof(*view));
    int fd = -1;
    const int count = fd_pass_receive(socket, &view->setup, sizeof(view->setup), &fd, 1);
    if (count < 0)
        return count;
    if (count != 1)
        return -EBADMSG;
    int error = attach_load(view, fd);
    if (!error && !is_sound(&view->setup))
        error = -EBADMSG;
    if (error)
        view_fini(view);
    return error;
}

void view_fini(struct view *view)
{
    if (!view)
        return;
    for (uint32_t i = 0; i < API_MAX_MODELS; i++)
        region_fini(&view->models[i].region);
    for (uint32_t i = 0; i < API_MAX_COUNTERS; i++)
        region_fini(&view->counters[i].region);
    region_fini(&view->load_region);
    memset(view, 0, sizeof(*view));
}

static int take_counters(struct view *view, const struct api_message *message, int fd)
{
    if (message->number >= API_MAX_COUNTERS || fd < 0)
        return -EBADMSG;
    struct view_counters *counters = &view->counters[message->number];
    region_fini(&counters->region);
    *counters = (struct view_counters){0};
    const struct region_expect expect = {.kind = REGION_COUNTERS, .access = REGION_READ_ONLY};
    int error = region_attach(&counters->region, fd, &expect);
    if (error) {
        counters->region = (struct region){0};
        return error;
    }
    error = counters_attach(&counters->reader, region_at(&counters->region, 0, 0),
                            counters->region.payload_bytes);
    counters->is_there = !error;
    return 1; /* the descriptor is the region's, even if it is of no use */
}

static int take_model(struct view *view, const struct api_message *message, int fd)
{
    if (message->number >= API_MAX_MODELS || fd < 0 || !is_text(message->name))
        return -EBADMSG;
    struct view_model *model = &view->models[message->number];
    region_fini(&model->region);
    *model = (struct view_model){.version = message->version};
    memcpy(model->name, message->name, sizeof(model->name));
    const struct region_expect expect = {
        .kind = REGION_MODEL, .access = REGION_READ_ONLY, .is_content_sealed = true};
    const int error = region_attach(&model->region, fd, &expect);
    if (error) {
        model->region = (struct region){0};
        return error;
    }
    model->is_there = model_table_attach(&model->table, &model->region) == 0;
    if (view->model_limit <= message->number)
        view->model_limit = message->number + 1;
    return 1;
}

static int take_gone(struct view *view, const struct api_message *message)
{
    if (message->number >= API_MAX_MODELS)
        return -EBADMSG;
    region_fini(&view->models[message->number].region);
    view->models[message->number] = (struct view_model){0};
    return 0;
}

int view_take(struct view *view, int socket)
{
    struct api_message message;
    int fd = -1;
    const int count = fd_pass_receive(socket, &message, sizeof(message), &fd, 1);
    if (count < 0)
        return count;
    int taken = -EBADMSG;
    if (message.kind == API_COUNTERS)
        taken = take_counters(view, &message, fd);
    else if (message.kind == API_MODEL)
        taken = take_model(view, &message, fd);
    else if (message.kind == API_MODEL_GONE)
        taken = take_gone(view, &message);
    if (taken <= 0 && fd >= 0)
        close(fd);
    view->change_count++;
    return taken < 0 ? taken : 0;
}

bool view_has_newer(const struct view *view, const struct view_load *load)
{
    return load->sequence == 0 || load_page_latest(&view->load) != load->sequence;
}

int view_read_load(const struct view *view, struct view_load *load)
{
    uint64_t words[LOAD_REPORT_WORDS], sequence;
    const int error = load_page_read(&view->load, words, &sequence);
    if (error)
        return error;
    memcpy(&load->report, words, sizeof(load->report));
    load->sequence = sequence;
    if (load->report.class_count > view->setup.class_count)
        load->report.class_count = view->setup.class_count;
    return 0;
}

const struct view_model *view_find(const struct view *view, const char *name, uint32_t version)
{
    const struct view_model *found = NULL;
    for (uint32_t i = 0; i < view->model_limit; i++) {
        const struct view_model *model = &view->models[i];
        if (!model->is_there || strcmp(model->name, name) != 0 ||
            (version && model->version != version))
            continue;
        if (!found || model->version > found->version)
            found = model;
    }
    return found;
}
