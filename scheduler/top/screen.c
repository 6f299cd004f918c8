/* Lays out what `joint top` shows. */
#include "scheduler/top/screen.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Of three that mean something. */
static int decimals_of(double value)
{
    return value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
}

/* In the first unit up to `first`, in the others up to a thousand. */
static void scale(double value, const char *const *units, double first, char *text)
{
    unsigned unit = 0;
    for (double limit = first; value >= limit && units[unit + 1]; limit = 999.5) {
        value /= 1000;
        unit++;
    }
    const bool is_whole = unit == 0 && value == floor(value);
    snprintf(text, QUANTITY_BYTES, "%.*f%s", is_whole ? 0 : decimals_of(value), value, units[unit]);
}

void screen_count(double count, char *text)
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P", NULL};
    scale(count, units, 99999.5, text);
}

void screen_time(double ns, char *text)
{
    static const char *const units[] = {" ns", " us", " ms", " s", NULL};
    if (ns < 999.5)
        snprintf(text, QUANTITY_BYTES, "%.0f ns", ns);
    else
        scale(ns, units, 999.5, text);
}

static void print_load(const struct screen *screen, FILE *file)
{
    const struct sample *now = screen->now;
    if (!now->has_load) {
        fprintf(file, "state    unknown: no load was published yet\n");
        return;
    }
    const struct load_report *load = &now->load;
    char oldest[QUANTITY_BYTES];
    char wait[QUANTITY_BYTES];
    char age[QUANTITY_BYTES];
    screen_time((double)load->oldest_queued_ns, oldest);
    screen_time((double)load->predicted_wait_ns, wait);
    const uint64_t age_ns = now->at_ns > load->generated_ns ? now->at_ns - load->generated_ns : 0;
    screen_time((double)age_ns, age);
    fprintf(file, "state    %s", overview_state(load->state));
    if (age_ns > load->valid_ns)
        fprintf(file, ", but that was %s ago: jointd stands still", age);
    fprintf(file, "\n");
    fprintf(file, "workers  %llu, utilization %.1f %%\n", (unsigned long long)load->workers,
            (double)load->utilization_permille / 10);
    fprintf(file, "queued   %llu, oldest %s, wait %s; %llu with workers\n",
            (unsigned long long)load->queued, oldest, wait, (unsigned long long)load->inflight);
}

static void print_overview(const struct rates *rates, FILE *file)
{
    const struct overview overview = overview_of(rates);
    fprintf(file, "\n%-14s %12s %12s\n", "", "per second", "in all");
    for (int i = 0; i < OVERVIEW_LINE_COUNT; i++) {
        char per_s[QUANTITY_BYTES] = "-";
        char value[QUANTITY_BYTES] = "-";
        if (overview.line[i].is_known) {
            screen_count(overview.line[i].per_s, per_s);
            screen_count((double)overview.line[i].value, value);
        }
        fprintf(file, "%-14s %12s %12s\n", overview_name((enum overview_line)i), per_s, value);
    }
}

static void print_classes(const struct load_report *load, FILE *file)
{
    fprintf(file, "\n%5s %8s %10s  %-13s %11s %8s\n", "class", "queued", "wait", "admit",
            "retry after", "in time");
    for (uint64_t i = 0; i < load->class_count; i++) {
        const struct load_report_class *class = &load->classes[i];
        char wait[QUANTITY_BYTES];
        char retry[QUANTITY_BYTES];
        screen_time((double)class->predicted_wait_ns, wait);
        screen_time((double)class->retry_after_ns, retry);
        fprintf(file, "%5llu %8llu %10s  %-13s %11s %6.1f %%\n", (unsigned long long)i,
                (unsigned long long)class->queued, wait, overview_admit(class->admit), retry,
                (double)class->attained_permille / 10);
    }
}

/* "jointd.queue_ns", "jointd.recovery_ns_max". */
static bool is_time(const char *label)
{
    const char *at = strstr(label, "_ns");
    return at && (at[3] == '\0' || at[3] == '_');
}

static void print_counters(const struct rates *rates, bool is_all, FILE *file)
{
    fprintf(file, "\n%-34s %12s %12s\n", "counter", "per second", "value");
    for (uint32_t i = 0; i < rates->count; i++) {
        const struct rate *rate = &rates->items[i];
        void (*const print)(double, char *) = is_time(rate->label) ? screen_time : screen_count;
        char per_s[QUANTITY_BYTES] = "";
        char value[QUANTITY_BYTES];
        if (rate->value == 0 && !is_all)
            continue;
        print((double)rate->value, value);
        if (rate->kind == COUNTER_SUM)
            print(rate->per_s, per_s);
        fprintf(file, "%-34s %12s %12s\n", rate->label, per_s, value);
    }
}

int screen_print(const struct screen *screen, FILE *file)
{
    struct rates rates;
    if (rates_init(&rates, screen->before, screen->now, false))
        return -ENOMEM;
    print_load(screen, file);
    print_overview(&rates, file);
    if (screen->now->has_load && screen->now->load.class_count > 0)
        print_classes(&screen->now->load, file);
    if (screen->is_all) {
        rates_fini(&rates);
        if (rates_init(&rates, screen->before, screen->now, true))
            return -ENOMEM;
    }
    print_counters(&rates, screen->is_all, file);
    rates_fini(&rates);
    return 0;
}
