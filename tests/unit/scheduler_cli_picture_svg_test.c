/* Tests of scheduler/cli/picture/svg.c: whatever the texts are, the file is XML and runs nothing.
 */
#include "scheduler/cli/picture/svg.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/svg_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct svg_check check;

/* The file with this one text in it, and as its title and tooltip. To be freed. */
static char *picture_of(const char *words, size_t *length)
{
    struct svg svg;
    char *chars = NULL;
    FILE *file = open_memstream(&chars, length);
    CU_ASSERT_EQUAL_FATAL(svg_init(&svg), 0);
    svg_group_begin(&svg, "thing", &(struct svg_number){"ms", 0.1}, 1, words);
    svg_rect(&svg, (struct svg_box){0, 0, 10, 10}, &(struct svg_paint){.fill = "#000000"});
    svg_text(&svg, 10, 40, &(struct svg_font){.size = 12, .fill = "#000000"}, words);
    svg_group_end(&svg);
    CU_ASSERT_EQUAL(svg_save(&svg, 1e6, 100, words, file), 0);
    svg_fini(&svg);
    fclose(file);
    return chars;
}

static void markup_in_texts_is_escaped(void)
{
    size_t length;
    char *chars = picture_of("</text><script>alert(\"1 & 2\")</script>", &length);
    svg_check(&check, chars, length);
    CU_ASSERT_STRING_EQUAL(check.error, "");
    CU_ASSERT_PTR_NULL(strstr(chars, "<script"));
    CU_ASSERT_PTR_NOT_NULL(strstr(chars, "&lt;script&gt;alert(&quot;1 &amp; 2&quot;)"));
    free(chars);
}

static void numbers_keep_their_last_digit(void)
{
    size_t length;
    char *chars = picture_of("x", &length);
    CU_ASSERT_PTR_NOT_NULL(strstr(chars, "data-ms=\"0.10000000000000001\""));
    free(chars);
}

static void any_bytes_make_a_well_formed_file(void)
{
    const unsigned seed = 4711;
    printf(" (seed %u)", seed);
    srand(seed);
    for (int i = 0; i < 3000; i++) {
        char words[40] = {0};
        for (int k = 0; k < 39; k++)
            words[k] = (char)(rand() % 3 ? rand() % 256 : "<>&\"'\x01\xEF\xBF\xBE"[rand() % 9]);
        size_t length;
        char *chars = picture_of(words, &length);
        svg_check(&check, chars, length);
        CU_ASSERT_STRING_EQUAL(check.error, "");
        free(chars);
    }
}

static void a_full_disk_is_told(void)
{
    FILE *full = fopen("/dev/full", "w");
    struct svg svg;
    if (!full)
        return;
    CU_ASSERT_EQUAL_FATAL(svg_init(&svg), 0);
    CU_ASSERT_EQUAL(svg_save(&svg, 10, 10, "x", full), -EIO);
    svg_fini(&svg);
    svg_fini(&svg);
    svg_fini(NULL);
    fclose(full);
}

const struct cunit_test tests[] = {
    {"markup in texts is escaped", markup_in_texts_is_escaped},
    {"numbers for scripts are as exact as a double", numbers_keep_their_last_digit},
    {"any bytes in a text make a well-formed file", any_bytes_make_a_well_formed_file},
    {"a full disk is told", a_full_disk_is_told},
    {NULL, NULL},
};
