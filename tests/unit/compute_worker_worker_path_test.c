/* Tests of worker_path against a plain model: every row is counted at every cut. */
#include "compute/worker/worker_path.h"

#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <string.h>

#define CUTS 20u

static const bool all_rows[CUTS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

static struct worker_cuts cuts_of(uint32_t max_batch, const bool *has_rows)
{
    return (struct worker_cuts){.count = CUTS, .max_batch = max_batch, .has_rows = has_rows};
}

static struct worker_row row_of(uint32_t from, uint32_t to)
{
    return (struct worker_row){.said = {.from = (uint16_t)from, .to = (uint16_t)to}};
}

static void bad_runs_are_refused(void)
{
    const struct worker_cuts cuts = cuts_of(4, all_rows);
    const struct {
        uint16_t from, to, rows;
        enum message_status status;
    } cases[] = {
        {0, 19, 1, MESSAGE_OK},          {18, 19, 64, MESSAGE_OK},
        {0, 20, 1, MESSAGE_BAD_CUT},     {3, 3, 1, MESSAGE_BAD_CUT},
        {4, 3, 1, MESSAGE_BAD_CUT},      {0, 65535, 1, MESSAGE_BAD_CUT},
        {0, 19, 0, MESSAGE_BAD_RUN},     {0, 19, 65, MESSAGE_BAD_RUN},
        {0, 19, 65535, MESSAGE_BAD_RUN}, {65535, 0, 1, MESSAGE_BAD_CUT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct message_run run = {
            .from = cases[i].from, .to = cases[i].to, .row_count = cases[i].rows};
        CU_ASSERT_EQUAL(worker_path_check(&run, &cuts), cases[i].status);
    }
}

/* Rows over each stretch between cuts, counted one by one. */
struct loads {
    uint32_t at[CUTS];
};

static bool fits(const struct loads *loads, uint32_t from, uint32_t to, uint32_t max_batch)
{
    for (uint32_t k = from; k < to; k++)
        if (loads->at[k] >= max_batch)
            return false;
    return true;
}

/* Follows one path to its end; rows come before each segment. */
static void follow(struct shm_random *random, struct worker_path *path)
{
    const uint32_t max_batch = 1 + shm_random_below(random, 6);
    bool can_pause[6][CUTS];
    struct worker_cuts cuts = cuts_of(max_batch, all_rows);
    for (uint32_t i = 0; i < 6 * CUTS; i++)
        can_pause[i / CUTS][i % CUTS] = shm_random_below(random, 2);
    cuts.can_pause = shm_random_below(random, 2) ? can_pause[0] : NULL;
    struct message_run run = {.from = 0, .to = CUTS - 1, .row_count = 1};
    for (uint32_t k = 0; k < CUTS; k++)
        if (shm_random_below(random, 4) == 0)
            message_set_stop(&run, k);
    worker_path_open(path, &run);
    struct loads loads = {{0}};
    uint32_t alive = 0;
    while (path->at < CUTS - 1) {
        for (uint32_t tries = shm_random_below(random, 5); tries > 0; tries--) {
            const uint32_t from = shm_random_below(random, CUTS - 1);
            const uint32_t to = from + 1 + shm_random_below(random, CUTS - 1 - from);
            const struct worker_row row = row_of(from, to);
            const enum message_status expected = from < path->at ? MESSAGE_MISSED
                                                 : fits(&loads, from, to, max_batch) ? MESSAGE_OK
                                                                                     : MESSAGE_FULL;
            CU_ASSERT_EQUAL_FATAL(worker_path_join(path, &row, &cuts), expected);
            for (uint32_t k = from; expected == MESSAGE_OK && k < to; k++)
                loads.at[k]++;
            alive += expected == MESSAGE_OK;
        }
        CU_ASSERT_EQUAL_FATAL(path->row_count, alive);
        if (alive == 0)
            break;
        worker_path_advance(path);
        uint32_t batch = 0;
        for (uint32_t i = 0; i < path->row_count; i++) {
            path->row[i].is_active |= path->row[i].said.from == path->at;
            CU_ASSERT_TRUE(path->row[i].is_active || path->row[i].said.from > path->at);
            batch += path->row[i].is_active;
        }
        CU_ASSERT_EQUAL_FATAL(batch, loads.at[path->at]);
        CU_ASSERT_TRUE_FATAL(batch > 0 && batch <= max_batch);
        uint32_t end = worker_path_end(path, &cuts);
        CU_ASSERT_TRUE_FATAL(end > path->at && end < CUTS);
        const uint32_t last = end;
        for (uint32_t k = path->at + 1; k < last; k++) { /* nothing was run over */
            const bool is_asked =
                message_is_stop(&run, k) && cuts.can_pause && can_pause[batch - 1][k];
            CU_ASSERT_EQUAL(worker_path_may_pause(path, &cuts, k), is_asked);
            CU_ASSERT_TRUE(loads.at[k] == batch && (!message_is_stop(&run, k) || is_asked));
            if (is_asked && k < end && shm_random_below(random, 2))
                end = k; /* somebody has come */
        }
        path->at = end;
        for (uint32_t i = 0; i < path->row_count;) {
            if (path->row[i].said.to == end) {
                worker_path_remove(path, i);
                alive--;
            } else {
                i++;
            }
        }
    }
}

static void paths_are_followed(void)
{
    struct shm_random random = shm_random_start();
    struct worker_path *path = calloc(1, sizeof(*path));
    for (int i = 0; i < 5000; i++)
        follow(&random, path);
    free(path);
}

#define PATHS MESSAGE_MAX_DISPATCHES
#define MODELS 2u

/* The best of those that may run, each counted against each other one. */
static uint32_t expected_choice(struct worker_path *const *paths, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t running = 0, better = 0;
        for (uint32_t j = 0; j < count; j++)
            running += paths[j]->is_running && paths[j]->said.model == paths[i]->said.model;
        const struct worker_path *path = paths[i];
        if (path->row_count == 0 || path->arrived_count < path->said.row_count ||
            (!path->is_running && running >= 2))
            continue;
        for (uint32_t j = 0; j < count; j++) {
            uint32_t others = 0;
            for (uint32_t k = 0; k < count; k++)
                others += paths[k]->is_running && paths[k]->said.model == paths[j]->said.model;
            const struct worker_path *other = paths[j];
            if (other->row_count == 0 || other->arrived_count < other->said.row_count ||
                (!other->is_running && others >= 2))
                continue;
            const int mine = 4 * path->said.urgency + 2 * path->is_running + (i < j);
            const int theirs = 4 * other->said.urgency + 2 * other->is_running + (j < i);
            better += theirs > mine;
        }
        if (better == 0)
            return i;
    }
    return UINT32_MAX;
}

struct mix {
    struct worker_path memory[PATHS];
    struct worker_path *paths[PATHS]; /* each of them once, the open ones first */
    uint32_t count, opened, closed, preempted;
    uint32_t last; /* dispatch that ran */
};

/* A dispatch of some rows, of which some may come later. */
static void open_some(struct shm_random *random, struct mix *mix, const struct worker_cuts *cuts)
{
    struct message_run run = {.dispatch = mix->opened++,
                              .model = (uint16_t)shm_random_below(random, MODELS),
                              .urgency = (uint8_t)shm_random_below(random, 4),
                              .to = CUTS - 1,
                              .row_count = (uint16_t)(1 + shm_random_below(random, 4))};
    for (uint32_t k = 0; k < CUTS; k++)
        if (shm_random_below(random, 3) == 0)
            message_set_stop(&run, k);
    struct worker_path *path = mix->paths[mix->count++];
    worker_path_open(path, &run);
    for (uint32_t r = 0; r < run.row_count; r++) {
        const uint32_t from = shm_random_below(random, CUTS - 1);
        struct worker_row row = row_of(from, from + 1 + shm_random_below(random, CUTS - 1 - from));
        row.said.model = run.model;
        worker_path_join(path, &row, cuts);
        path->arrived_count += r == 0 || shm_random_below(random, 8) > 0;
    }
}

/* Rows that have entered and are still there, in all dispatches of a model. */
static uint32_t entered(const struct mix *mix, uint32_t model)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < mix->count; i++)
        for (uint32_t r = 0; r < mix->paths[i]->row_count; r++)
            count += mix->paths[i]->said.model == model && mix->paths[i]->row[r].is_active;
    return count;
}

