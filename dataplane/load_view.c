/* Copies the report when it is new, and fits its numbers into the protocol's. */
#include "dataplane/load_view.h"

#include <errno.h>
#include <string.h>

/* A report is a good 12 KB, and jointd may publish at each admission. */
#define LOOK_NS UINT64_C(50000)

int load_view_init(struct load_view *view, const struct region *page)
{
    *view = (struct load_view){0};
    return load_page_attach(&view->reader, region_at(page, 0, 0), page->payload_bytes,
                            LOAD_REPORT_WORDS);
}

void load_view_refresh(struct load_view *view, uint64_t now_ns)
{
    if (now_ns - view->looked_ns < LOOK_NS)
        return;
    view->looked_ns = now_ns;
    if (load_page_latest(&view->reader) == view->seen)
        return;
    uint64_t words[LOAD_REPORT_WORDS], number;
    if (load_page_read(&view->reader, words, &number))
        return;
    memcpy(&view->report, words, sizeof(view->report));
    view->seen = number;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t age_ns(const struct load_view *view, uint64_t now_ns)
{
    return now_ns > view->report.generated_ns ? now_ns - view->report.generated_ns : 0;
}

void load_view_describe(const struct load_view *view, bool is_draining, uint64_t now_ns,
                        struct jtp_load *load)
{
    const struct load_report *report = &view->report;
    *load = (struct jtp_load){.state = JTP_LOADING};
    if (view->seen > 0)
        *load = (struct jtp_load){
            .predicted_wait_us = (uint32_t)least(report->predicted_wait_ns / 1000, UINT32_MAX),
            .utilization_permille = (uint16_t)least(report->utilization_permille, UINT16_MAX),
            .queued = (uint16_t)least(report->queued, UINT16_MAX),
            .credits = (uint16_t)least(report->credits, UINT16_MAX),
            .state = (uint8_t)least(report->state, JTP_LOADING),
            .switch_gain = (uint8_t)least(report->switch_gain_255, UINT8_MAX),
            .age_us = (uint32_t)least(age_ns(view, now_ns) / 1000, UINT32_MAX)};
    if (is_draining)
        load->state = JTP_IS_DRAINING;
}

static bool is_old(const struct load_view *view, uint64_t now_ns)
{
    return view->seen == 0 || age_ns(view, now_ns) > view->report.valid_ns;
}

bool load_view_has_to_ask(const struct load_view *view, uint64_t now_ns)
{
    return !is_old(view, now_ns) && view->report.has_to_ask;
}

void load_view_retry(const struct load_view *view, uint32_t *retry_after_us)
{
    if (view->report.retry_after_ns > 0)
        *retry_after_us = (uint32_t)least(view->report.retry_after_ns / 1000, UINT32_MAX);
}

bool load_view_is_closed(const struct load_view *view, uint32_t class_index, uint64_t now_ns,
                         uint32_t *retry_after_us)
{
    const struct load_report *report = &view->report;
    if (is_old(view, now_ns) || class_index >= least(report->class_count, LOAD_REPORT_MAX_CLASSES))
        return false;
    const struct load_report_class *class = &report->classes[class_index];
    if (class->admit != LOAD_CLOSED)
        return false;
    if (class->retry_after_ns > 0)
        *retry_after_us = (uint32_t)least(class->retry_after_ns / 1000, UINT32_MAX);
    return true;
}

bool load_view_is_over_credit(const struct load_view *view, uint32_t open_count, uint64_t now_ns,
                              uint32_t *retry_after_us)
{
    const struct load_report *report = &view->report;
    if (is_old(view, now_ns) || !report->credits || open_count <= report->credits)
        return false;
    load_view_retry(view, retry_after_us);
    return true;
}
