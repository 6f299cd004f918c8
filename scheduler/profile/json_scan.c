/* Walks JSON text once, keeping no more than the path to where it is.
 *
 * A parsed tree takes many times the text's size, so what may be parsed at all is decided here; and
 * the parser's errors name a line, while a person looks for a field. */
#include "scheduler/profile/json_scan.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct level {
    bool is_array;
    size_t index; /* in an array */
    const char *key; /* in an object: inside the quotes; NULL before the first */
    size_t key_length;
};

struct walk {
    struct json_scan *scan;
    const char *text; /* the string read last */
    size_t text_length;
    unsigned depth;
    struct level levels[JSON_SCAN_MAX_DEPTH];
};

/* Returns the position after the string that starts at the quote at `at`. */
static size_t skip_string(struct walk *walk, const char *bytes, size_t size, size_t at)
{
    size_t end = at + 1;
    while (end < size && bytes[end] != '"')
        end += bytes[end] == '\\' ? 2 : 1;
    if (end > size)
        end = size;
    walk->text = bytes + at + 1;
    walk->text_length = end - at - 1;
    return end < size ? end + 1 : size;
}

static void open_container(struct walk *walk, bool is_array)
{
    struct json_scan *scan = walk->scan;
    scan->container_count++;
    scan->value_count++;
    if (walk->depth == JSON_SCAN_MAX_DEPTH) {
        scan->is_too_deep = true;
        return;
    }
    walk->levels[walk->depth++] = (struct level){.is_array = is_array};
}

static void step(struct walk *walk, char byte)
{
    struct level *level = walk->depth ? &walk->levels[walk->depth - 1] : NULL;
    switch (byte) {
    case '\n':
        walk->scan->line++;
        break;
    case '{':
    case '[':
        open_container(walk, byte == '[');
        break;
    case '}':
    case ']':
        if (level)
            walk->depth--;
        break;
    case ',':
        walk->scan->value_count++;
        if (level) {
            level->index++;
            level->key = NULL;
        }
        break;
    case ':':
        if (level && !level->is_array && !level->key) {
            level->key = walk->text;
            level->key_length = walk->text_length;
        }
        break;
    default:
        break;
    }
}

static void print_place(const struct walk *walk, char *place, size_t room)
{
    size_t length = 0;
    place[0] = '\0';
    for (unsigned i = 0; i < walk->depth && length < room; i++) {
        const struct level *level = &walk->levels[i];
        int more = 0;
        if (level->is_array)
            more = snprintf(place + length, room - length, "[%zu]", level->index);
        else if (level->key)
            more = snprintf(place + length, room - length, "%s%.*s", length ? "." : "",
                            (int)(level->key_length < 40 ? level->key_length : 40), level->key);
        length += more > 0 ? (size_t)more : 0;
    }
}

void json_scan(struct json_scan *scan, const char *bytes, size_t size)
{
    *scan = (struct json_scan){.line = 1};
    struct walk walk = {.scan = scan};
    for (size_t at = 0; at < size;) {
        if (bytes[at] == '"')
            at = skip_string(&walk, bytes, size, at);
        else
            step(&walk, bytes[at++]);
        scan->is_too_much = scan->container_count > JSON_SCAN_MAX_CONTAINERS ||
                            scan->value_count > JSON_SCAN_MAX_VALUES;
        if (scan->is_too_deep || scan->is_too_much)
            break;
    }
    print_place(&walk, scan->place, sizeof(scan->place));
}
