/* A running joint-dataplane with its stand-in for jointd and clients, for the tests of the process.
 */
#ifndef TESTS_PROPERTY_INGRESS_CASE_H
#define TESTS_PROPERTY_INGRESS_CASE_H

#include "tests/property/ingress_caller.h"

#define CASE_MAX_CALLERS 16u

struct ingress_case {
    struct ingress_host host;
    struct caller caller[CASE_MAX_CALLERS];
    uint32_t caller_count;
};

/* Settings with their defaults; may be changed until the start. Asserts by CUnit, as do all. */
struct ingress_case *case_make(uint32_t queue_count);
/* Opens, starts, offers the three models' first two, waits for STARTED; so many clients. */
void case_start(struct ingress_case *test, uint32_t caller_count);
/* SIGTERM, everything given back, no faults, exit status 0; frees it. */
void case_end(struct ingress_case *test);
/* Kills what runs, and frees it. */
void case_drop(struct ingress_case *test);

/* One turn of everybody; sleeps a little if there was nothing to do. */
void case_turn(struct ingress_case *test);
/* Turns for so long. */
void case_pass(struct ingress_case *test, uint64_t ms);
/* The same while clients do nothing. */
void case_pass_alone(struct ingress_case *test, uint64_t ms);
/* Until the calls are over, or for 20 s: then it fails. */
void case_finish(struct ingress_case *test, const struct call *calls, uint32_t count);
/* Calls, shared out among the clients; and until they are over: each is right, and freed. */
void case_call_all(struct ingress_case *test, struct call *calls, uint32_t count);
void case_finish_right(struct ingress_case *test, struct call *calls, uint32_t count);
/* Turns until *word reaches value, or fails after 20 s. */
void case_until(struct ingress_case *test, const uint64_t *word, uint64_t value);
/* Until counter `name`, summed over the queues, is value; or fails after 20 s. */
void case_until_counter(struct ingress_case *test, const char *name, uint64_t value);
uint64_t case_counter(const struct ingress_case *test, const char *name);

#endif
