/* Grows the text, and escapes what comes from outside. */
#include "scheduler/api/page_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 4096u

void page_text_clear(struct page_text *text)
{
    text->length = 0;
    text->has_failed = false;
}

void page_text_fini(struct page_text *text)
{
    if (!text)
        return;
    free(text->bytes);
    *text = (struct page_text){0};
}

static bool has_room(struct page_text *text, size_t bytes)
{
    if (text->has_failed)
        return false;
    const size_t wanted = text->length + bytes + 1;
    if (wanted <= text->capacity)
        return true;
    size_t capacity = text->capacity ? text->capacity : FIRST_BYTES;
    while (capacity < wanted)
        capacity *= 2;
    char *more = realloc(text->bytes, capacity);
    if (!more) {
        text->has_failed = true;
        return false;
    }
    text->bytes = more;
    text->capacity = capacity;
    return true;
}

void page_text_add_bytes(struct page_text *text, const char *bytes, size_t count)
{
    if (!has_room(text, count))
        return;
    memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

void page_text_add(struct page_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        text->has_failed = true;
    else if (has_room(text, (size_t)length)) {
        vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

/* Bytes of the character at s as RFC 3629 allows it; 0: there is none. */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    const bool second = (s[1] & 0xc0) == 0x80;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        return second ? 2 : 0;
    const bool third = second && (s[2] & 0xc0) == 0x80;
    if (s[0] >= 0xe0 && s[0] <= 0xef) {
        const bool is_long = s[0] == 0xe0 && s[1] < 0xa0;
        const bool is_surrogate = s[0] == 0xed && s[1] > 0x9f;
        return third && !is_long && !is_surrogate ? 3 : 0;
    }
    const bool fourth = third && (s[3] & 0xc0) == 0x80;
    const bool is_long = s[0] == 0xf0 && s[1] < 0x90;
    const bool is_beyond = s[0] == 0xf4 && s[1] > 0x8f;
    return s[0] >= 0xf0 && s[0] <= 0xf4 && fourth && !is_long && !is_beyond ? 4 : 0;
}

void page_text_add_json_string(struct page_text *text, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;
    page_text_add_bytes(text, "\"", 1);
    while (*at) {
        const size_t length = utf8_length(at);
        if (length == 0)
            page_text_add(text, "\\ufffd");
        else if (*at == '"' || *at == '\\')
            page_text_add(text, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            page_text_add(text, "\\u%04x", *at);
        else
            page_text_add_bytes(text, (const char *)at, length);
        at += length ? length : 1;
    }
    page_text_add_bytes(text, "\"", 1);
}

void page_text_add_label_value(struct page_text *text, const char *string)
{
    for (const unsigned char *at = (const unsigned char *)string; *at;) {
        const size_t length = utf8_length(at);
        if (length == 0)
            page_text_add_bytes(text, "\xef\xbf\xbd", 3);
        else if (*at == '"' || *at == '\\')
            page_text_add(text, "\\%c", *at);
        else if (*at == '\n')
            page_text_add_bytes(text, "\\n", 2);
        else
            page_text_add_bytes(text, (const char *)at, length);
        at += length ? length : 1;
    }
}

void page_text_add_ms(struct page_text *text, uint64_t ns)
{
    char number[40];
    int length = snprintf(number, sizeof(number), "%llu.%06llu", (unsigned long long)(ns / 1000000),
                          (unsigned long long)(ns % 1000000));
    while (number[length - 1] == '0')
        length--;
    length -= number[length - 1] == '.';
    page_text_add_bytes(text, number, (size_t)length);
}
