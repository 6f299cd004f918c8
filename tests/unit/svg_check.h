/* Reads a picture back: is it XML, and where do its texts stand? Knows nothing of how it was made.
 */
#ifndef TESTS_UNIT_SVG_CHECK_H
#define TESTS_UNIT_SVG_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define SVG_CHECK_MAX_TEXTS 4000

struct svg_check {
    char error[160]; /* empty: it is well-formed, texts lie on the canvas and none on another */
    double width, height;
    size_t text_count;
    struct svg_check_text {
        double left, top, right, bottom;
        char chars[200]; /* entities as they stand in the file */
    } texts[SVG_CHECK_MAX_TEXTS];
};

void svg_check(struct svg_check *check, const char *chars, size_t length);

/* How many groups of this class there are, and the sum of one of their numbers (NULL: none). */
size_t svg_check_count(const char *chars, const char *kind, const char *number, double *sum);

/* Whether some text holds these words; a no-break space counts as a space. */
bool svg_check_has(const struct svg_check *check, const char *words);

#endif
