/* Where the programs lie that jointd starts. */
#ifndef SCHEDULER_SUPERVISE_PROGRAMS_H
#define SCHEDULER_SUPERVISE_PROGRAMS_H

#include <stddef.h>

#define PROGRAM_PATH_BYTES 4096u

struct programs {
    char worker[PROGRAM_PATH_BYTES];
    char dataplane[PROGRAM_PATH_BYTES];
    char api[PROGRAM_PATH_BYTES]; /* "": it is not there, which is no error */
};

/* The first of: the folder JOINT_LIBEXEC of the environment, and then no other; the folder of the
 * running program; ../libexec beside it; where the build tree has them; the folder they are
 * installed to. 0; or -ENOENT, where one that jointd cannot do without is missing, and why, one
 * line. Call it before anything changes the process's user. */
int programs_find(struct programs *programs, char *why, size_t why_bytes);

/* The same for a program that lies in the folder `here`, with `libexec` for the variable, which may
 * be NULL. */
int programs_find_from(struct programs *programs, const char *here, const char *libexec, char *why,
                       size_t why_bytes);

#endif
