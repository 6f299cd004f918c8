/* One ingress: its channel, its words in and out, its end. What SUBMIT says is in submit.c. */
#include "scheduler/service/ingress.h"
#include "scheduler/service/service.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BURST 64
#define COUNTERS 512u /* that an ingress may define */
#define ORDERS 1024u /* room for words that are not about requests */

/* The power of two from there on. */
static uint32_t capacity_for(uint64_t count)
{
    uint32_t capacity = 2;
    while (capacity < count && capacity < 1u << 24)
        capacity *= 2;
    return capacity;
}

/* Room for all that an honest peer can have unread: FINISHED for each request; SUBMIT, CANCEL and
 * SENT for each. */
static struct channel_config channel_of(const struct service *service,
                                        const struct ingress *ingress)
{
    struct channel_config config = channel_config_default();
    config.name = "joint-ingress";
    config.to_peer_capacity = capacity_for((uint64_t)ingress->config.slot_count + ORDERS);
    config.from_peer_capacity = capacity_for(UINT64_C(2) * ingress->config.slot_count +
                                             service->memory.slot_count + ORDERS);
    config.can_peer_sleep = ingress->config.can_sleep;
    return config;
}

int ingress_init(struct ingress *ingress, struct service *service,
                 const struct ingress_config *wanted)
{
    *ingress = (struct ingress){.config = *wanted};
    ingress->open = calloc(ingress->config.slot_count, sizeof(*ingress->open));
    if (!ingress->open)
        return -ENOMEM;
    for (uint32_t i = 0; i < ingress->config.slot_count; i++)
        ingress->open[i].request = REQUEST_NONE;
    const struct channel_config config = channel_of(service, ingress);
    const int error = link_init(&ingress->link, &service->idle, &config);
    if (error) {
        free(ingress->open);
        *ingress = (struct ingress){0};
    }
    return error;
}

void ingress_fini(struct ingress *ingress)
{
    if (!ingress || !ingress->open)
        return;
    link_fini(&ingress->link);
    region_fini(&ingress->counters);
    free(ingress->open);
    *ingress = (struct ingress){0};
}

int ingress_offer(struct service *service, struct ingress *ingress, int socket)
{
    region_fini(&ingress->counters);
    const struct region_config config = {.name = "joint-counters",
                                         .kind = REGION_COUNTERS,
                                         .payload_bytes = counters_bytes(COUNTERS),
                                         .pages = REGION_PAGES_SMALL};
    const int error = region_init(&ingress->counters, &config);
    if (error) {
        ingress->counters = (struct region){0};
        close(socket);
        return error;
    }
    const struct memory *memory = &service->memory;
    const struct channel_grant grants[INGRESS_GRANT_COUNT] = {
        [INGRESS_REQUESTS] = {.region = ingress->config.requests,
                              .kind = REGION_SLAB,
                              .access = REGION_READ_WRITE},
        [INGRESS_RESPONSES] = {.region = &memory->responses,
                               .kind = REGION_SLAB,
                               .access = REGION_READ_ONLY},
        [INGRESS_LOAD] = {.region = &memory->load,
                          .kind = REGION_LOAD_PAGE,
                          .access = REGION_READ_ONLY},
        [INGRESS_COUNTERS] = {.region = &ingress->counters,
                              .kind = REGION_COUNTERS,
                              .access = REGION_READ_WRITE},
    };
    return link_offer(&ingress->link, socket, grants, INGRESS_GRANT_COUNT);
}

static void condemn(struct service *service, struct ingress *ingress, const char *why)
{
    if (ingress->is_condemned)
        return;
    ingress->is_condemned = true;
    if (ingress == &service->api.ingress)
        api_condemn(service, why);
    else
        dataplane_condemn(service, ingress->config.number, why);
}

bool ingress_say(struct service *service, struct ingress *ingress, const void *message)
{
    if (ingress->link.state != LINK_OPEN || ingress->is_condemned)
        return false;
    const int pushed = link_push(&ingress->link, &service->rings, message, 1);
    if (pushed == 1)
        return true;
    condemn(service, ingress, pushed < 0 ? "spoilt its ring" : "does not take its answers");
    return false;
}

void ingress_open(struct ingress *ingress, const struct ingress_submit *submit, uint32_t request)
{
    ingress->open[submit->slot] =
        (struct ingress_open){.request = request, .generation = submit->generation};
    ingress->open_count++;
}