static void run_one(struct mix *mix, uint32_t chosen, const struct worker_cuts *cuts)
{
    struct worker_path *path = mix->paths[chosen];
    if (mix->last != path->said.dispatch)
        for (uint32_t i = 0; i < mix->count; i++)
            mix->preempted +=
                mix->paths[i]->said.dispatch == mix->last && mix->paths[i]->row_count > 0;
    mix->last = path->said.dispatch;
    path->is_running = true;
    worker_path_advance(path);
    for (uint32_t r = 0; r < path->row_count; r++)
        path->row[r].is_active |= path->row[r].said.from == path->at;
    for (uint32_t model = 0; model < MODELS; model++)
        CU_ASSERT_TRUE(entered(mix, model) <= WORKER_MAX_RUNNING * cuts->max_batch);
    path->at = worker_path_end(path, cuts);
    for (uint32_t r = path->row_count; r-- > 0;)
        if (path->row[r].said.to == path->at)
            worker_path_remove(path, r);
}

static void close_some(struct mix *mix)
{
    for (uint32_t i = mix->count; i-- > 0;) {
        struct worker_path *path = mix->paths[i];
        if (path->row_count > 0 || path->arrived_count < path->said.row_count)
            continue;
        mix->count--;
        for (uint32_t k = i; k < mix->count; k++)
            mix->paths[k] = mix->paths[k + 1];
        mix->paths[mix->count] = path;
        mix->closed++;
    }
}

