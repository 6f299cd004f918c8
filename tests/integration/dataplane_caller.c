/* Clients of a joint-dataplane with the made-up models, for dataplane_ports.py and benchmarks.
 *
 *   dataplane_caller ADDRESS UDP_PORT CLIENTS REQUESTS [CUT]
 *
 * Each client keeps two requests open until REQUESTS were made, from CUT or from any; what they ask
 * depends on their numbers alone. Every answer is compared with what it should be. Prints as JSON
 * how many were right, a checksum over all answers, and bytes of tensors a second. */
#include "tests/property/ingress_caller.h"

#include "dataplane/proto/crc32c.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CLIENTS 64u
#define LIMIT_NS UINT64_C(60000000000)

struct load {
    struct caller callers[MAX_CLIENTS];
    struct call *calls; /* by number */
    uint32_t *digests;
    uint32_t client_count, request_count, begun, ended, right;
    int32_t cut;
    uint64_t bytes;
};

static void begin(struct load *load)
{
    const uint32_t i = load->begun++;
    struct call *call = &load->calls[i];
    *call = (struct call){.model = load->cut < 0 && i % 3 == 0 ? &host_small : &host_large,
                          .from = (uint16_t)(load->cut < 0 ? i % 3 : (uint32_t)load->cut),
                          .to = 3};
    if (load->cut < 0 && i % 4 == 1) /* a long answer, of 36 or 170 KB from the first two cuts */
        call->to = (uint16_t)(call->from + 1);
    struct caller *caller = &load->callers[i % load->client_count];
    caller->seed = i + 1; /* what it sends is the same in each run */
    if (!caller_call(caller, call))
        exit(1);
}

static void end(struct load *load, uint32_t i)
{
    struct call *call = &load->calls[i];
    load->right += call_is_right(call);
    load->digests[i] = jtp_crc32c(0, call->answer, call->answer_bytes);
    load->bytes += call->bytes + call->answer_bytes;
    load->ended++;
    call_free(call);
}

static void run(struct load *load)
{
    const uint64_t end_ns = host_now_ns() + LIMIT_NS;
    const uint32_t most = 2 * load->client_count;
    while (load->ended < load->request_count && host_now_ns() < end_ns) {
        int work = 0;
        while (load->begun < load->request_count && load->begun - load->ended < most)
            begin(load);
        for (uint32_t i = 0; i < load->client_count; i++)
            work += caller_poll(&load->callers[i]);
        for (uint32_t i = 0; i < load->begun; i++)
            if (load->calls[i].message && load->calls[i].is_over)
                end(load, i);
        if (work == 0)
            usleep(20);
    }
}

int main(int count, char **values)
{
    static struct load load;
    struct in_addr address;
    if (count < 5 || inet_pton(AF_INET, values[1], &address) != 1)
        return 2;
    load.client_count = (uint32_t)strtoul(values[3], NULL, 10);
    load.request_count = (uint32_t)strtoul(values[4], NULL, 10);
    load.cut = count > 5 ? (int32_t)strtoul(values[5], NULL, 10) : -1;
    load.calls = calloc(load.request_count, sizeof(*load.calls));
    load.digests = calloc(load.request_count, sizeof(*load.digests));
    if (!load.calls || !load.digests || load.client_count < 1 || load.client_count > MAX_CLIENTS)
        return 2;
    for (uint32_t i = 0; i < load.client_count; i++)
        if (!caller_open(&load.callers[i], ntohl(address.s_addr),
                         (uint16_t)strtoul(values[2], NULL, 10), i + 1))
            return 1;
    const uint64_t begun_ns = host_now_ns();
    run(&load);
    const double seconds = (double)(host_now_ns() - begun_ns) / 1e9;
    printf("{\"right\": %u, \"ended\": %u, \"digest\": %u, \"bytes_per_s\": %.0f}\n", load.right,
           load.ended, jtp_crc32c(0, load.digests, load.request_count * sizeof(*load.digests)),
           (double)load.bytes / seconds);
    for (uint32_t i = 0; i < load.client_count; i++)
        caller_close(&load.callers[i]);
    free(load.calls);
    free(load.digests);
    return load.right != load.request_count;
}
