/* Reads the files of HTTPS. The key is wiped when it is dropped. */
#include "scheduler/api/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES 262144u /* the longest */

static void drop(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void tls_fini(struct tls *tls)
{
    if (!tls)
        return;
    drop(&tls->certificate);
    drop(&tls->key);
    *tls = (struct tls){0};
}

static int read_whole(int fd, char **text)
{
    size_t length = 0;
    ssize_t count = 0;
    int error = 0;
    *text = calloc(1, FILE_BYTES + 1);
    if (!*text)
        return -ENOMEM;
    while (length < FILE_BYTES &&
           (count = pread(fd, *text + length, FILE_BYTES - length, (off_t)length)) > 0)
        length += (size_t)count;
    if (count < 0)
        error = -errno;
    else if (length == FILE_BYTES)
        error = -EFBIG;
    if (error)
        drop(text);
    return error;
}

int tls_read(struct tls *tls, const int fds[2])
{
    char *certificate, *key;
    int error = read_whole(fds[0], &certificate);
    if (error)
        return error;
    error = read_whole(fds[1], &key);
    if (error) {
        drop(&certificate);
        return error;
    }
    const uint64_t number = tls->number + 1;
    tls_fini(tls);
    *tls = (struct tls){.certificate = certificate, .key = key, .number = number};
    return 0;
}
