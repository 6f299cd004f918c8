/* Reads the secret, and compares without telling where two differ. */
#include "scheduler/service/token.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many bytes; -errno. */
static ssize_t read_file(const char *path, char *bytes, size_t room, mode_t *mode)
{
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    ssize_t count = fstat(fd, &status) ? -1 : read(fd, bytes, room);
    if (count < 0)
        count = -errno;
    *mode = status.st_mode;
    close(fd);
    return count;
}

static bool is_sound(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isgraph((unsigned char)text[i]))
            return false;
    return length >= TOKEN_LEAST;
}

bool token_read(struct token *token, const char *path, char *why, size_t why_bytes)
{
    char text[TOKEN_BYTES + 1] = {0};
    mode_t mode = 0;
    *token = (struct token){0};
    const ssize_t count = read_file(path, text, sizeof(text), &mode);
    if (count < 0) {
        snprintf(why, why_bytes, "%s", strerror((int)-count));
        return false;
    }
    size_t length = (size_t)count;
    if (length > 0 && text[length - 1] == '\n')
        length--;
    if (mode & S_IROTH)
        snprintf(why, why_bytes, "anybody may read it; chmod 600 it, and use another secret");
    else if (length >= TOKEN_BYTES || !is_sound(text, length))
        snprintf(why, why_bytes,
                 "it is not one line of %u to %u printable characters; `openssl rand -hex 32` "
                 "makes one",
                 TOKEN_LEAST, TOKEN_BYTES - 1);
    else
        memcpy(token->secret, text, length);
    return token_is_set(token);
}

bool token_is_set(const struct token *token)
{
    return token->secret[0] != '\0';
}

bool token_is(const struct token *token, const char said[TOKEN_BYTES])
{
    unsigned difference = 0;
    for (size_t i = 0; i < TOKEN_BYTES; i++)
        difference |= (unsigned)(unsigned char)(token->secret[i] ^ said[i]);
    return token_is_set(token) && difference == 0;
}
