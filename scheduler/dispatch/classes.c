/* Classes beside each other: those in a hurry do not wait for those that are not. */
#include "scheduler/dispatch/state.h"

enum { MUCH = 2 };

bool dispatch_is_hurried(const struct dispatch *dispatch, uint32_t class_index, uint32_t beside)
{
    const double usual_ns = dispatch->admission[class_index].usual_ns;
    const double other_ns = dispatch->admission[beside].usual_ns;
    return class_index != beside && usual_ns > 0 && other_ns > MUCH * usual_ns;
}

bool dispatch_has_hurried(const struct dispatch *dispatch, uint32_t beside, uint64_t now_ns)
{
    for (uint32_t i = 0; i < dispatch->config.class_count; i++) {
        const uint64_t came_ns = dispatch->class_came_ns[i];
        if (came_ns && now_ns - came_ns < dispatch->config.patience_ns &&
            dispatch_is_hurried(dispatch, i, beside))
            return true;
    }
    return false;
}
