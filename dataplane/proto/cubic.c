/* The window as a cubic function of the time since the last reduction; symbols as in RFC 9438. */
#include "dataplane/proto/cubic.h"

#include <float.h>
#include <math.h>

#define C 0.4 /* segments per s^3 */
#define BETA 0.7 /* beta_cubic */

/* RFC 9406, section 4.3; times in ns. */
#define MIN_RTT_THRESH_NS (4 * JTP_MS)
#define MAX_RTT_THRESH_NS (16 * JTP_MS)
#define N_RTT_SAMPLE 8
#define CSS_GROWTH_DIVISOR 4
#define CSS_ROUNDS 5

static double seconds(uint64_t ns)
{
    return (double)ns * 1e-9;
}

static double least_window(const struct jtp_cubic *cubic)
{
    return (double)cubic->segment_bytes * JTP_LEAST_WINDOW_SEGMENTS;
}

void jtp_cubic_init(struct jtp_cubic *cubic, uint32_t segment_bytes)
{
    *cubic = (struct jtp_cubic){
        .window = (double)segment_bytes * JTP_INITIAL_WINDOW_SEGMENTS,
        .threshold = DBL_MAX,
        .epoch_ns = JTP_NEVER,
        .idle_ns = JTP_NEVER,
        .segment_bytes = segment_bytes,
        .round_rtt_ns = JTP_NEVER,
        .last_round_rtt_ns = JTP_NEVER,
        .baseline_rtt_ns = JTP_NEVER,
    };
}

void jtp_cubic_set_segment(struct jtp_cubic *cubic, uint32_t segment_bytes)
{
    cubic->segment_bytes = segment_bytes;
    if (cubic->window < least_window(cubic))
        cubic->window = least_window(cubic);
}

/* W_cubic(t) = C * (t - K)^3 + W_max, here in bytes. */
static double cubic_window(const struct jtp_cubic *cubic, double t)
{
    double off = t - cubic->period_s;
    return C * off * off * off * cubic->segment_bytes + cubic->peak;
}

static void begin_epoch(struct jtp_cubic *cubic, uint64_t now_ns)
{
    cubic->epoch_ns = now_ns;
    cubic->origin = cubic->reno = cubic->window;
    if (cubic->peak < cubic->window)
        cubic->peak = cubic->window;
    cubic->period_s = cbrt((cubic->peak - cubic->origin) / (C * cubic->segment_bytes));
}

static void avoid(struct jtp_cubic *cubic, double bytes, const struct jtp_rtt *rtt, uint64_t now_ns)
{
    if (cubic->epoch_ns == JTP_NEVER)
        begin_epoch(cubic, now_ns);
    double t = seconds(now_ns - cubic->epoch_ns);
    double target = cubic_window(cubic, t + seconds(rtt->smoothed_ns));
    if (target < cubic->window)
        target = cubic->window;
    if (target > 1.5 * cubic->window)
        target = 1.5 * cubic->window;
    double alpha = cubic->reno < cubic->prior ? 3 * (1 - BETA) / (1 + BETA) : 1;
    cubic->reno += alpha * cubic->segment_bytes * bytes / cubic->window;
    if (cubic_window(cubic, t) < cubic->reno) {
        if (cubic->reno > cubic->window)
            cubic->window = cubic->reno;
    } else {
        cubic->window += (target - cubic->window) / cubic->window * bytes;
    }
}

/* HyStart++: slow start ends when the smallest round-trip time of a round has grown. */
static void watch_delay(struct jtp_cubic *cubic, uint64_t sent_ns, const struct jtp_rtt *rtt,
                        uint64_t now_ns)
{
    if (sent_ns >= cubic->round_ns) {
        cubic->round_ns = now_ns;
        cubic->last_round_rtt_ns = cubic->round_rtt_ns;
        cubic->round_rtt_ns = JTP_NEVER;
        cubic->samples = 0;
        if (cubic->is_cautious && ++cubic->rounds >= CSS_ROUNDS) {
            cubic->threshold = cubic->window;
            return;
        }
    }
    if (rtt->latest_ns < cubic->round_rtt_ns)
        cubic->round_rtt_ns = rtt->latest_ns;
    if (cubic->samples < N_RTT_SAMPLE)
        cubic->samples++;
    if (cubic->samples < N_RTT_SAMPLE || cubic->last_round_rtt_ns == JTP_NEVER)
        return;
    if (cubic->is_cautious) {
        if (cubic->round_rtt_ns < cubic->baseline_rtt_ns)
            cubic->is_cautious = false;
        return;
    }
    uint64_t threshold_ns = cubic->last_round_rtt_ns / 8;
    if (threshold_ns < MIN_RTT_THRESH_NS)
        threshold_ns = MIN_RTT_THRESH_NS;
    if (threshold_ns > MAX_RTT_THRESH_NS)
        threshold_ns = MAX_RTT_THRESH_NS;
    if (cubic->round_rtt_ns >= cubic->last_round_rtt_ns + threshold_ns) {
        cubic->is_cautious = true;
        cubic->rounds = 0;
        cubic->baseline_rtt_ns = cubic->round_rtt_ns;
    }
}

void jtp_cubic_on_acked(struct jtp_cubic *cubic, uint64_t bytes, uint64_t sent_ns,
                        const struct jtp_rtt *rtt, bool is_limited, uint64_t now_ns)
{
    if (cubic->has_lost && sent_ns <= cubic->recovery_ns)
        return;
    if (!is_limited) {
        if (cubic->idle_ns == JTP_NEVER)
            cubic->idle_ns = now_ns;
        return;
    }
    /* Time in which the window did not limit does not let it grow: RFC 9438, section 5.8. */
    if (cubic->idle_ns != JTP_NEVER && cubic->epoch_ns != JTP_NEVER)
        cubic->epoch_ns += now_ns - cubic->idle_ns;
    cubic->idle_ns = JTP_NEVER;
    if (jtp_cubic_is_slow_start(cubic)) {
        watch_delay(cubic, sent_ns, rtt, now_ns);
        cubic->window += (double)bytes / (cubic->is_cautious ? CSS_GROWTH_DIVISOR : 1);
    } else {
        avoid(cubic, (double)bytes, rtt, now_ns);
    }
}

static void reduce(struct jtp_cubic *cubic)
{
    cubic->prior = cubic->window;
    /* Fast convergence: a flow that reduces again below its last peak leaves room to new ones. */
    cubic->peak = cubic->window < cubic->peak ? cubic->window * (1 + BETA) / 2 : cubic->window;
    cubic->threshold = cubic->window * BETA;
    if (cubic->threshold < least_window(cubic))
        cubic->threshold = least_window(cubic);
    cubic->epoch_ns = cubic->idle_ns = JTP_NEVER;
    cubic->is_cautious = false;
}

void jtp_cubic_on_lost(struct jtp_cubic *cubic, uint64_t sent_ns, uint64_t now_ns)
{
    if (cubic->has_lost && sent_ns <= cubic->recovery_ns)
        return;
    cubic->has_lost = true;
    cubic->recovery_ns = now_ns;
    reduce(cubic);
    cubic->window = cubic->threshold;
}

void jtp_cubic_on_persistent(struct jtp_cubic *cubic)
{
    cubic->window = least_window(cubic);
    cubic->has_lost = false;
    cubic->epoch_ns = JTP_NEVER;
    cubic->round_rtt_ns = cubic->last_round_rtt_ns = JTP_NEVER;
}
