/* What joint-api sees of the service: what jointd has told it and shares with it, all read-only. */
#ifndef SCHEDULER_API_VIEW_H
#define SCHEDULER_API_VIEW_H

#include "scheduler/api/tls.h"
#include "shm/api_setup.h"
#include "shm/counters.h"
#include "shm/load_report.h"
#include "shm/model_load.h"
#include "shm/model_statistics.h"
#include "shm/model_table.h"
#include "shm/region.h"

#include <stdbool.h>

#define VIEW_MAX_ANSWERS 16u

struct view_model {
    bool is_there;
    uint32_t version;
    char name[API_NAME_BYTES];
    struct region region; /* owned */
    struct model_table table;
    bool has_statistics;
    struct region statistics_region; /* owned, if has_statistics */
    struct model_statistics statistics; /* of its name: each version goes on where one was */
    bool has_load;
    struct region load_region; /* owned, if has_load */
    struct load_page_reader load;
};

struct view_counters {
    bool is_there;
    struct region region; /* owned */
    struct counters_reader reader;
};

struct view {
    struct api_setup setup;
    struct region load_region; /* owned */
    struct load_page_reader load;
    struct view_counters counters[API_MAX_COUNTERS];
    struct view_model models[API_MAX_MODELS];
    uint32_t model_limit; /* all beyond are not there */
    uint64_t change_count; /* of the models */
    struct tls tls; /* owned */
    /* What there is to load; owned, [API_MAX_ROWS] each. Shown are those of the last ROWS_END. */
    struct api_message *rows, *coming_rows;
    uint32_t row_count;
    struct api_message answers[VIEW_MAX_ANSWERS]; /* to changes; those that nobody has taken */
    uint32_t answer_count;
};

/* One moment's load. */
struct view_load {
    uint64_t sequence; /* 0: none was published yet */
    struct load_report report;
};

/* Receives the setup. 0; -EBADMSG: it contradicts itself; or the errors of fd_pass_receive and
 * region_attach. */
int view_init(struct view *view, int socket);
void view_fini(struct view *view); /* accepts NULL and zeroed */

/* Takes the next message, which is there. 0, -EPIPE if jointd is gone, -errno. */
int view_take(struct view *view, int socket);

/* What jointd has answered to a change. False: nothing more. */
bool view_take_answer(struct view *view, struct api_message *message);

/* Whether there is a newer load than this one, which may be zeroed. */
bool view_has_newer(const struct view *view, const struct view_load *load);
/* 0; -ENODATA or -EAGAIN, and the load is as before. */
int view_read_load(const struct view *view, struct view_load *load);

/* The load of a model that is there. False: none is known. */
bool view_read_model_load(const struct view_model *model, struct model_load *load);

/* The model of that name and version, 0 for the newest; NULL. */
const struct view_model *view_find(const struct view *view, const char *name, uint32_t version);

#endif
