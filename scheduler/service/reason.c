/* Names reasons; the numbers are those of a REJECT in PROTOCOL.md. */
#include "scheduler/service/reason.h"

const char *reason_name(uint32_t reason)
{
    static const char *const names[REASON_LIMIT] = {
        [INGRESS_ANSWERED] = "answered",
        [INGRESS_OVERLOADED] = "overloaded",
        [INGRESS_DEADLINE] = "deadline",
        [INGRESS_NO_MEMORY] = "no_memory",
        [INGRESS_MODEL_UNKNOWN] = "model_unknown",
        [5] = "model_mismatch",
        [INGRESS_BAD_RANGE] = "bad_range",
        [INGRESS_BAD_SIZE] = "bad_size",
        [INGRESS_BAD_ENCODING] = "bad_encoding",
        [INGRESS_DRAINING] = "draining",
        [INGRESS_TOO_MANY] = "too_many",
        [11] = "stalled",
        [INGRESS_FAILED] = "failed",
        [INGRESS_QUARANTINED] = "quarantined",
        [14] = "unknown_connection",
        [15] = "full",
        [16] = "bad_version",
    };
    if (reason == INGRESS_CANCELLED)
        return "cancelled";
    return reason < REASON_LIMIT && names[reason] ? names[reason] : "other";
}
