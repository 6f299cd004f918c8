/* Reads a picture back: a small XML checker, strict about the subset that pictures need. */
#include "tests/unit/svg_check.h"

#include "scheduler/cli/picture/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16
#define TOUCH 1.0 /* pixels that boxes may share: letters do not fill them */

static void fail(struct svg_check *check, const char *format, ...)
{
    va_list arguments;
    if (check->error[0])
        return;
    va_start(arguments, format);
    vsnprintf(check->error, sizeof(check->error), format, arguments);
    va_end(arguments);
}

/* The characters that XML 1.0 allows, as UTF-8 without overlong forms. */
static void check_characters(struct svg_check *check, const unsigned char *at, size_t length)
{
    for (size_t i = 0; i < length;) {
        unsigned code = at[i];
        size_t more = code < 0x80 ? 0 : code >> 5 == 6 ? 1 : code >> 4 == 14 ? 2 : 3;
        if ((code >= 0x80 && code < 0xC2) || code > 0xF4 || i + more >= length + (more == 0)) {
            fail(check, "byte %zu is no UTF-8", i);
            return;
        }
        code = more ? code & (0x3F >> more) : code;
        for (size_t k = 1; k <= more; k++) {
            if (at[i + k] >> 6 != 2)
                fail(check, "byte %zu is no UTF-8", i + k);
            code = code << 6 | (at[i + k] & 0x3F);
        }
        if ((code < 0x20 && code != '\n') || (code >= 0xD800 && code < 0xE000) || code == 0xFFFE ||
            code == 0xFFFF || (more == 2 && code < 0x800) || (more == 3 && code < 0x10000))
            fail(check, "byte %zu: U+%04X is not allowed", i, code);
        i += more + 1;
    }
}

static void check_entities(struct svg_check *check, const char *from, const char *to)
{
    for (const char *at = from; at < to; at++) {
        if (*at == '&' && strncmp(at, "&lt;", 4) && strncmp(at, "&gt;", 4) &&
            strncmp(at, "&amp;", 5) && strncmp(at, "&quot;", 6))
            fail(check, "a bare & at \"%.20s\"", at);
        if (*at == '<' || *at == '>')
            fail(check, "a bare angle at \"%.20s\"", at);
    }
}

static double number(const char *tag, const char *end, const char *name)
{
    char key[32];
    snprintf(key, sizeof(key), " %s=\"", name);
    const char *at = memmem(tag, (size_t)(end - tag), key, strlen(key));
    return at ? strtod(at + strlen(key), NULL) : 0;
}

static bool has(const char *tag, const char *end, const char *words)
{
    return memmem(tag, (size_t)(end - tag), words, strlen(words)) != NULL;
}

static void unescape(char *chars)
{
    static const char *const entities[] = {"&lt;", "&gt;", "&quot;", "&amp;"};
    static const char plain[] = "<>\"&";
    char *to = chars;
    for (const char *at = chars; *at; to++) {
        size_t i = 0;
        while (i < 4 && strncmp(at, entities[i], strlen(entities[i])))
            i++;
        *to = i < 4 ? plain[i] : *at;
        at += i < 4 ? strlen(entities[i]) : 1;
    }
    *to = 0;
}

static void add_text(struct svg_check *check, const char *tag, const char *tag_end,
                     const char *chars, const char *end)
{
    if (check->text_count == SVG_CHECK_MAX_TEXTS) {
        fail(check, "too many texts");
        return;
    }
    struct svg_check_text *text = &check->texts[check->text_count++];
    snprintf(text->chars, sizeof(text->chars), "%.*s", (int)(end - chars), chars);
    char plain[sizeof(text->chars)];
    memcpy(plain, text->chars, sizeof(plain));
    unescape(plain);
    const double size = number(tag, tag_end, "font-size"), x = number(tag, tag_end, "x"),
                 y = number(tag, tag_end, "y");
    const double width = text_width(plain, size, has(tag, tag_end, "\"bold\""));
    text->left = has(tag, tag_end, "\"middle\"") ? x - width / 2
                 : has(tag, tag_end, "\"end\"")  ? x - width
                                                 : x;
    text->right = text->left + width;
    text->top = y - 0.76 * size;
    text->bottom = y + 0.2 * size;
}

