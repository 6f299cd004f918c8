/* What HTTPS needs: the certificate with its chain, and the key, as PEM. jointd opens the files, so
 * that this process need not be able to. */
#ifndef SCHEDULER_API_TLS_H
#define SCHEDULER_API_TLS_H

#include <stdint.h>

struct tls {
    char *certificate, *key; /* owned; NULL: none came yet */
    uint64_t number; /* of what came; grows */
};

void tls_fini(struct tls *tls); /* accepts NULL and zeroed */

/* Reads both files from their start; the descriptors stay the caller's. 0; -ENOMEM, -EFBIG, -errno,
 * and all is as before. */
int tls_read(struct tls *tls, const int fds[2]);

#endif
