/* Writes SVG: rectangles, lines, texts, and groups with a tooltip. Every text is escaped; nothing
 * in the file runs or is fetched from elsewhere, so that any browser and librsvg draw it alike.
 *
 *   svg_init(&svg)
 *   svg_rect(&svg, ...), svg_text(&svg, ...)    in the order of painting
 *   svg_save(&svg, width, height, title, file)
 *   svg_fini(&svg)
 *
 * Units are pixels, x to the right, y down. */
#ifndef SCHEDULER_CLI_PICTURE_SVG_H
#define SCHEDULER_CLI_PICTURE_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct svg {
    FILE *body; /* in memory */
    char *chars;
    size_t length;
};

int svg_init(struct svg *svg); /* 0 or -ENOMEM */
void svg_fini(struct svg *svg); /* accepts NULL and a zeroed object */

/* Writes the whole file, on white; title is what screen readers say. 0, -ENOMEM, or what the file
 * says (-EIO). */
int svg_save(struct svg *svg, double width, double height, const char *title, FILE *file);

struct svg_box {
    double x, y, width, height;
};

/* Colours are "#RRGGBB"; NULL paints none. */
struct svg_paint {
    const char *fill, *stroke;
    double stroke_width; /* 0: 1 */
    bool is_dashed;
    bool is_crisp; /* edges fall on whole pixels: neighbours leave no hair line between them */
    double corner; /* its radius; of rectangles alone */
};

void svg_rect(struct svg *svg, struct svg_box box, const struct svg_paint *paint);
void svg_line(struct svg *svg, double x1, double y1, double x2, double y2,
              const struct svg_paint *paint);

enum svg_anchor {
    SVG_START,
    SVG_MIDDLE,
    SVG_END,
};

struct svg_font {
    double size;
    const char *fill;
    bool is_bold;
    enum svg_anchor anchor; /* which point of the text x is */
    bool is_turned; /* it reads upwards */
};

/* y is the line on which the letters stand. */
void svg_text(struct svg *svg, double x, double y, const struct svg_font *font, const char *chars);

/* Lines of text, broken to width, pitch apart, the first one pitch below y; returns y of the last.
 */
double svg_paragraph(struct svg *svg, double x, double y, double width, double pitch,
                     const struct svg_font *font, const char *chars);

/* A number that scripts can read: data-NAME="VALUE", as exact as a double. */
struct svg_number {
    const char *name;
    double value;
};

/* What is drawn until svg_group_end() belongs together. kind is a word of ours; tooltip may be
 * NULL, and may have several lines. */
void svg_group_begin(struct svg *svg, const char *kind, const struct svg_number *numbers,
                     size_t number_count, const char *tooltip);
void svg_group_end(struct svg *svg);

#endif
