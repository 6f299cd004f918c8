/* Numbers as people read them: three digits and a unit that fits. No line breaks between the two.
 */
#ifndef SCHEDULER_CLI_PICTURE_QUANTITY_H
#define SCHEDULER_CLI_PICTURE_QUANTITY_H

#include "scheduler/cli/picture/text.h"

/* "70.5 ms", "1.2 s", "3.4 µs", "0 ms"; "12 min" from 600 s on. */
void text_add_ms(struct text *text, double ms);

/* "130 mJ", "1.95 J", "3.4 µJ". */
void text_add_mj(struct text *text, double mj);

/* "43.3 kB", "1 B"; thousands, not 1,024s. */
void text_add_bytes(struct text *text, double bytes);

/* "5.85 Mbit/s", "640 kbit/s". */
void text_add_mbps(struct text *text, double mbps);

/* Three digits without a unit: "0.015", "1.31", "21". */
void text_add_number(struct text *text, double value);

/* How many times: two digits, "1.3×", "0.041×". */
void text_add_times(struct text *text, double ratio);

struct unit {
    double from, size; /* used from `from` on, of which `size` make one */
    const char *name;
};

/* The unit for all values of an axis that ends at most_ms, in milliseconds. */
const struct unit *quantity_time_unit(double most_ms);

/* The least of 1, 2, 5 times a power of ten that is at least value (above 0). */
double quantity_round_up(double value);

#endif
