/* Places labels side by side. In an order that is given, least squares without overlap is isotonic
 * regression: take each label's wanted place less the widths before it, and pool neighbours that
 * come in the wrong order into clusters at their mean. */
#include "scheduler/cli/picture/label_row.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct cluster {
    size_t count;
    double sum; /* of the left edges wanted by its labels, widths before them within it taken off */
};

static int by_weight(const void *a, const void *b)
{
    const struct label *const *x = a, *const *y = b;
    if ((*x)->weight < (*y)->weight || (*x)->weight > (*y)->weight)
        return (*x)->weight > (*y)->weight ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

/* The heaviest that fit together. */
static void choose(struct label **order, size_t count, double room)
{
    qsort(order, count, sizeof(*order), by_weight);
    for (size_t i = 0; i < count; i++) {
        order[i]->is_placed = order[i]->width <= room;
        if (order[i]->is_placed)
            room -= order[i]->width;
    }
}

/* Shifted coordinates: a label's left edge less the widths of all labels before it, so that "no
 * overlap" reads "not descending". */
static void spread(struct label *labels, size_t count, double low, double high,
                   struct cluster *clusters)
{
    size_t cluster_count = 0;
    double before = 0;
    for (size_t i = 0; i < count; i++) {
        if (!labels[i].is_placed)
            continue;
        struct cluster next = {1, labels[i].wanted - labels[i].width / 2 - before};
        before += labels[i].width;
        while (cluster_count && clusters[cluster_count - 1].sum * (double)next.count >=
                                    next.sum * (double)clusters[cluster_count - 1].count) {
            cluster_count--;
            next.count += clusters[cluster_count].count;
            next.sum += clusters[cluster_count].sum;
        }
        clusters[cluster_count++] = next;
    }
    const double most = high - before;
    before = 0;
    for (size_t i = 0, c = 0, used = 0; i < count; i++) {
        if (!labels[i].is_placed)
            continue;
        if (used == clusters[c].count) {
            c++;
            used = 0;
        }
        used++;
        double left = fmax(low, fmin(clusters[c].sum / (double)clusters[c].count, most));
        labels[i].placed = left + before + labels[i].width / 2;
        before += labels[i].width;
    }
}

int label_row_place(struct label *labels, size_t count, double low, double high)
{
    if (!count)
        return 0;
    struct label **order = calloc(count, sizeof(struct label *));
    struct cluster *clusters = calloc(count, sizeof(*clusters));
    if (!order || !clusters) {
        free(order);
        free(clusters);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        order[i] = &labels[i];
    choose(order, count, high - low);
    spread(labels, count, low, high, clusters);
    free(order);
    free(clusters);
    return 0;
}