void ingress_close(struct ingress *ingress, uint32_t slot)
{
    assert(slot < ingress->config.slot_count && ingress->open_count > 0);
    ingress->open[slot].request = REQUEST_NONE;
    ingress->open_count--;
}

void ingress_finish(struct service *service, struct ingress *ingress,
                    const struct ingress_finished *finished)
{
    ingress_close(ingress, finished->slot);
    ingress_say(service, ingress, finished);
}

static void take_cancel(struct service *service, struct ingress *ingress,
                        const struct ingress_order *order, uint64_t now_ns)
{
    const uint32_t slot = order->slot;
    /* Crossed by its FINISHED, it names nothing that is open: no fault of anybody. */
    if (slot >= ingress->config.slot_count || ingress->open[slot].request == REQUEST_NONE ||
        ingress->open[slot].generation != order->generation)
        return;
    const uint32_t request = ingress->open[slot].request;
    if (!service->requests.items[request].is_expected) {
        request_cancel(service, request, now_ns);
        return;
    }
    ingress_close(ingress, slot);
    request_unexpect(service, request);
}

static void take(struct service *service, struct ingress *ingress,
                 const union ingress_message *message, uint64_t now_ns)
{
    switch (message->kind) {
    case INGRESS_SUBMIT:
        submit_take(service, ingress, &message->submit, now_ns);
        break;
    case INGRESS_ASK:
        submit_ask(service, ingress, &message->submit, now_ns);
        break;
    case INGRESS_CANCEL:
        take_cancel(service, ingress, &message->order, now_ns);
        break;
    case INGRESS_SENT:
        if (request_sent(service, ingress_owner(ingress->config.number), message->order.slot,
                         message->order.generation))
            counts_add(&service->counts, COUNT_JUNK, 1);
        break;
    case INGRESS_STARTED:
        ingress->is_started = true;
        service->look_ns = 0;
        break;
    case INGRESS_WITHDRAWN:
        model_set_withdrawn(&service->models, message->order.model, ingress->config.number);
        break;
    case INGRESS_DRAINED:
        ingress->is_drained = ingress->is_drain_told;
        break;
    default:
        counts_add(&service->counts, COUNT_JUNK, 1);
    }
}

int ingress_poll(struct service *service, struct ingress *ingress, uint64_t now_ns)
{
    if (ingress->link.state != LINK_OPEN || ingress->is_condemned)
        return 0;
    union ingress_message said[BURST];
    const int count = channel_pop(&ingress->link.channel, said, BURST);
    if (count < 0) {
        condemn(service, ingress, "spoilt its ring");
        return 1;
    }
    for (int i = 0; i < count; i++)
        take(service, ingress, &said[i], now_ns);
    return count;
}

/* With leases of one length the first of the list is the first to end. */
static void check_lease(struct service *service, struct ingress *ingress, uint64_t now_ns)
{
    const uint32_t first =
        slot_table_first(service->memory.owners, ingress_owner(ingress->config.number));
    struct slot_view view;
    if (first != SLOT_NONE && slot_table_view(service->memory.owners, first, &view) == 0 &&
        view.lease_ns < now_ns)
        condemn(service, ingress, "keeps an answer longer than any client waits");
}

int ingress_look(struct service *service, struct ingress *ingress, uint64_t now_ns)
{
    if (ingress->is_condemned)
        return 0;
    const int opened = link_poll(&ingress->link);
    if (opened < 0)
        condemn(service, ingress, "did not take its channel");
    if (ingress->link.state != LINK_OPEN || ingress->is_condemned)
        return opened != 0;
    check_lease(service, ingress, now_ns);
    return opened + model_set_tell(service, ingress);
}

void ingress_bury(struct service *service, struct ingress *ingress, uint64_t now_ns)
{
    const uint32_t owner = ingress_owner(ingress->config.number);
    for (uint32_t i = 0; i < ingress->config.slot_count && ingress->open_count > 0; i++)
        if (ingress->open[i].request != REQUEST_NONE) {
            const uint32_t request = ingress->open[i].request;
            ingress_close(ingress, i);
            if (service->requests.items[request].is_expected)
                request_unexpect(service, request);
            else
                request_abandon(service, request, now_ns);
        }
    struct slot_recovered recovered;
    while (slot_table_recover(service->memory.owners, owner, &recovered))
        request_unsent(service, recovered.slot);
    link_close(&ingress->link);
    model_set_forget_told(&service->models, ingress->config.number);
    ingress->is_started = ingress->is_drain_told = ingress->is_drained = false;
    ingress->is_condemned = false;
}
