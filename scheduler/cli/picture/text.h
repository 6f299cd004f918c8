/* Text as a picture sees it: code points, how wide they come out, and lines that fit a width.
 *
 * Names come from files, so a text may hold any bytes: what is not UTF-8, and what no picture can
 * show (control codes, marks that turn the direction of writing), counts as U+FFFD. */
#ifndef SCHEDULER_CLI_PICTURE_TEXT_H
#define SCHEDULER_CLI_PICTURE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A short text under construction; what does not fit is left out, at a code point's boundary. */
struct text {
    size_t length;
    char chars[512]; /* ends with 0 */
};

void text_clear(struct text *text);
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a name of at most max_code_points; from a longer one the middle is left out ("conv…bias").
 */
void text_add_name(struct text *text, const char *name, size_t max_code_points);

/* The next code point, and *at moves behind it; 0 at the end, where *at stays. */
uint32_t text_next(const char **at);

/* How wide it is at most in common sans-serif fonts, in the unit of size. */
double text_width(const char *chars, double size, bool is_bold);

/* As much of the first line as fits width, broken at a space where there is one; *rest is what
 * follows, NULL after the last line. At least one code point is taken. */
void text_take_line(struct text *line, const char *chars, double size, bool is_bold, double width,
                    const char **rest);

#endif
