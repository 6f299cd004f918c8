/* Text that grows: what an answer's body is written into. Once there is no memory the rest is
 * dropped and has_failed says so, so that only the end need be checked. */
#ifndef SCHEDULER_API_PAGE_TEXT_H
#define SCHEDULER_API_PAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_text {
    char *bytes; /* owned; ends with 0 once anything was added */
    size_t length, capacity;
    bool has_failed;
};

void page_text_clear(struct page_text *text); /* keeps the memory */
void page_text_fini(struct page_text *text); /* accepts NULL and zeroed */

void page_text_add(struct page_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void page_text_add_bytes(struct page_text *text, const char *bytes, size_t count);
/* "so", quoted and escaped as JSON asks; what is not UTF-8 becomes U+FFFD. */
void page_text_add_json_string(struct page_text *text, const char *string);
/* Escaped as the value of a Prometheus label, without the quotes. */
void page_text_add_label_value(struct page_text *text, const char *string);
/* Milliseconds as a number of JSON: 2100000 is 2.1. */
void page_text_add_ms(struct page_text *text, uint64_t ns);

#endif
