/* What ingresses are told of models: their tables as they come, and that they go. */
#include "scheduler/service/model_set.h"
#include "scheduler/service/service.h"
#include "shm/fd_pass.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The table over the socket, then the word in the ring. False: the socket is full for now. */
static bool tell(struct service *service, struct ingress *ingress, uint32_t number)
{
    struct model *model = &service->models.items[number];
    struct ingress_model card = {.model = number, .version = model->version};
    memcpy(card.name, model->name, sizeof(card.name));
    const int fd = region_share_fd(&model->table_region, REGION_READ_ONLY);
    if (fd < 0)
        return false;
    const int error = fd_pass_send(ingress->link.socket, &card, sizeof(card), &fd, 1);
    close(fd);
    if (error)
        return false; /* it is full, or its end is about to be noticed */
    const struct ingress_order order = {.kind = INGRESS_MODEL, .model = (uint16_t)number};
    if (!ingress_say(service, ingress, &order))
        return false;
    model->told |= UINT64_C(1) << ingress->config.number;
    return true;
}

static bool tell_end(struct service *service, struct ingress *ingress, uint32_t number)
{
    const struct ingress_order order = {.kind = INGRESS_WITHDRAW, .model = (uint16_t)number};
    if (!ingress_say(service, ingress, &order))
        return false;
    service->models.items[number].withdraw_told |= UINT64_C(1) << ingress->config.number;
    return true;
}

int model_set_tell(struct service *service, struct ingress *ingress)
{
    const uint64_t bit = UINT64_C(1) << ingress->config.number;
    int work = 0;
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        if (model->state == MODEL_SERVING && !(model->told & bit)) {
            if (!tell(service, ingress, i))
                return work;
            work++;
        }
    }
    /* Only then those that go, so that what replaces one was there before. */
    for (uint32_t i = 0; i < service->models.limit; i++) {
        const struct model *model = &service->models.items[i];
        if (model->state == MODEL_WITHDRAWING && (model->told & ~model->withdraw_told & bit)) {
            if (!tell_end(service, ingress, i))
                return work;
            work++;
        }
    }
    return work;
}

void model_set_forget_told(struct model_set *set, uint32_t ingress)
{
    const uint64_t others = ~(UINT64_C(1) << ingress);
    for (uint32_t i = 0; i < set->limit; i++) {
        set->items[i].told &= others;
        set->items[i].withdraw_told &= others;
        set->items[i].withdrawn &= others;
    }
}

bool model_set_is_told(const struct model_set *set, uint32_t number, uint32_t ingress)
{
    return set->items[number].told >> ingress & 1;
}

void model_set_withdrawn(struct model_set *set, uint32_t number, uint32_t ingress)
{
    if (number < MESSAGE_MAX_MODELS)
        set->items[number].withdrawn |= UINT64_C(1) << ingress & set->items[number].withdraw_told;
}
