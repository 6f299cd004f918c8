/* Lays out a load: the whole, its classes, its models cut by cut. */
#include "scheduler/cli/load_text.h"

#include <inttypes.h>
#include <string.h>

#define BAR 20
#define LABEL 13 /* columns before the first cut */
#define CELL 9u /* columns of each cut */

const char *load_text_state(uint8_t state)
{
    static const char *const names[] = {"ready", "degraded", "overloaded", "draining", "loading"};
    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

/* What a probe and the JSON both say. */
struct whole {
    const char *state;
    double wait_ms, utilization, queued, credits, age_ms, gain;
};

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "-";
}

static struct whole whole_of(const struct load_text *text)
{
    if (text->load)
        return (struct whole){
            text_of(text->load, "state"),      number(text->load, "predicted_wait_ms"),
            number(text->load, "utilization"), number(text->load, "queued"),
            number(text->load, "credits"),     number(text->load, "age_us") / 1e3,
            number(text->load, "switch_gain")};
    const struct jtp_load *load = &text->probe->load;
    return (struct whole){load_text_state(load->state),
                          load->predicted_wait_us / 1e3,
                          load->utilization_permille / 1e3,
                          load->queued,
                          load->credits,
                          load->age_us / 1e3,
                          load->switch_gain / 255.0};
}

/* A server may be called anything; a terminal would obey some of it. */
static void print_name(const char *name, int width, FILE *file)
{
    char clean[64];
    size_t length = 0;
    for (; name[length] && length < sizeof(clean) - 1; length++)
        clean[length] =
            (unsigned char)name[length] < ' ' || name[length] == 0x7f ? '?' : name[length];
    clean[length] = '\0';
    fprintf(file, "%-*s", width, clean);
}

void load_text_line(const struct load_text *text, FILE *file)
{
    const struct whole whole = whole_of(text);
    fprintf(file, "%.64s: ", text->server);
    print_name(whole.state, 0, file);
    fprintf(file, ", waits %.2f ms, utilization %.1f %%, queued %.0f, age %.2f ms", whole.wait_ms,
            100 * whole.utilization, whole.queued, whole.age_ms);
    if (text->probe)
        fprintf(file, ", round trip %.2f ms", (double)text->probe->rtt_ns / 1e6);
    if (whole.credits > 0)
        fprintf(file, ", at most %.0f requests of one client", whole.credits);
    if (text->probe && text->probe->tries > 1)
        fprintf(file, ", answered after %" PRIu32 " probes", text->probe->tries);
    fprintf(file, "\n");
}

static void print_bar(double share, FILE *file)
{
    const int full = share <= 0 ? 0 : share >= 1 ? BAR : (int)(share * BAR + 0.5);
    fprintf(file, "%5.1f %%  [", 100 * share);
    for (int i = 0; i < BAR; i++)
        fputc(i < full ? '#' : '.', file);
    fputs("]\n", file);
}

static void print_whole(const struct load_text *text, FILE *file)
{
    const struct whole whole = whole_of(text);
    const json_t *load = text->load;
    print_name(load ? text_of(load, "server") : text->server, 0, file);
    if (load)
        fprintf(file, " at %.64s", text->server);
    fprintf(file, "\n\nstate        ");
    print_name(whole.state, 0, file);
    fprintf(file, ", %.2f ms old", whole.age_ms);
    if (text->probe)
        fprintf(file, "; round trip %.2f ms", (double)text->probe->rtt_ns / 1e6);
    fprintf(file, "\nutilization  ");
    print_bar(whole.utilization, file);
    fprintf(file, "wait         %.2f ms, of a request that came now\n", whole.wait_ms);
    fprintf(file, "queued       %.0f", whole.queued);
    if (load)
        fprintf(file, ", the oldest for %.2f ms; %.0f running; workers: %.0f",
                number(load, "oldest_queued_ms"), number(load, "inflight"),
                number(load, "workers"));
    if (whole.credits > 0)
        fprintf(file, "\ncredits      %.0f requests of one client", whole.credits);
    fprintf(file, "\nswitch gain  %.2f\n", whole.gain);
}

/* Three signs that mean something: "0.042", "4.20", "420". */
static void write_ms(double ms, char text[CELL + 8])
{
    const int decimals = ms <= 0 || ms >= 99.5 ? 0 : ms >= 9.95 ? 1 : ms >= 0.995 ? 2 : 3;
    snprintf(text, CELL + 8, "%.*f", decimals, ms);
}

static void print_classes(const json_t *classes, FILE *file)
{
    size_t index;
    const json_t *class;
    if (json_array_size(classes) == 0)
        return;
    fprintf(file, "\n%-14s %6s %10s  %-13s %11s %8s %9s\n", "class", "queued", "wait", "admit",
            "retry after", "in time", "deadline");
    json_array_foreach(classes, index, class)
    {
        char wait[CELL + 8], retry[CELL + 8];
        write_ms(number(class, "predicted_wait_ms"), wait);
        write_ms(number(class, "retry_after_ms"), retry);
        print_name(text_of(class, "name"), 14, file);
        fprintf(file, " %6.0f %7s ms  ", number(class, "queued"), wait);
        print_name(text_of(class, "admit"), 13, file);
        if (number(class, "retry_after_ms") > 0)
            fprintf(file, " %8s ms", retry);
        else
            fprintf(file, " %11s", "-");
        fprintf(file, " %6.1f %% %6.0f ms\n", 100 * number(class, "slo_attainment"),
                number(class, "deadline_ms"));
    }
}

static void print_cuts(const json_t *model, size_t first, size_t end, FILE *file)
{
    static const struct {
        const char *title, *key;
        bool is_time;
    } rows[] = {{"cut", "cuts", false},
                {"remaining ms", "remaining_ms", true},
                {"marginal ms", "marginal_ms", true},
                {"queued", "queued_at", false}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const json_t *values = json_object_get(model, rows[row].key);
        if (json_array_size(values) == 0)
            continue;
        fprintf(file, "%-*s", LABEL, rows[row].title);
        for (size_t cut = first; cut < end; cut++) {
            char cell[CELL + 8];
            const double value = json_number_value(json_array_get(values, cut));
            if (rows[row].is_time)
                write_ms(value, cell);
            else
                snprintf(cell, sizeof(cell), "%.0f", value);
            fprintf(file, "%*s", (int)CELL, cell);
        }
        fputc('\n', file);
    }
}

static void print_models(const json_t *models, uint32_t columns, FILE *file)
{
    const size_t step = columns > LABEL + CELL ? (columns - LABEL) / CELL : 1;
    size_t index;
    const json_t *model;
    json_array_foreach(models, index, model)
    {
        const size_t cuts = json_array_size(json_object_get(model, "cuts"));
        fputs("\nmodel ", file);
        print_name(text_of(model, "name"), 0, file);
        fprintf(file, ", version %.0f", number(model, "version"));
        if (json_object_get(model, "k"))
            fprintf(file, ": takes %.2f times as long as unloaded", number(model, "k"));
        fputc('\n', file);
        for (size_t first = 0; first < cuts; first += step)
            print_cuts(model, first, first + step < cuts ? first + step : cuts, file);
    }
}

void load_text_screen(const struct load_text *text, uint32_t columns, FILE *file)
{
    print_whole(text, file);
    print_classes(json_object_get(text->load, "classes"), file);
    print_models(json_object_get(text->load, "models"), columns, file);
}