/* Dispatches come while others run; those that wait for a row get it at last. */
static void the_most_urgent_goes_on(void)
{
    struct shm_random random = shm_random_start();
    const struct worker_cuts cuts = cuts_of(4, all_rows);
    struct mix *mix = calloc(1, sizeof(*mix));
    const uint32_t wanted = 5000;
    for (uint32_t i = 0; i < PATHS; i++)
        mix->paths[i] = &mix->memory[i];
    while (mix->closed < wanted) {
        if (mix->count < PATHS && mix->opened < wanted && shm_random_below(&random, 3) == 0)
            open_some(&random, mix, &cuts);
        const uint32_t chosen = worker_path_choose(mix->paths, mix->count);
        CU_ASSERT_EQUAL_FATAL(chosen, expected_choice(mix->paths, mix->count));
        if (chosen != UINT32_MAX) {
            run_one(mix, chosen, &cuts);
        } else if (mix->count > 0) { /* never for want of places */
            struct worker_path *path = mix->paths[shm_random_below(&random, mix->count)];
            CU_ASSERT_FALSE_FATAL(worker_path_is_ready(path));
            path->arrived_count += path->arrived_count < path->said.row_count;
        }
        close_some(mix);
    }
    CU_ASSERT_TRUE(mix->preempted > 100);
    printf(" (%u times another went first) ", mix->preempted);
    free(mix);
}

static void a_row_that_stands_alone_stays_alone(void)
{
    bool has_rows[CUTS];
    memcpy(has_rows, all_rows, sizeof(has_rows));
    has_rows[5] = false;
    const struct worker_cuts cuts = cuts_of(4, has_rows);
    struct worker_path *path = calloc(1, sizeof(*path));
    struct message_run run = {.from = 0, .to = 19, .row_count = 1};
    message_set_stop(&run, 5);
    worker_path_open(path, &run);
    const struct worker_row solo = row_of(0, 5);
    const struct worker_row other = row_of(0, 19);
    CU_ASSERT_EQUAL(worker_path_join(path, &solo, &cuts), MESSAGE_OK);
    CU_ASSERT_EQUAL(worker_path_join(path, &other, &cuts), MESSAGE_FULL);
    worker_path_open(path, &run);
    CU_ASSERT_EQUAL(worker_path_join(path, &other, &cuts), MESSAGE_OK);
    CU_ASSERT_EQUAL(worker_path_join(path, &solo, &cuts), MESSAGE_BAD_CUT);
    path->row[0].is_active = true;
    CU_ASSERT_EQUAL(worker_path_end(path, &cuts), 19); /* no stop where rows run together */
    run.row_count = 2;
    worker_path_open(path, &run);
    CU_ASSERT_EQUAL(worker_path_join(path, &solo, &cuts), MESSAGE_BAD_CUT);
    free(path);
}

