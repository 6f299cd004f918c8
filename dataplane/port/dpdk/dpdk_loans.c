/* Loans are kept on a stack, so that the same few are in the cache. */
#include "dataplane/port/dpdk/dpdk_loans.h"

#include <assert.h>
#include <errno.h>
#include <rte_errno.h>
#include <stdlib.h>

static void give_back(void *payload, void *loan_of)
{
    (void)payload;
    struct dpdk_loan *loan = loan_of;
    /* The ring holds every loan there is. */
    const int result = rte_ring_enqueue(loan->ready, loan);
    assert(result == 0);
    (void)result;
}

int dpdk_loans_init(struct dpdk_loans *loans, const char *name, int socket)
{
    *loans = (struct dpdk_loans){
        .loans = calloc(PORT_MAX_TOKENS, sizeof(loans->loans[0])),
        .free = malloc(PORT_MAX_TOKENS * sizeof(loans->free[0])),
        /* RTS: a thread that is preempted while it frees does not stop the others. */
        .ready = rte_ring_create(name, PORT_MAX_TOKENS, socket,
                                 RING_F_EXACT_SZ | RING_F_MP_RTS_ENQ | RING_F_SC_DEQ),
    };
    if (!loans->loans || !loans->free || !loans->ready) {
        const int error = loans->ready ? -ENOMEM : -rte_errno;
        dpdk_loans_fini(loans);
        return error;
    }
    for (uint32_t i = 0; i < PORT_MAX_TOKENS; i++) {
        struct dpdk_loan *loan = &loans->loans[PORT_MAX_TOKENS - 1 - i];
        loan->shared.free_cb = give_back;
        loan->shared.fcb_opaque = loan;
        loan->ready = loans->ready;
        loans->free[i] = loan;
    }
    loans->free_count = PORT_MAX_TOKENS;
    return 0;
}

void dpdk_loans_fini(struct dpdk_loans *loans)
{
    rte_ring_free(loans->ready);
    free(loans->free);
    free(loans->loans);
    *loans = (struct dpdk_loans){0};
}

static struct dpdk_loan *take(struct dpdk_loans *loans, uint64_t token)
{
    assert(loans->free_count > 0); /* port.h: so many tokens may be out */
    struct dpdk_loan *loan = loans->free[--loans->free_count];
    loan->token = token;
    return loan;
}

void dpdk_loans_return(struct dpdk_loans *loans, uint64_t token)
{
    give_back(NULL, take(loans, token));
}

void dpdk_loans_lend(struct dpdk_loans *loans, struct rte_mbuf *mbuf, const uint8_t *payload,
                     uint16_t bytes, rte_iova_t iova, uint64_t token)
{
    struct dpdk_loan *loan = take(loans, token);
    rte_mbuf_ext_refcnt_set(&loan->shared, 1);
    /* DPDK only reads what is sent. */
    rte_pktmbuf_attach_extbuf(mbuf, (void *)(uintptr_t)payload, iova, bytes, &loan->shared);
    mbuf->data_len = bytes;
    mbuf->pkt_len = bytes;
}

uint32_t dpdk_loans_fetch(struct dpdk_loans *loans, uint64_t *tokens, uint32_t count)
{
    uint32_t given = 0;
    while (given < count) {
        void *some[PORT_MAX_BURST];
        const uint32_t left = count - given;
        const uint32_t got = rte_ring_dequeue_burst(
            loans->ready, some, left < PORT_MAX_BURST ? left : PORT_MAX_BURST, NULL);
        if (got == 0)
            break;
        for (uint32_t i = 0; i < got; i++) {
            struct dpdk_loan *loan = some[i];
            tokens[given++] = loan->token;
            loans->free[loans->free_count++] = loan;
        }
    }
    return given;
}
