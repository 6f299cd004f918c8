/* Lays out what `joint top` shows. */
#include "scheduler/top/screen.h"
#include "scheduler/top/traffic.h"

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
    if (load->credits)
        fprintf(file, "credits  %llu requests of one client\n", (unsigned long long)load->credits);
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

/* "-" without any. */
static void write_quantile(const struct distribution_view *view, double share, char *text)
{
    if (view->count)
        screen_time(distribution_quantile(view, &distribution_time, share), text);
    else
        snprintf(text, QUANTITY_BYTES, "-");
}

/* A name that a terminal does not obey, cut to its column. */
static void print_name(const char *name, int width, FILE *file)
{
    char clean[QUANTITY_BYTES];
    size_t length = 0;
    for (; name[length] && length < (size_t)width && length < sizeof(clean) - 1; length++)
        clean[length] =
            (unsigned char)name[length] < ' ' || name[length] == 0x7f ? '?' : name[length];
    clean[length] = '\0';
    fprintf(file, "%-*s", width, clean);
}

static void print_class(const struct screen *screen, uint32_t index, FILE *file)
{
    const struct load_report_class *class = &screen->now->load.classes[index];
    char wait[QUANTITY_BYTES], per_s[QUANTITY_BYTES], number[QUANTITY_BYTES];
    char middle[QUANTITY_BYTES], high[QUANTITY_BYTES], queue[QUANTITY_BYTES];
    struct traffic_class traffic;
    const bool is_known = traffic_class(screen->before, screen->now, index, &traffic);
    screen_time((double)class->predicted_wait_ns, wait);
    screen_count(traffic.answers_per_s, per_s);
    write_quantile(&traffic.request, 0.5, middle);
    write_quantile(&traffic.request, 0.99, high);
    write_quantile(&traffic.queue, 0.99, queue);
    snprintf(number, sizeof(number), "%u", (unsigned)index);
    print_name(is_known ? traffic.name : number, 12, file);
    fprintf(file, " %6llu %8s %-13s %5.1f %% %7s %8s %8s %8s\n", (unsigned long long)class->queued,
            wait, overview_admit(class->admit), (double)class->attained_permille / 10,
            is_known ? per_s : "-", middle, high, queue);
}

static void print_classes(const struct screen *screen, FILE *file)
{
    const struct sample *now = screen->now;
    fprintf(file, "\n%-12s %6s %8s %-13s %7s %7s %8s %8s %8s\n", "class", "queued", "wait", "admit",
            "in time", "per s", "p50", "p99", "wait p99");
    for (uint32_t i = 0; now->has_load && i < now->load.class_count; i++)
        print_class(screen, i, file);
}

/* "1: 12 %  2-3: 8 %  8-15: 80 %". */
static void print_batches(const struct traffic_model *traffic, FILE *file)
{
    for (uint32_t first = 1; first <= MODEL_STATISTICS_MAX_ROWS; first *= 2) {
        double share = 0;
        for (uint32_t n = first; n < 2 * first && n <= MODEL_STATISTICS_MAX_ROWS; n++)
            share += traffic->share[n - 1];
        if (share <= 0)
            continue;
        if (first == 1)
            fprintf(file, "  1: %.0f %%", 100 * share);
        else if (first == MODEL_STATISTICS_MAX_ROWS)
            fprintf(file, "  %u: %.0f %%", (unsigned)first, 100 * share);
        else
            fprintf(file, "  %u-%u: %.0f %%", (unsigned)first, (unsigned)(2 * first - 1),
                    100 * share);
    }
}

static void print_models(const struct screen *screen, FILE *file)
{
    if (screen->now->model_count == 0)
        return;
    fprintf(file, "\n%-16s %7s %9s %9s %10s  %s\n", "model", "version", "rows/s", "joined/s",
            "rows/batch", "batches by rows");
    for (uint32_t i = 0; i < screen->now->model_count; i++) {
        struct traffic_model traffic;
        char rows[QUANTITY_BYTES], joined[QUANTITY_BYTES];
        traffic_model(screen->before, screen->now, i, &traffic);
        screen_count(traffic.rows_per_s, rows);
        screen_count(traffic.joined_per_s, joined);
        print_name(traffic.name, 16, file);
        fprintf(file, " %7u %9s %9s %10.2f", (unsigned)traffic.version, rows, joined,
                traffic.mean_rows);
        print_batches(&traffic, file);
        fputc('\n', file);
    }
}

static void print_roles(const struct roles *before, const struct roles *now, FILE *file)
{
    fprintf(file, "\n%-18s %8s %-10s %7s %5s %-12s %10s %7s\n", "process", "pid", "state", "cores",
            "on", "may run on", "memory", "starts");
    for (uint32_t i = 0; i < now->count; i++) {
        const struct role *role = &now->items[i];
        char busy[QUANTITY_BYTES] = "-", memory[QUANTITY_BYTES] = "-", core[QUANTITY_BYTES] = "-";
        const double cores = roles_busy(before, now, i);
        if (cores >= 0)
            snprintf(busy, sizeof(busy), "%.2f", cores);
        if (role->is_measured) {
            screen_count((double)role->memory_bytes, memory);
            snprintf(core, sizeof(core), "%d", role->core);
        }
        print_name(role->name, 18, file);
        fprintf(file, " %8d ", role->pid);
        print_name(role->state, 10, file);
        fprintf(file, " %7s %5s ", busy, core);
        print_name(role->is_measured ? role->cores : "-", 12, file);
        fprintf(file, " %9s%s %7llu\n", memory, role->is_measured ? "B" : " ",
                (unsigned long long)role->starts);
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
    if (screen->roles_now)
        print_roles(screen->roles_before, screen->roles_now, file);
    if (screen->now->has_load && screen->now->load.class_count > 0)
        print_classes(screen, file);
    print_models(screen, file);
    print_overview(&rates, file);
    if (screen->is_all) {
        rates_fini(&rates);
        if (rates_init(&rates, screen->before, screen->now, true))
            return -ENOMEM;
    }
    print_counters(&rates, screen->is_all, file);
    rates_fini(&rates);
    return 0;
}
