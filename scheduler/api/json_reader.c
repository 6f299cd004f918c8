/* Checks by one walk with a stack of brackets; what was checked is then read without looking for
 * faults again, but never beyond a value's end. */
#include "scheduler/api/json_reader.h"
#include "scheduler/api/json_float.h"

#include <string.h>

struct checker {
    const char *at, *end;
    const char *what;
    bool is_object[JSON_READER_MAX_DEPTH];
    unsigned depth;
};

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && is_space(*at))
        at++;
    return at;
}

static bool fail(struct checker *checker, const char *what)
{
    checker->what = what;
    return false;
}

static bool check_digits(struct checker *checker)
{
    if (checker->at == checker->end || !is_digit(*checker->at))
        return fail(checker, "a digit is missing");
    while (checker->at < checker->end && is_digit(*checker->at))
        checker->at++;
    return true;
}

static bool has(const struct checker *checker, char byte)
{
    return checker->at < checker->end && *checker->at == byte;
}

static bool check_number(struct checker *checker)
{
    checker->at += *checker->at == '-';
    if (has(checker, '0'))
        checker->at++;
    else if (!check_digits(checker))
        return false;
    if (checker->at < checker->end && is_digit(*checker->at))
        return fail(checker, "a number begins with 0");
    if (has(checker, '.')) {
        checker->at++;
        if (!check_digits(checker))
            return false;
    }
    if (has(checker, 'e') || has(checker, 'E')) {
        checker->at++;
        checker->at += has(checker, '+') || has(checker, '-');
        return check_digits(checker);
    }
    return true;
}

