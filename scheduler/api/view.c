/* Takes what jointd hands over, checked once. */
#include "scheduler/api/view.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <stdlib.h>
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
           setup->poll_exempt_count <= API_MAX_ADDRESSES &&
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

static void drop_model(struct view_model *model)
{
    region_fini(&model->load_region);
    region_fini(&model->statistics_region);
    region_fini(&model->region);
    *model = (struct view_model){0};
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
    view->rows = error ? NULL : calloc(API_MAX_ROWS, sizeof(*view->rows));
    view->coming_rows = error ? NULL : calloc(API_MAX_ROWS, sizeof(*view->coming_rows));
    if (!error && (!view->rows || !view->coming_rows))
        error = -ENOMEM;
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
        drop_model(&view->models[i]);
    for (uint32_t i = 0; i < API_MAX_COUNTERS; i++)
        region_fini(&view->counters[i].region);
    region_fini(&view->load_region);
    tls_fini(&view->tls);
    free(view->coming_rows);
    free(view->rows);
    memset(view, 0, sizeof(*view));
}

/* Each of these takes the descriptors that it uses, and leaves -1 in their place. */

static int take_counters(struct view *view, const struct api_message *message, int *fd)
{
    if (message->number >= API_MAX_COUNTERS || *fd < 0)
        return -EBADMSG;
    struct view_counters *counters = &view->counters[message->number];
    region_fini(&counters->region);
    *counters = (struct view_counters){0};
    const struct region_expect expect = {.kind = REGION_COUNTERS, .access = REGION_READ_ONLY};
    const int error = region_attach(&counters->region, *fd, &expect);
    if (error) {
        counters->region = (struct region){0};
        return error;
    }
    *fd = -1;
    counters->is_there = counters_attach(&counters->reader, region_at(&counters->region, 0, 0),
                                         counters->region.payload_bytes) == 0;
    return 0;
}

/* Takes the descriptor if it can be used. */
static void take_model_load(struct view_model *model, int *fd)
{
    const struct region_expect expect = {.kind = REGION_LOAD_PAGE,
                                         .access = REGION_READ_ONLY,
                                         .min_payload_bytes = sizeof(struct load_page_shared)};
    if (region_attach(&model->load_region, *fd, &expect)) {
        model->load_region = (struct region){0};
        return;
    }
    *fd = -1;
    const uint32_t cuts = model->table.cut_count;
    model->has_load =
        cuts <= MODEL_LOAD_MAX_CUTS &&
        load_page_attach(&model->load, region_at(&model->load_region, 0, 0),
                         model->load_region.payload_bytes, model_load_words(cuts)) == 0;
}

/* Takes the descriptor if it can be used. */
static void take_statistics(struct view_model *model, int *fd)
{
    const struct region_expect expect = {.kind = REGION_STATISTICS, .access = REGION_READ_ONLY};
    if (region_attach(&model->statistics_region, *fd, &expect)) {
        model->statistics_region = (struct region){0};
        return;
    }
    *fd = -1;
    model->has_statistics =
        model_statistics_attach(&model->statistics, &model->statistics_region) == 0;
}

static int take_model(struct view *view, const struct api_message *message, int fds[3])
{
    if (message->number >= API_MAX_MODELS || fds[0] < 0 || !is_text(message->name))
        return -EBADMSG;
    struct view_model *model = &view->models[message->number];
    drop_model(model);
    const struct region_expect expect = {
        .kind = REGION_MODEL, .access = REGION_READ_ONLY, .is_content_sealed = true};
    const int error = region_attach(&model->region, fds[0], &expect);
    if (error) {
        model->region = (struct region){0};
        return error;
    }
    fds[0] = -1;
    model->version = message->version;
    memcpy(model->name, message->name, sizeof(model->name));
    model->is_there = model_table_attach(&model->table, &model->region) == 0;
    if (model->is_there && fds[1] >= 0)
        take_statistics(model, &fds[1]);
    if (model->is_there && fds[2] >= 0)
        take_model_load(model, &fds[2]);
    if (view->model_limit <= message->number)
        view->model_limit = message->number + 1;
    return 0;
}

static int take_gone(struct view *view, const struct api_message *message)
{
    if (message->number >= API_MAX_MODELS)
        return -EBADMSG;
    drop_model(&view->models[message->number]);
    return 0;
}

static int take_row(struct view *view, const struct api_message *message)
{
    if (message->number >= API_MAX_ROWS || !is_text(message->name) ||
        !memchr(message->text, 0, sizeof(message->text)))
        return -EBADMSG;
    view->coming_rows[message->number] = *message;
    return 0;
}

static int take_rows_end(struct view *view, const struct api_message *message)
{
    if (message->number > API_MAX_ROWS)
        return -EBADMSG;
    memcpy(view->rows, view->coming_rows, message->number * sizeof(*view->rows));
    view->row_count = message->number;
    return 0;
}

static int take_answer(struct view *view, const struct api_message *message)
{
    if (view->answer_count == VIEW_MAX_ANSWERS || !memchr(message->text, 0, sizeof(message->text)))
        return -EBADMSG;
    view->answers[view->answer_count++] = *message;
    return 0;
}

bool view_take_answer(struct view *view, struct api_message *message)
{
    if (view->answer_count == 0)
        return false;
    *message = view->answers[--view->answer_count];
    return true;
}

int view_take(struct view *view, int socket)
{
    struct api_message message;
    int fds[3] = {-1, -1, -1};
    const int count = fd_pass_receive(socket, &message, sizeof(message), fds, 3);
    if (count < 0)
        return count;
    int error = -EBADMSG;
    if (message.kind == API_COUNTERS)
        error = take_counters(view, &message, &fds[0]);
    else if (message.kind == API_MODEL)
        error = take_model(view, &message, fds);
    else if (message.kind == API_MODEL_GONE)
        error = take_gone(view, &message);
    else if (message.kind == API_TLS)
        error = fds[1] < 0 ? -EBADMSG : tls_read(&view->tls, fds);
    else if (message.kind == API_ROW)
        error = take_row(view, &message);
    else if (message.kind == API_ROWS_END)
        error = take_rows_end(view, &message);
    else if (message.kind == API_ANSWER)
        error = take_answer(view, &message);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    view->change_count += message.kind <= API_MODEL_GONE;
    return error;
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

bool view_read_model_load(const struct view_model *model, struct model_load *load)
{
    uint64_t words[LOAD_PAGE_MAX_WORDS], number;
    if (!model->has_load || load_page_read(&model->load, words, &number))
        return false;
    memcpy(load, words, model_load_words(model->table.cut_count) * sizeof(words[0]));
    return true;
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
