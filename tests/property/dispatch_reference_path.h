/* The dispatcher's rules once more, of mode join: paths as lists of who goes from where to where.
 * Every question walks along all cuts and asks everybody. */
#ifndef TESTS_PROPERTY_DISPATCH_REFERENCE_PATH_H
#define TESTS_PROPERTY_DISPATCH_REFERENCE_PATH_H

#include "tests/property/dispatch_reference.h"

struct reference_entry {
    uint32_t slot, from, to, rows, class_index;
    uint64_t due_ns;
};

struct reference_path {
    const struct reference_model *model;
    uint32_t count;
    struct reference_entry entries[REFERENCE_ROWS];
};

/* A request that waits. */
struct reference_entry reference_entry(const struct reference *reference,
                                       const struct reference_request *request);
/* False: somewhere on its way there is no room for it in the batch. */
bool reference_path_add(struct reference_path *path, const struct reference_entry *entry);
void reference_path_remove(struct reference_path *path, uint32_t index);
uint32_t reference_path_rows(const struct reference_path *path);
uint32_t reference_path_from(const struct reference_path *path);
uint32_t reference_path_to(const struct reference_path *path);
/* Rows that pass through the layer after the cut. */
uint32_t reference_path_load(const struct reference_path *path, uint32_t cut);
/* Whether somebody enters or leaves at the cut. */
bool reference_path_turns(const struct reference_path *path, uint32_t cut);
/* From its beginning until it has come to the cut. */
uint64_t reference_path_ns(const struct reference_path *path, enum reference_time time,
                           uint32_t until);
uint64_t reference_path_whole_ns(const struct reference_path *path, enum reference_time time);
/* What the entry adds. */
uint64_t reference_share_ns(const struct reference_path *path, enum reference_time time,
                            uint32_t index);
/* How much later than then it could begin with all in time; INT64_MAX: nobody is due. */
int64_t reference_slack_ns(const struct reference_path *path, uint64_t start_ns);

/* Requests of a model that may go with others, the next most urgent after that one (NULL: of all).
 */
const struct reference_request *reference_next_urgent(const struct reference *reference,
                                                      uint32_t model,
                                                      const struct reference_request *after);
bool reference_is_hurried(const struct reference *reference, uint32_t class_index, uint32_t beside);

/* Who goes with the first, from start_ns on and in no more than limit_ns (UINT64_MAX: any time);
 * leaving that slot out (UINT32_MAX: nobody). False: not even the first by itself is in time. */
bool reference_who_goes(const struct reference *reference, const struct reference_request *first,
                        uint32_t without, uint64_t start_ns, uint64_t limit_ns, uint64_t now_ns,
                        struct reference_path *path, bool *has_refused);
/* The path of the most urgent on a free worker, or its end. */
void reference_lead(const struct reference *reference, const struct reference_request *first,
                    uint64_t start_ns, uint64_t now_ns, struct dispatch_action *action);
/* The action that gives the path to a worker. */
void reference_give(const struct reference *reference, const struct reference_path *path,
                    uint64_t now_ns, struct dispatch_action *action);
void reference_stops(const struct reference *reference, const struct reference_path *path,
                     uint64_t now_ns, uint64_t *stops);
void reference_add_rows(const struct reference *reference, const struct reference_request *request,
                        struct dispatch_action *action);

/* What is left of an open dispatch, from where rows can enter next. */
void reference_rest(const struct reference *reference, const struct reference_run *run,
                    struct reference_path *path);
void reference_reckon(struct reference *reference, uint32_t worker, uint64_t now_ns);

#endif
