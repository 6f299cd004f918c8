/* Values as JSON text. */
#include "scheduler/profile/json_print.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

void json_print_number(FILE *stream, double value)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        double read = strtod(text, NULL);
        if (read >= value && read <= value)
            break;
    }
    fputs(text, stream);
}

void json_print_text(FILE *stream, const char *text)
{
    json_t *string = json_string(text); /* NULL where it is not UTF-8 */
    const bool is_utf8 = string != NULL;
    json_decref(string);
    fputc('"', stream);
    for (const char *at = text; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            fprintf(stream, "\\%c", byte);
        else if (byte < ' ' || byte == 127)
            fprintf(stream, "\\u%04x", byte);
        else
            fputc(byte >= 0x80 && !is_utf8 ? '?' : byte, stream);
    }
    fputc('"', stream);
}
