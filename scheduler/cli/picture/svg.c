/* Writes SVG. The body is gathered in memory, since a picture's height is known at its end. */
#include "scheduler/cli/picture/svg.h"

#include "scheduler/cli/picture/text.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Widths in text.c hold for all of these. */
#define FONTS "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

int svg_init(struct svg *svg)
{
    *svg = (struct svg){0};
    svg->body = open_memstream(&svg->chars, &svg->length);
    return svg->body ? 0 : -ENOMEM;
}

void svg_fini(struct svg *svg)
{
    if (!svg)
        return;
    if (svg->body)
        fclose(svg->body);
    free(svg->chars);
    *svg = (struct svg){0};
}

static void put_code(FILE *out, uint32_t code)
{
    if (code < 0x80) {
        putc((int)code, out);
    } else if (code < 0x800) {
        putc((int)(0xC0 | code >> 6), out);
        putc((int)(0x80 | (code & 0x3F)), out);
    } else if (code < 0x10000) {
        putc((int)(0xE0 | code >> 12), out);
        putc((int)(0x80 | (code >> 6 & 0x3F)), out);
        putc((int)(0x80 | (code & 0x3F)), out);
    } else {
        putc((int)(0xF0 | code >> 18), out);
        putc((int)(0x80 | (code >> 12 & 0x3F)), out);
        putc((int)(0x80 | (code >> 6 & 0x3F)), out);
        putc((int)(0x80 | (code & 0x3F)), out);
    }
}

/* text_next() has made a U+FFFD of what XML forbids. Line ends within it are ours, and stay. */
static void put_escaped(FILE *out, const char *chars, bool has_lines)
{
    while (*chars) {
        if (has_lines && *chars == '\n') {
            putc(*chars++, out);
            continue;
        }
        uint32_t code = text_next(&chars);
        switch (code) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            put_code(out, code);
        }
    }
}

/* NAME="12.5": hundredths of a pixel are enough for the eye. */
static void put_length(FILE *out, const char *name, double value)
{
    assert(isfinite(value));
    double rounded = round(value * 100) / 100;
    fprintf(out, " %s=\"%.10g\"", name, rounded == 0 ? 0 : rounded);
}

static void put_paint(FILE *out, const struct svg_paint *paint, bool has_fill)
{
    if (paint->is_crisp)
        fputs(" shape-rendering=\"crispEdges\"", out);
    if (has_fill)
        fprintf(out, " fill=\"%s\"", paint->fill ? paint->fill : "none");
    if (!paint->stroke)
        return;
    fprintf(out, " stroke=\"%s\"", paint->stroke);
    if (paint->stroke_width > 0)
        put_length(out, "stroke-width", paint->stroke_width);
    if (paint->is_dashed)
        fputs(" stroke-dasharray=\"4 3\"", out);
}

void svg_rect(struct svg *svg, struct svg_box box, const struct svg_paint *paint)
{
    assert(box.width >= 0 && box.height >= 0);
    fputs("<rect", svg->body);
    put_length(svg->body, "x", box.x);
    put_length(svg->body, "y", box.y);
    put_length(svg->body, "width", box.width);
    put_length(svg->body, "height", box.height);
    if (paint->corner > 0)
        put_length(svg->body, "rx", paint->corner);
    put_paint(svg->body, paint, true);
    fputs("/>\n", svg->body);
}

void svg_line(struct svg *svg, double x1, double y1, double x2, double y2,
              const struct svg_paint *paint)
{
    fputs("<line", svg->body);
    put_length(svg->body, "x1", x1);
    put_length(svg->body, "y1", y1);
    put_length(svg->body, "x2", x2);
    put_length(svg->body, "y2", y2);
    put_paint(svg->body, paint, false);
    fputs("/>\n", svg->body);
}

void svg_text(struct svg *svg, double x, double y, const struct svg_font *font, const char *chars)
{
    static const char *const anchors[] = {[SVG_START] = "",
                                          [SVG_MIDDLE] = " text-anchor=\"middle\"",
                                          [SVG_END] = " text-anchor=\"end\""};
    fputs("<text", svg->body);
    put_length(svg->body, "x", x);
    put_length(svg->body, "y", y);
    put_length(svg->body, "font-size", font->size);
    fprintf(svg->body, " fill=\"%s\"%s%s", font->fill, anchors[font->anchor],
            font->is_bold ? " font-weight=\"bold\"" : "");
    if (font->is_turned)
        fprintf(svg->body, " transform=\"rotate(-90 %.2f %.2f)\"", x, y);
    fputs(">", svg->body);
    put_escaped(svg->body, chars, false);
    fputs("</text>\n", svg->body);
}

double svg_paragraph(struct svg *svg, double x, double y, double width, double pitch,
                     const struct svg_font *font, const char *chars)
{
    while (chars) {
        struct text line;
        text_take_line(&line, chars, font->size, font->is_bold, width, &chars);
        y += pitch;
        svg_text(svg, x, y, font, line.chars);
    }
    return y;
}

void svg_group_begin(struct svg *svg, const char *kind, const struct svg_number *numbers,
                     size_t number_count, const char *tooltip)
{
    fprintf(svg->body, "<g class=\"%s\"", kind);
    for (size_t i = 0; i < number_count; i++)
        fprintf(svg->body, " data-%s=\"%.17g\"", numbers[i].name, numbers[i].value);
    fputs(">", svg->body);
    if (tooltip) {
        fputs("<title>", svg->body);
        put_escaped(svg->body, tooltip, true);
        fputs("</title>", svg->body);
    }
    fputs("\n", svg->body);
}

void svg_group_end(struct svg *svg)
{
    fputs("</g>\n", svg->body);
}

int svg_save(struct svg *svg, double width, double height, const char *title, FILE *file)
{
    if (fflush(svg->body) || ferror(svg->body))
        return -ENOMEM;
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"", file);
    put_length(file, "width", ceil(width));
    put_length(file, "height", ceil(height));
    fprintf(file, " viewBox=\"0 0 %.0f %.0f\" font-family=\"" FONTS "\">\n<title>", ceil(width),
            ceil(height));
    put_escaped(file, title, false);
    fputs("</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#FFFFFF\"/>\n", file);
    fwrite(svg->chars, 1, svg->length, file);
    fputs("</svg>\n", file);
    return fflush(file) || ferror(file) ? -EIO : 0;
}