static void a_path_starts_when_its_rows_are_there(void)
{
    const struct worker_cuts cuts = cuts_of(4, all_rows);
    struct worker_path *path = calloc(1, sizeof(*path));
    const struct message_run run = {.from = 2, .to = 9, .row_count = 2};
    worker_path_open(path, &run);
    CU_ASSERT_FALSE(worker_path_is_ready(path));
    const struct worker_row row = row_of(4, 9);
    CU_ASSERT_EQUAL(worker_path_join(path, &row, &cuts), MESSAGE_OK);
    path->arrived_count = 1;
    CU_ASSERT_FALSE(worker_path_is_ready(path));
    path->arrived_count = 2; /* the other was refused */
    CU_ASSERT_TRUE(worker_path_is_ready(path));
    worker_path_advance(path);
    CU_ASSERT_EQUAL(path->at, 4);
    const struct worker_row outside[] = {row_of(4, 10), row_of(1, 9), row_of(5, 5), row_of(6, 5)};
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(worker_path_join(path, &outside[i], &cuts), MESSAGE_BAD_CUT);
    const struct worker_row passed = row_of(3, 9);
    CU_ASSERT_EQUAL(worker_path_join(path, &passed, &cuts), MESSAGE_MISSED);
    free(path);
}

/* Or the segment would run over the cut, and the row would wait for it for ever. */
static void who_enters_between_two_stops_is_news_at_the_first(void)
{
    bool can_pause[CUTS];
    memset(can_pause, 1, sizeof(can_pause));
    struct worker_cuts cuts = cuts_of(4, all_rows);
    cuts.can_pause = can_pause;
    const struct message_run run = {
        .from = 0, .to = 12, .row_count = 1, .stops = {1u << 3 | 1u << 7}};
    for (uint32_t from = 1; from < 12; from++) {
        struct worker_path *path = calloc(1, sizeof(*path));
        const struct worker_row first = row_of(0, 12), second = row_of(from, 12);
        worker_path_open(path, &run);
        CU_ASSERT_EQUAL(worker_path_join(path, &first, &cuts), MESSAGE_OK);
        path->row[0].is_active = true;
        const uint32_t end = worker_path_end(path, &cuts);
        CU_ASSERT_EQUAL(end, 12);
        path->next_at = worker_path_next_stop(path, &cuts, end);
        CU_ASSERT_EQUAL(path->next_at, 3);
        CU_ASSERT_EQUAL(worker_path_join(path, &second, &cuts),
                        from < 3 ? MESSAGE_MISSED : MESSAGE_OK);
        CU_ASSERT_EQUAL(worker_path_has_news(path, &cuts, 3, end), 3 <= from && from < 7);
        CU_ASSERT_EQUAL(worker_path_has_news(path, &cuts, 7, end), 7 <= from);
        free(path);
    }
}

const struct cunit_test tests[] = {
    {"runs that no model of these cuts can do are refused", bad_runs_are_refused},
    {"random paths: who joins, which batch, where segments end, as counted cut by cut",
     paths_are_followed},
    {"of several dispatches the most urgent goes on, at most two of a model at once",
     the_most_urgent_goes_on},
    {"a row whose cut cannot tell rows apart is alone in its dispatch",
     a_row_that_stands_alone_stays_alone},
    {"a path starts when the announced rows are there, at the first that is left",
     a_path_starts_when_its_rows_are_there},
    {"who enters between two stops is news at the first",
     who_enters_between_two_stops_is_news_at_the_first},
    {NULL, NULL},
};
