/* Writes families and samples of metrics. */
#include "scheduler/api/metric_text.h"

#include <stdio.h>

#define ULL(value) ((unsigned long long)(value))
#define NUMBER_BYTES 48u

static const char *suffix_of(const struct metric_text *out)
{
    const enum metric_kind kind = out->family->kind;
    return kind == METRIC_COUNTER ? "_total" : kind == METRIC_INFO ? "_info" : "";
}

void metric_begin(struct metric_text *out, const struct metric_family *family)
{
    static const char *const open_kinds[] = {"gauge", "counter", "histogram", "info"};
    static const char *const kinds[] = {"gauge", "counter", "histogram", "gauge"};
    out->family = family;
    const char *suffix = out->is_open_metrics ? "" : suffix_of(out);
    page_text_add(out->text, "# HELP %s%s %s\n", family->name, suffix, family->help);
    page_text_add(out->text, "# TYPE %s%s %s\n", family->name, suffix,
                  (out->is_open_metrics ? open_kinds : kinds)[family->kind]);
    if (out->is_open_metrics && family->unit)
        page_text_add(out->text, "# UNIT %s %s\n", family->name, family->unit);
}

static void add_label(struct page_text *text, const char *before, const char *name,
                      const char *value)
{
    page_text_add(text, "%s%s=\"", before, name);
    page_text_add_label_value(text, value);
    page_text_add(text, "\"");
}

/* "name_suffix{a="b",le="0.5"} "; le may be NULL. Its number is to follow. */
static void add_name(struct metric_text *out, const char *suffix, const struct metric_label *labels,
                     uint32_t label_count, const char *le)
{
    page_text_add(out->text, "%s%s", out->family->name, suffix);
    for (uint32_t i = 0; i < label_count; i++)
        add_label(out->text, i ? "," : "{", labels[i].name, labels[i].value);
    if (le)
        add_label(out->text, label_count ? "," : "{", "le", le);
    page_text_add(out->text, label_count || le ? "} " : " ");
}

static void add_count(struct page_text *text, uint64_t value)
{
    page_text_add(text, "%llu\n", ULL(value));
}

static void add_seconds(struct page_text *text, uint64_t ns)
{
    page_text_add(text, "%llu.%09llu\n", ULL(ns / 1000000000u), ULL(ns % 1000000000u));
}

static void add_permille(struct page_text *text, uint64_t permille)
{
    page_text_add(text, "%llu.%03llu\n", ULL(permille / 1000), ULL(permille % 1000));
}

void metric_count(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                  uint64_t value)
{
    add_name(out, suffix_of(out), labels, label_count, NULL);
    add_count(out->text, value);
}

void metric_seconds(struct metric_text *out, const struct metric_label *labels,
                    uint32_t label_count, uint64_t ns)
{
    add_name(out, suffix_of(out), labels, label_count, NULL);
    add_seconds(out->text, ns);
}

void metric_permille(struct metric_text *out, const struct metric_label *labels,
                     uint32_t label_count, uint64_t permille)
{
    add_name(out, suffix_of(out), labels, label_count, NULL);
    add_permille(out->text, permille);
}

/* A bound as both formats ask: "0.0005", "10.0". */
static void write_bound(char *to, uint64_t bound, uint64_t one, int digits)
{
    const int length =
        snprintf(to, NUMBER_BYTES, "%llu.%0*llu", ULL(bound / one), digits, ULL(bound % one));
    for (char *end = to + length - 1; *end == '0' && end[-1] != '.'; end--)
        *end = '\0';
}

struct series {
    const struct metric_label *labels;
    uint32_t label_count;
};

static void add_bucket(struct metric_text *out, const struct series *series, const char *le,
                       uint64_t count)
{
    add_name(out, "_bucket", series->labels, series->label_count, le);
    add_count(out->text, count);
}

static void end_sum(struct metric_text *out, const struct series *series)
{
    add_name(out, "_sum", series->labels, series->label_count, NULL);
}

static void add_total(struct metric_text *out, const struct series *series, uint64_t count)
{
    add_name(out, "_count", series->labels, series->label_count, NULL);
    add_count(out->text, count);
}

/* Buckets hold all up to their bound. */
static void add_buckets(struct metric_text *out, const struct series *series,
                        const struct distribution_view *view,
                        const struct distribution_scale *scale, uint64_t one, int digits,
                        uint32_t step)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < scale->count; i++) {
        char le[NUMBER_BYTES];
        count += view->bucket[i];
        if (i % step != 0)
            continue;
        write_bound(le, scale->bound[i], one, digits);
        add_bucket(out, series, le, count);
    }
    add_bucket(out, series, "+Inf", view->count);
}

void metric_times(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                  const struct distribution_view *view)
{
    const struct series series = {labels, label_count};
    add_buckets(out, &series, view, &distribution_time, 1000000000u, 9, 2);
    end_sum(out, &series);
    add_seconds(out->text, view->sum);
    add_total(out, &series, view->count);
}

void metric_ratios(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                   const struct distribution_view *view)
{
    const struct series series = {labels, label_count};
    add_buckets(out, &series, view, &distribution_ratio, 1000, 3, 1);
    end_sum(out, &series);
    add_permille(out->text, view->sum);
    add_total(out, &series, view->count);
}

void metric_sizes(struct metric_text *out, const struct metric_label *labels, uint32_t label_count,
                  const uint64_t *counts, uint32_t largest)
{
    const struct series series = {labels, label_count};
    uint64_t count = 0, sum = 0;
    for (uint32_t size = 1; size <= largest; size++) {
        count += counts[size - 1];
        sum += size * counts[size - 1];
        if ((size & (size - 1)) != 0)
            continue;
        char le[NUMBER_BYTES];
        write_bound(le, size, 1, 1);
        add_bucket(out, &series, le, count);
    }
    add_bucket(out, &series, "+Inf", count);
    end_sum(out, &series);
    add_count(out->text, sum);
    add_total(out, &series, count);
}
