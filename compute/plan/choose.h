/* Which algorithm computes a convolution: by rule, by measuring, or as kept from an earlier
 * measurement. */
#ifndef COMPUTE_PLAN_CHOOSE_H
#define COMPUTE_PLAN_CHOOSE_H

#include "compute/kernels/conv.h"

/* Without measurement: what is usually the fastest. Strict: direct algorithms only. */
enum conv_algorithm choose_by_rule(const struct conv_shape *shape, enum isa isa, bool is_strict);

/* What was found for one shape, and under which conditions. */
struct choice {
    enum isa isa;
    bool is_strict;
    uint32_t threads;
    uint32_t images;
    struct conv_shape shape;
    enum conv_algorithm algorithm;
};

struct choices {
    enum isa isa;
    bool is_strict;
    bool is_measured; /* measure what is not in the list; otherwise the rule decides */
    struct thread_pool *pool;
    uint32_t threads;
    size_t count, capacity;
    struct choice *items;
    bool is_changed; /* something was measured since choices_read */
    void (*progress)(void *arg, const char *what, double fraction); /* may be NULL */
    void *progress_arg;
};

void choices_fini(struct choices *choices);

/* The algorithm for this shape over this many images (told apart by powers of two); measures it
 * where that is wanted. Never fails: without memory the rule decides. */
enum conv_algorithm choices_get(struct choices *choices, const struct conv_shape *shape,
                                uint32_t images);

/* Remembers a choice. False: no memory. */
bool choices_add(struct choices *choices, const struct choice *choice);

/* Reads choices that were kept on the same CPU model; anything else in the file, or no file, reads
 * as none. */
void choices_read(struct choices *choices, const char *path);

/* Writes them, atomically. 0 or a negative errno: nothing depends on its success. */
int choices_write(const struct choices *choices, const char *path);

/* The same by a text in memory, which ends with 0; *text is the caller's to free. 0 or -ENOMEM. */
void choices_read_text(struct choices *choices, const char *text);
int choices_write_text(const struct choices *choices, char **text);

#endif
