/* Tests of scheduler/service/token.c. */
#include "scheduler/service/token.h"
#include "tests/unit/cunit_main.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char secret[] = "0123456789abcdef";

/* Whether a file of these bytes and this mode holds a secret; `why` if not. */
static bool read_bytes(struct token *token, const void *bytes, size_t count, mode_t mode, char *why,
                       size_t why_bytes)
{
    char path[] = "/tmp/joint-token-XXXXXX";
    const int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(write(fd, bytes, count), (ssize_t)count);
    CU_ASSERT_EQUAL_FATAL(fchmod(fd, mode), 0);
    close(fd);
    memset(token, 'x', sizeof(*token));
    const bool is_there = token_read(token, path, why, why_bytes);
    unlink(path);
    return is_there;
}

static bool read_text(struct token *token, const char *text)
{
    char why[256];
    return read_bytes(token, text, strlen(text), 0600, why, sizeof(why));
}

static bool is(const struct token *token, const char *said)
{
    char whole[TOKEN_BYTES] = "";
    snprintf(whole, sizeof(whole), "%s", said);
    return token_is(token, whole);
}

static void a_line_is_a_secret_with_its_end_or_without(void)
{
    static const char *const texts[] = {"0123456789abcdef", "0123456789abcdef\n"};
    struct token token;
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(read_text(&token, texts[i]));
        CU_ASSERT_TRUE(token_is_set(&token));
        CU_ASSERT_TRUE(is(&token, secret));
    }
}

static void only_the_secret_is_the_secret(void)
{
    struct token token;
    CU_ASSERT_TRUE_FATAL(read_text(&token, secret));
    char said[64];
    for (size_t length = 0; length < sizeof(secret) - 1; length++) {
        snprintf(said, sizeof(said), "%.*s", (int)length, secret);
        CU_ASSERT_FALSE(is(&token, said));
    }
    for (size_t at = 0; at < sizeof(secret) - 1; at++) {
        snprintf(said, sizeof(said), "%s", secret);
        said[at] ^= 1;
        CU_ASSERT_FALSE(is(&token, said));
    }
    snprintf(said, sizeof(said), "%sx", secret);
    CU_ASSERT_FALSE(is(&token, said));
}

static void without_a_secret_nothing_is_it(void)
{
    struct token token = {0};
    CU_ASSERT_FALSE(token_is_set(&token));
    CU_ASSERT_FALSE(is(&token, ""));
    CU_ASSERT_FALSE(is(&token, secret));
}

static void what_is_no_secret_is_refused_and_leaves_none(void)
{
    char longest[TOKEN_BYTES + 2], why[256];
    memset(longest, 'x', sizeof(longest));
    struct token token;
    const struct {
        const void *bytes;
        size_t count;
        mode_t mode;
    } bad[] = {{"", 0, 0600},
               {"\n", 1, 0600},
               {"0123456789abcde", 15, 0600}, /* one too few */
               {"0123456789abcde\n", 16, 0600},
               {"0123456789 abcdef", 17, 0600},
               {"0123456789abcdef\n\n", 18, 0600},
               {"0123456789abcdef\0", 17, 0600},
               {"0123456789abcde\xff", 16, 0600},
               {longest, TOKEN_BYTES, 0600},
               {longest, TOKEN_BYTES + 1, 0600},
               {"0123456789abcdef", 16, 0604}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        why[0] = '\0';
        CU_ASSERT_FALSE(
            read_bytes(&token, bad[i].bytes, bad[i].count, bad[i].mode, why, sizeof(why)));
        CU_ASSERT_FALSE(token_is_set(&token));
        CU_ASSERT(strlen(why) > 10);
    }
    longest[TOKEN_BYTES - 1] = '\n';
    CU_ASSERT_TRUE(read_bytes(&token, longest, TOKEN_BYTES, 0640, why, sizeof(why)));
    CU_ASSERT_FALSE(token_read(&token, "/nonexistent/token", why, sizeof(why)));
    CU_ASSERT_FALSE(token_is_set(&token));
    CU_ASSERT_FALSE(token_read(&token, "/tmp", why, sizeof(why)));
    CU_ASSERT_FALSE(token_is_set(&token));
}

const struct cunit_test tests[] = {
    {"a line is a secret, with its end or without", a_line_is_a_secret_with_its_end_or_without},
    {"only the secret is the secret", only_the_secret_is_the_secret},
    {"without a secret nothing is it", without_a_secret_nothing_is_it},
    {"what is no secret is refused and leaves none", what_is_no_secret_is_refused_and_leaves_none},
    {NULL, NULL},
};
