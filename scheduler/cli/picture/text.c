/* Text as a picture sees it: decoding, measuring, breaking. */
#include "scheduler/cli/picture/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT 0xFFFD

/* Advance widths of U+0020..U+007E in thousandths of the size: DejaVu Sans, about the widest of the
 * fonts that a browser may take. */
static const uint16_t widths[] = {
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361,  318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635,  611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352,  635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592,  525, 636, 337, 636, 838};
static const uint16_t bold_widths[] = {
    348,  456, 521, 838, 696, 1002, 872, 306,  457, 457, 523, 838, 380, 415,  380, 365,
    696,  696, 696, 696, 696, 696,  696, 696,  696, 696, 400, 400, 838, 838,  838, 580,
    1000, 774, 762, 734, 830, 683,  683, 821,  837, 372, 372, 775, 637, 995,  837, 850,
    733,  850, 770, 720, 682, 812,  774, 1103, 771, 724, 725, 457, 365, 457,  838, 500,
    500,  675, 716, 593, 716, 678,  435, 716,  712, 343, 343, 665, 343, 1042, 712, 687,
    716,  716, 493, 595, 478, 712,  652, 924,  645, 652, 582, 712, 365, 712,  838};

static bool is_shown(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7F && code < 0xA0)) /* control codes */
        return false;
    if (code >= 0xD800 && code < 0xE000) /* halves of surrogate pairs */
        return false;
    if ((code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code < 0xFDF0)) /* no characters */
        return false;
    if (code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
        (code >= 0x2066 && code <= 0x2069)) /* they turn the direction of what follows */
        return false;
    return code != 0x2028 && code != 0x2029 && code != 0xFEFF;
}

uint32_t text_next(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    if (!bytes[0])
        return 0;
    const uint32_t more = bytes[0] < 0x80                       ? 0
                          : bytes[0] >= 0xC2 && bytes[0] < 0xE0 ? 1
                          : bytes[0] >= 0xE0 && bytes[0] < 0xF0 ? 2
                          : bytes[0] >= 0xF0 && bytes[0] < 0xF5 ? 3
                                                                : 4;
    (*at)++;
    if (more == 4)
        return REPLACEMENT;
    uint32_t code = more ? bytes[0] & (0x3Fu >> more) : bytes[0];
    for (uint32_t i = 1; i <= more; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return REPLACEMENT;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (code < least[more] || code > 0x10FFFF)
        return REPLACEMENT;
    *at += more;
    return is_shown(code) ? code : REPLACEMENT;
}

static double width_of(uint32_t code, bool is_bold)
{
    if (code >= 0x20 && code < 0x7F)
        return (is_bold ? bold_widths : widths)[code - 0x20] / 1e3;
    if (code >= 0x300 && code < 0x370) /* combining marks */
        return 0;
    switch (code) {
    case 0xA0: /* a space that does not break */
        return is_bold ? 0.348 : 0.318;
    case 0xB7: /* · */
        return 0.38;
    case 0x2013: /* – */
        return 0.5;
    }
    return code < 0x250 ? 0.85 : 1.05;
}

double text_width(const char *chars, double size, bool is_bold)
{
    double width = 0;
    for (uint32_t code; (code = text_next(&chars));)
        width += width_of(code, is_bold);
    return width * size;
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->chars[0] = 0;
}

/* Bytes [from, to), whole code points only. */
static void add_bytes(struct text *text, const char *from, const char *to)
{
    while (from < to) {
        const char *next = from;
        text_next(&next);
        size_t count = (size_t)(next - from);
        if (text->length + count >= sizeof(text->chars))
            break;
        memcpy(text->chars + text->length, from, count);
        text->length += count;
        from = next;
    }
    text->chars[text->length] = 0;
}

void text_add(struct text *text, const char *format, ...)
{
    char chars[sizeof(text->chars)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(chars, sizeof(chars), format, arguments);
    va_end(arguments);
    add_bytes(text, chars, chars + strlen(chars));
}

static const char *skip(const char *chars, size_t count)
{
    while (count-- && text_next(&chars))
        ;
    return chars;
}

void text_add_name(struct text *text, const char *name, size_t max_code_points)
{
    size_t count = 0;
    for (const char *at = name; text_next(&at);)
        count++;
    if (count <= max_code_points) {
        add_bytes(text, name, name + strlen(name));
        return;
    }
    /* The end of a name tells as much as its start: keep both. */
    const size_t head = max_code_points / 2, tail = max_code_points - 1 - head;
    add_bytes(text, name, skip(name, head));
    text_add(text, "…");
    const char *end = skip(name, count - tail);
    add_bytes(text, end, end + strlen(end));
}

void text_take_line(struct text *line, const char *chars, double size, bool is_bold, double width,
                    const char **rest)
{
    const char *at = chars, *end = chars, *space = NULL, *after_space = NULL;
    double used = 0;
    text_clear(line);
    for (;;) {
        const char *next = at;
        uint32_t code = text_next(&next);
        if (!code) {
            add_bytes(line, chars, at);
            *rest = NULL;
            return;
        }
        used += width_of(code, is_bold) * size;
        if (used > width && at > chars)
            break;
        if (code == ' ') {
            space = at;
            after_space = next;
        }
        at = next;
        end = at;
    }
    if (*at == ' ') {
        space = at;
        after_space = at + 1;
    }
    add_bytes(line, chars, space ? space : end);
    *rest = space ? after_space : end;
}
