/* The rules by which a run counts or does not. */
#include "scheduler/loadtest/verdict.h"

#include <inttypes.h>
#include <stdio.h>

double loadtest_adherence(const struct loadtest_tally *tally)
{
    if (tally->offered == 0)
        return 1;
    const uint64_t missed = tally->sent_late + tally->ends[LOADTEST_UNSENT];
    return 1 - (double)missed / (double)tally->offered;
}

static uint32_t commonest_reason(const struct loadtest_tally *tally)
{
    uint32_t commonest = 0;
    for (uint32_t i = 1; i < LOADTEST_REASONS; i++)
        if (tally->reasons[i] > tally->reasons[commonest])
            commonest = i;
    return commonest;
}

static enum loadtest_verdict judge_adherence(const struct loadtest_facts *facts, char *text,
                                             size_t text_bytes)
{
    const struct loadtest_tally *tally = facts->tally;
    const uint64_t unsent = tally->ends[LOADTEST_UNSENT];
    snprintf(text, text_bytes,
             "only %.1f %% of the requests left on schedule (%" PRIu64 " over %g ms late, %" PRIu64
             " unsent, of %" PRIu64 "; at least 95 %% are needed): %s",
             100 * loadtest_adherence(tally), tally->sent_late, (double)facts->late_send_ns / 1e6,
             unsent, tally->offered,
             unsent > tally->sent_late
                 ? "every phone had as many open as it may; give more --clients, or a --deadline-ms"
                 : "this generator is overloaded; lower --rate, or run it on another machine");
    return LOADTEST_NOT_ADHERED;
}

static enum loadtest_verdict judge_unanswered(const struct loadtest_tally *tally, char *text,
                                              size_t text_bytes)
{
    const uint32_t reason = commonest_reason(tally);
    if (tally->ends[LOADTEST_REJECTED] > 0)
        snprintf(
            text, text_bytes,
            "no request was answered: %" PRIu64 " of %" PRIu64
            " were rejected, most with '%s'; check --name, the model's file and the server's log",
            tally->ends[LOADTEST_REJECTED], tally->offered, loadtest_reason_name(reason));
    else
        snprintf(text, text_bytes,
                 "no request was answered, %" PRIu64 " of %" PRIu64
                 " passed their deadline; offer less, or give a longer --deadline-ms",
                 tally->ends[LOADTEST_LATE], tally->offered);
    return LOADTEST_UNANSWERED;
}

enum loadtest_verdict loadtest_judge(const struct loadtest_facts *facts, char *text,
                                     size_t text_bytes)
{
    const struct loadtest_tally *tally = facts->tally;
    const uint64_t gone = tally->ends[LOADTEST_LOST] + tally->ends[LOADTEST_BROKEN];
    *text = '\0';
    if (facts->is_silent) {
        snprintf(text, text_bytes,
                 "the server has answered nothing for %.1f s, so the run was ended; check that it "
                 "still runs ('joint load' asks it)",
                 (double)facts->silence_ns / 1e9);
        return LOADTEST_SILENT;
    }
    if (facts->wrong > 0) {
        snprintf(text, text_bytes,
                 "%" PRIu32 " of %" PRIu32
                 " answers differ from the network's own by up to %.3g; has the server the same "
                 "file?",
                 facts->wrong, facts->verified, facts->largest_difference);
        return LOADTEST_WRONG;
    }
    if (gone > 0) {
        snprintf(text, text_bytes,
                 "%" PRIu64 " requests were lost and %" PRIu64
                 " answers were broken, which must not happen; see the server's log",
                 tally->ends[LOADTEST_LOST], tally->ends[LOADTEST_BROKEN]);
        return LOADTEST_HAS_LOST;
    }
    if (facts->is_interrupted) {
        snprintf(text, text_bytes, "interrupted: this is of the time until then");
        return LOADTEST_INTERRUPTED;
    }
    if (tally->offered == 0) {
        snprintf(text, text_bytes,
                 "nothing was offered after the warm-up; give a longer "
                 "--duration or a higher --rate");
        return LOADTEST_EMPTY;
    }
    if (facts->is_open_loop && loadtest_adherence(tally) < LOADTEST_LEAST_ADHERENCE)
        return judge_adherence(facts, text, text_bytes);
    if (loadtest_tally_answered(tally) + tally->ends[LOADTEST_ON_DEVICE] == 0)
        return judge_unanswered(tally, text, text_bytes);
    return LOADTEST_GOOD;
}
