/* The largest size first, which is right on most paths; then halves. */
#include "dataplane/proto/mtu.h"

void jtp_mtu_init(struct jtp_mtu *mtu, uint16_t base, uint16_t largest)
{
    *mtu = (struct jtp_mtu){.base = base, .largest = largest, .current = base};
    mtu->too_big = (uint32_t)largest + 1;
}

uint16_t jtp_mtu_probe(struct jtp_mtu *mtu, uint64_t now_ns)
{
    if (mtu->is_in_flight)
        return 0;
    if (mtu->probed > 0)
        return mtu->probed;
    if (mtu->raise_ns > 0 && now_ns >= mtu->raise_ns) {
        mtu->too_big = (uint32_t)mtu->largest + 1;
        mtu->raise_ns = 0;
    }
    if (mtu->too_big > mtu->largest) {
        if (mtu->current < mtu->largest)
            mtu->probed = mtu->largest;
    } else if (mtu->too_big - mtu->current > JTP_SIZE_STEP) {
        mtu->probed = (uint16_t)((mtu->current + mtu->too_big) / 2);
    }
    return mtu->probed;
}

void jtp_mtu_probe_sent(struct jtp_mtu *mtu)
{
    mtu->is_in_flight = true;
}

void jtp_mtu_probe_acked(struct jtp_mtu *mtu, uint16_t bytes, uint64_t now_ns)
{
    mtu->is_in_flight = false;
    if (bytes != mtu->probed)
        return; /* of a search that a black hole has ended */
    mtu->probed = 0;
    mtu->failures = mtu->losses = 0;
    mtu->current = bytes;
    if (mtu->too_big <= mtu->largest)
        mtu->raise_ns = now_ns + JTP_RAISE_NS;
}

void jtp_mtu_probe_lost(struct jtp_mtu *mtu, uint16_t bytes, uint64_t now_ns)
{
    mtu->is_in_flight = false;
    if (bytes != mtu->probed || ++mtu->failures < JTP_MAX_SIZE_PROBES)
        return;
    mtu->too_big = bytes;
    mtu->probed = 0;
    mtu->failures = 0;
    mtu->raise_ns = now_ns + JTP_RAISE_NS;
}

void jtp_mtu_acked(struct jtp_mtu *mtu, uint16_t bytes, uint64_t number)
{
    if (bytes <= mtu->base || number < mtu->arrived_end)
        return;
    mtu->losses = 0;
    mtu->arrived_end = number + 1;
}

void jtp_mtu_black_hole(struct jtp_mtu *mtu, uint64_t now_ns)
{
    if (mtu->current == mtu->base)
        return;
    mtu->too_big = mtu->current;
    mtu->current = mtu->base;
    mtu->probed = 0;
    mtu->failures = mtu->losses = 0;
    mtu->raise_ns = now_ns + JTP_RAISE_NS;
}

bool jtp_mtu_lost(struct jtp_mtu *mtu, uint16_t bytes, uint64_t number, uint64_t now_ns)
{
    /* Lost ones of a size that is given up already say nothing new. */
    if (bytes <= mtu->base || bytes > mtu->current || number < mtu->arrived_end)
        return false;
    if (++mtu->losses < JTP_BLACK_HOLE_LOSSES)
        return false;
    jtp_mtu_black_hole(mtu, now_ns);
    return true;
}