/* Tags nest, close in order, and quote every attribute. */
static void check_tags(struct svg_check *check, const char *chars, const char *end)
{
    char open[MAX_DEPTH][16];
    size_t depth = 0;
    const char *text_tag = NULL, *text_tag_end = NULL;
    for (const char *at = chars; at < end;) {
        const char *tag = memchr(at, '<', (size_t)(end - at));
        check_entities(check, at, tag ? tag : end);
        if (text_tag && tag && !strncmp(tag, "</text>", 7))
            add_text(check, text_tag, text_tag_end, at, tag);
        text_tag = NULL;
        if (!tag)
            break;
        const char *close = memchr(tag, '>', (size_t)(end - tag));
        char name[16];
        if (!close || sscanf(tag[1] == '/' ? tag + 2 : tag + 1, "%15[a-z]", name) != 1) {
            fail(check, "a tag that does not read: \"%.20s\"", tag);
            return;
        }
        check_entities(check, tag + 1, close);
        size_t quotes = 0;
        for (const char *q = tag; q < close; q++)
            quotes += *q == '"';
        if (quotes % 2)
            fail(check, "a quote is open: \"%.40s\"", tag);
        if (tag[1] == '/') {
            if (!depth || strcmp(open[--depth], name))
                fail(check, "</%s> closes nothing", name);
        } else if (close[-1] != '/') {
            if (depth == MAX_DEPTH) {
                fail(check, "too deep");
                return;
            }
            memcpy(open[depth++], name, sizeof(name));
            if (!strcmp(name, "text")) {
                text_tag = tag;
                text_tag_end = close;
            }
        }
        if (!strcmp(name, "svg") && tag[1] != '/') {
            check->width = number(tag, close, "width");
            check->height = number(tag, close, "height");
        }
        if (!strcmp(name, "rect") &&
            (number(tag, close, "x") < -0.5 ||
             number(tag, close, "x") + number(tag, close, "width") > check->width + 0.5))
            if (!has(tag, close, "100%"))
                fail(check, "a box beyond the canvas: \"%.60s\"", tag);
        at = close + 1;
    }
    if (depth)
        fail(check, "<%s> is not closed", open[depth - 1]);
}

static void check_places(struct svg_check *check)
{
    for (size_t i = 0; i < check->text_count; i++) {
        const struct svg_check_text *a = &check->texts[i];
        if (a->left < 0 || a->top < 0 || a->right > check->width || a->bottom > check->height)
            fail(check, "beyond the canvas: \"%s\"", a->chars);
        for (size_t k = 0; k < i; k++) {
            const struct svg_check_text *b = &check->texts[k];
            if (a->left + TOUCH < b->right && b->left + TOUCH < a->right &&
                a->top + TOUCH < b->bottom && b->top + TOUCH < a->bottom)
                fail(check, "\"%.60s\" lies on \"%.60s\"", a->chars, b->chars);
        }
    }
}

void svg_check(struct svg_check *check, const char *chars, size_t length)
{
    check->error[0] = 0;
    check->text_count = 0;
    check->width = check->height = 0;
    if (strlen(chars) != length)
        fail(check, "a zero byte");
    check_characters(check, (const unsigned char *)chars, length);
    if (strncmp(chars, "<svg ", 5) || strstr(chars, "<script"))
        fail(check, "no picture");
    check_tags(check, chars, chars + length);
    check_places(check);
}

size_t svg_check_count(const char *chars, const char *kind, const char *name, double *sum)
{
    char key[64];
    size_t count = 0;
    snprintf(key, sizeof(key), "<g class=\"%s\"", kind);
    for (const char *at = chars; (at = strstr(at, key)); at++) {
        count++;
        if (name)
            *sum += number(at, strchr(at, '>'), name);
    }
    return count;
}

bool svg_check_has(const struct svg_check *check, const char *words)
{
    for (size_t i = 0; i < check->text_count; i++) {
        char plain[sizeof(check->texts[i].chars)], *to = plain;
        for (const char *at = check->texts[i].chars; *at; to++) {
            const bool is_space = !strncmp(at, "\xC2\xA0", 2);
            *to = is_space ? ' ' : *at;
            at += is_space ? 2 : 1;
        }
        *to = 0;
        if (strstr(plain, words))
            return true;
    }
    return false;
}