/* The value of four hexadecimal digits; -1: they are none. */
static int read_hex(const char *at, const char *end)
{
    int value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        const char byte = at[i];
        const int digit = is_digit(byte)               ? byte - '0'
                          : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                          : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                       : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static bool is_high(int unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(int unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

/* After the backslash. */
static bool check_escape(struct checker *checker)
{
    if (checker->at == checker->end || !strchr("\"\\/bfnrtu", *checker->at) || !*checker->at)
        return fail(checker, "no such escape");
    if (*checker->at++ != 'u')
        return true;
    const int unit = read_hex(checker->at, checker->end);
    if (unit < 0 || is_low(unit))
        return fail(checker, "no such escape");
    checker->at += 4;
    if (!is_high(unit))
        return true;
    if (checker->end - checker->at < 6 || memcmp(checker->at, "\\u", 2) != 0 ||
        !is_low(read_hex(checker->at + 2, checker->end)))
        return fail(checker, "half a surrogate pair");
    checker->at += 6;
    return true;
}

/* Bytes of the character that begins here, over 0x7f; 0: it is not UTF-8. */
static size_t utf8_bytes(const unsigned char *at, size_t room)
{
    const size_t count = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || count > room)
        return 0;
    for (size_t i = 1; i < count; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    const bool is_wrong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
                          (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f);
    return is_wrong ? 0 : count;
}

static bool check_string(struct checker *checker)
{
    if (!has(checker, '"'))
        return fail(checker, "a string is missing");
    checker->at++;
    while (checker->at < checker->end && *checker->at != '"') {
        const unsigned char byte = (unsigned char)*checker->at;
        if (byte < 0x20)
            return fail(checker, "a control character in a string");
        if (byte == '\\') {
            checker->at++;
            if (!check_escape(checker))
                return false;
        } else if (byte < 0x80) {
            checker->at++;
        } else {
            const size_t count =
                utf8_bytes((const void *)checker->at, (size_t)(checker->end - checker->at));
            if (count == 0)
                return fail(checker, "not UTF-8");
            checker->at += count;
        }
    }
    if (checker->at == checker->end)
        return fail(checker, "a string has no end");
    checker->at++;
    return true;
}

static bool check_word(struct checker *checker, const char *word)
{
    const size_t length = strlen(word);
    if ((size_t)(checker->end - checker->at) < length || memcmp(checker->at, word, length) != 0)
        return fail(checker, "no value");
    checker->at += length;
    return true;
}

static bool check_key(struct checker *checker)
{
    checker->at = skip_space(checker->at, checker->end);
    if (!check_string(checker))
        return false;
    checker->at = skip_space(checker->at, checker->end);
    if (!has(checker, ':'))
        return fail(checker, "':' is missing");
    checker->at++;
    return true;
}

/* A value that is not a container, or the begin of one, which may end at once. *is_open: its first
 * value is to come. */
static bool check_value(struct checker *checker, bool *is_open)
{
    *is_open = false;
    checker->at = skip_space(checker->at, checker->end);
    if (checker->at == checker->end)
        return fail(checker, "a value is missing");
    const char byte = *checker->at;
    if (byte == '"')
        return check_string(checker);
    if (byte == 't' || byte == 'f' || byte == 'n')
        return check_word(checker, byte == 't' ? "true" : byte == 'f' ? "false" : "null");
    if (byte == '-' || is_digit(byte))
        return check_number(checker);
    if (byte != '[' && byte != '{')
        return fail(checker, "no value");
    if (checker->depth == JSON_READER_MAX_DEPTH)
        return fail(checker, "nested too deeply");
    checker->at = skip_space(checker->at + 1, checker->end);
    if (has(checker, byte == '[' ? ']' : '}')) {
        checker->at++;
        return true;
    }
    checker->is_object[checker->depth++] = byte == '{';
    *is_open = true;
    return byte == '[' || check_key(checker);
}

/* After a value: the ends of those around it, and a comma if another one follows. */
static bool check_after(struct checker *checker)
{
    while (checker->depth > 0) {
        const bool is_object = checker->is_object[checker->depth - 1];
        checker->at = skip_space(checker->at, checker->end);
        if (has(checker, ',')) {
            checker->at++;
            return !is_object || check_key(checker);
        }
        if (!has(checker, is_object ? '}' : ']'))
            return fail(checker, is_object ? "',' or '}' is missing" : "',' or ']' is missing");
        checker->at++;
        checker->depth--;
    }
    return true;
}

bool json_reader_check(const char *text, size_t size, struct json_fault *fault)
{
    struct checker checker = {.at = text, .end = text + size};
    bool is_good, is_open;
    do {
        is_good = check_value(&checker, &is_open) && (is_open || check_after(&checker));
    } while (is_good && checker.depth > 0);
    if (is_good) {
        checker.at = skip_space(checker.at, checker.end);
        is_good = checker.at == checker.end || fail(&checker, "more after the end");
    }
    *fault = (struct json_fault){.offset = (size_t)(checker.at - text), .what = checker.what};
    return is_good;
}

/* From the quote to behind the other one. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\' && at + 1 < end;
    return at < end ? at + 1 : end;
}

/* What nesting turns on; all between is of no matter inside brackets. */
static const bool is_turn[256] = {
    ['"'] = true, ['['] = true, [']'] = true, ['{'] = true, ['}'] = true};

/* Whether eight bytes are such as long arrays of numbers have, and turn nothing: under 0x40, and no
 * quote. A word has a zero byte if the subtraction borrows from a high bit that was not there. */
static bool is_dull(const char *at)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    const uint64_t quotes = word ^ (each * '"');
    return ((word & (each * 0xc0)) | ((quotes - each) & ~quotes & (each * 0x80))) == 0;
}

/* To behind the bracket that closes the one here. */
static const char *skip_brackets(const char *at, const char *end)
{
    unsigned depth = 0;
    while (at < end) {
        while ((size_t)(end - at) >= sizeof(uint64_t) && is_dull(at))
            at += sizeof(uint64_t);
        if (at == end)
            break;
        if (!is_turn[(unsigned char)*at]) {
            at++;
        } else if (*at == '"') {
            at = skip_string(at, end);
        } else {
            if (*at == '[' || *at == '{')
                depth++;
            else
                depth--;
            at++;
            if (depth == 0)
                return at;
        }
    }
    return end;
}

/* To behind the value that begins here. */
static const char *skip_value(const char *at, const char *end)
{
    if (at < end && *at == '"')
        return skip_string(at, end);
    if (at < end && (*at == '[' || *at == '{'))
        return skip_brackets(at, end);
    while (at < end && *at != ',' && *at != ']' && *at != '}' && !is_space(*at))
        at++;
    return at;
}

struct json_value json_reader_root(const char *text, size_t size)
{
    const char *end = text + size, *at = skip_space(text, end);
    while (end > at && is_space(end[-1]))
        end--;
    return (struct json_value){.at = at, .end = end};
}

enum json_reader_kind json_reader_kind_of(struct json_value value)
{
    if (value.at == value.end)
        return JSON_READER_NONE;
    switch (*value.at) {
    case 'n':
        return JSON_READER_NULL;
    case 'f':
        return JSON_READER_FALSE;
    case 't':
        return JSON_READER_TRUE;
    case '"':
        return JSON_READER_STRING;
    case '[':
        return JSON_READER_ARRAY;
    case '{':
        return JSON_READER_OBJECT;
    default:
        return JSON_READER_NUMBER;
    }
}

struct json_value json_reader_inside(struct json_value value)
{
    const enum json_reader_kind kind = json_reader_kind_of(value);
    if (kind != JSON_READER_ARRAY && kind != JSON_READER_OBJECT)
        return (struct json_value){0};
    return (struct json_value){.at = value.at + 1, .end = value.end - 1};
}

bool json_reader_next_item(struct json_value *rest, struct json_value *item)
{
    const char *at = skip_space(rest->at, rest->end);
    if (at == rest->end)
        return false;
    item->at = at;
    item->end = skip_value(at, rest->end);
    at = skip_space(item->end, rest->end);
    rest->at = at < rest->end && *at == ',' ? at + 1 : rest->end;
    return true;
}

bool json_reader_next_member(struct json_value *rest, struct json_value *key,
                             struct json_value *value)
{
    const char *at = skip_space(rest->at, rest->end);
    if (at == rest->end || *at != '"')
        return false;
    key->at = at;
    key->end = skip_string(at, rest->end);
    at = skip_space(key->end, rest->end);
    rest->at = at < rest->end ? at + 1 : at; /* the colon */
    return json_reader_next_item(rest, value);
}

/* Writes the character's UTF-8, at most four bytes; how many. */
static size_t write_utf8(uint32_t character, char *to)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    const size_t count = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = count - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    to[0] = (char)((0xf00u >> count & 0xff) | character);
    return count;
}

/* After a backslash; the end of the escape. */
static const char *read_escape(const char *at, const char *end, uint32_t *character)
{
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    if (*at != 'u') {
        const char *name = strchr(names, *at);
        *character = name ? (unsigned char)values[name - names] : (unsigned char)*at;
        return at + 1;
    }
    const int unit = read_hex(at + 1, end);
    *character = (uint32_t)unit;
    if (!is_high(unit))
        return at + 5;
    *character =
        0x10000 + (((uint32_t)unit & 0x3ff) << 10 | ((uint32_t)read_hex(at + 7, end) & 0x3ff));
    return at + 11;
}

bool json_reader_string(struct json_value value, char *string, size_t room)
{
    if (json_reader_kind_of(value) != JSON_READER_STRING)
        return false;
    size_t used = 0;
    const char *end = value.end - 1;
    for (const char *at = value.at + 1; at < end;) {
        uint32_t character = 0;
        char bytes[4] = {*at};
        size_t count = 1;
        if (*at == '\\') {
            at = read_escape(at + 1, end, &character);
            count = write_utf8(character, bytes);
        } else {
            at++;
        }
        if (!bytes[0] || room - used <= count)
            return false;
        memcpy(string + used, bytes, count);
        used += count;
    }
    if (room == 0)
        return false;
    string[used] = '\0';
    return true;
}

bool json_reader_is(struct json_value value, const char *string)
{
    const size_t length = strlen(string);
    if (json_reader_kind_of(value) != JSON_READER_STRING)
        return false;
    if ((size_t)(value.end - value.at) == length + 2 && memcmp(value.at + 1, string, length) == 0 &&
        !memchr(string, '\\', length))
        return true;
    char unescaped[256];
    return memchr(value.at, '\\', (size_t)(value.end - value.at)) &&
           json_reader_string(value, unescaped, sizeof(unescaped)) &&
           strcmp(unescaped, string) == 0;
}

bool json_reader_count(struct json_value value, uint64_t *count)
{
    *count = 0;
    if (json_reader_kind_of(value) != JSON_READER_NUMBER)
        return false;
    for (const char *at = value.at; at < value.end; at++) {
        const uint64_t digit = (uint64_t)(*at - '0');
        if (!is_digit(*at) || *count > (UINT64_MAX - digit) / 10)
            return false;
        *count = *count * 10 + digit;
    }
    return true;
}

size_t json_reader_floats(struct json_value array, float *numbers, size_t room)
{
    size_t count = 0;
    const char *at = array.at;
    if (json_reader_kind_of(array) != JSON_READER_ARRAY)
        return SIZE_MAX;
    while (at < array.end) {
        const char byte = *at;
        if (byte == ',' || byte == '[' || byte == ']' || is_space(byte)) {
            at++;
            continue;
        }
        if (byte != '-' && !is_digit(byte))
            return SIZE_MAX;
        float number;
        if (!json_float_read(&at, array.end, &number))
            return SIZE_MAX;
        if (count < room)
            numbers[count] = number;
        count++;
    }
    return count;
}
