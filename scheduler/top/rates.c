/* Compares two samples. */
#include "scheduler/top/rates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* "dataplane.3.rx_bytes" -> "dataplane.rx_bytes": parts that are numbers are left out. */
static void merge_label(char *to, const char *from)
{
    while (*from) {
        const size_t length = strcspn(from, ".");
        const bool is_number = length > 0 && strspn(from, "0123456789") == length;
        const size_t whole = length + (from[length] == '.');
        if (!is_number || from[length] == '\0') {
            memcpy(to, from, whole);
            to += whole;
        }
        from += whole;
    }
    *to = '\0';
}

static bool is_same(const struct sample_counter *a, const struct sample_counter *b)
{
    return strcmp(a->view.label, b->view.label) == 0 && strcmp(a->source, b->source) == 0;
}

/* Nearly always where it was. */
static const struct sample_counter *
find_before(const struct sample *before, const struct sample_counter *counter, uint32_t index)
{
    if (index < before->count && is_same(&before->counters[index], counter))
        return &before->counters[index];
    for (uint32_t i = 0; i < before->count; i++)
        if (is_same(&before->counters[i], counter))
            return &before->counters[i];
    return NULL;
}

static double growth_of(const struct sample *before, const struct sample *now, uint32_t index)
{
    const struct sample_counter *counter = &now->counters[index];
    const struct sample_counter *was = find_before(before, counter, index);
    if (!was || counter->view.kind != COUNTER_SUM)
        return 0;
    const uint64_t value = counter->view.value;
    return (double)(value >= was->view.value ? value - was->view.value : value);
}

static struct rate *find(const struct rates *rates, const char *label)
{
    for (uint32_t i = 0; i < rates->count; i++)
        if (strcmp(rates->items[i].label, label) == 0)
            return &rates->items[i];
    return NULL;
}

static void add(struct rates *rates, const struct sample_counter *counter, double growth,
                bool is_each)
{
    char label[COUNTER_LABEL_BYTES];
    if (is_each)
        memcpy(label, counter->view.label, sizeof(label));
    else
        merge_label(label, counter->view.label);
    struct rate *rate = is_each ? NULL : find(rates, label);
    if (!rate) {
        rate = &rates->items[rates->count++];
        *rate = (struct rate){.kind = counter->view.kind};
        memcpy(rate->source, counter->source, sizeof(rate->source));
        memcpy(rate->label, label, sizeof(rate->label));
    }
    const uint64_t value = counter->view.value;
    if (rate->kind != COUNTER_MAX)
        rate->value += value;
    else if (value > rate->value)
        rate->value = value;
    if (rates->seconds > 0)
        rate->per_s += growth / rates->seconds;
}

int rates_init(struct rates *rates, const struct sample *before, const struct sample *now,
               bool is_each)
{
    *rates = (struct rates){.items = calloc(now->count + 1, sizeof(*rates->items)),
                            .seconds = (double)(now->at_ns - before->at_ns) / 1e9};
    if (!rates->items)
        return -ENOMEM;
    for (uint32_t i = 0; i < now->count; i++)
        add(rates, &now->counters[i], growth_of(before, now, i), is_each);
    return 0;
}

void rates_fini(struct rates *rates)
{
    if (!rates)
        return;
    free(rates->items);
    *rates = (struct rates){0};
}

const struct rate *rates_find(const struct rates *rates, const char *label)
{
    return find(rates, label);
}
