/* Tests of scheduler/service/link.c: a peer's lives, none of which is waited for. */
#include "scheduler/service/link.h"
#include "shm/fd_pass.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct ends {
    struct idle idle;
    struct link link;
    int theirs;
};

static void init(struct ends *ends)
{
    const struct idle_config idle = idle_config_default();
    const struct channel_config channel = channel_config_default();
    memset(ends, 0, sizeof(*ends));
    CU_ASSERT_EQUAL_FATAL(idle_init(&ends->idle, &idle), 0);
    CU_ASSERT_EQUAL_FATAL(link_init(&ends->link, &ends->idle, &channel), 0);
}

static void fini(struct ends *ends)
{
    link_fini(&ends->link);
    idle_fini(&ends->idle);
}

static void offer(struct ends *ends)
{
    int pair[2];
    CU_ASSERT_EQUAL_FATAL(fd_pass_pair(pair), 0);
    ends->theirs = pair[1];
    CU_ASSERT_EQUAL_FATAL(link_offer(&ends->link, pair[0], NULL, 0), 0);
    CU_ASSERT_EQUAL(ends->link.state, LINK_OFFERED);
}

static void each_life_has_its_own_memory(void)
{
    struct ends ends;
    init(&ends);
    for (uint32_t life = 1; life <= 5; life++) {
        struct channel peer;
        offer(&ends);
        CU_ASSERT_EQUAL(link_poll(&ends.link), 0); /* it has not answered */
        CU_ASSERT_EQUAL_FATAL(channel_accept(&peer, ends.theirs), 0);
        CU_ASSERT_EQUAL(link_poll(&ends.link), 1);
        CU_ASSERT_EQUAL(link_poll(&ends.link), 0);
        CU_ASSERT_EQUAL(ends.link.state, LINK_OPEN);
        CU_ASSERT_EQUAL(peer.config.epoch, life);
        const struct spsc_entry word = {{life}};
        struct spsc_entry heard;
        CU_ASSERT_EQUAL(channel_push(&peer, &word, 1), 1);
        channel_fini(&peer); /* what it said is still there */
        CU_ASSERT_EQUAL(channel_pop(&ends.link.channel, &heard, 1), 1);
        CU_ASSERT_EQUAL(heard.word[0], life);
        link_close(&ends.link);
        CU_ASSERT_EQUAL(ends.link.state, LINK_CLOSED);
        CU_ASSERT_PTR_NULL(ends.idle.wakes);
        close(ends.theirs);
    }
    fini(&ends);
}

/* However much was said: a peer that sleeps is woken once, and hears all of it. */
static void peers_are_woken_once_a_turn(void)
{
    struct ends ends;
    struct channel peer;
    struct idle idle;
    struct link_rings rings = {0};
    const struct idle_config config = idle_config_default();
    init(&ends);
    offer(&ends);
    CU_ASSERT_EQUAL_FATAL(channel_accept(&peer, ends.theirs), 0);
    CU_ASSERT_EQUAL_FATAL(link_poll(&ends.link), 1);
    CU_ASSERT_EQUAL_FATAL(idle_init(&idle, &config), 0);
    CU_ASSERT_EQUAL_FATAL(idle_add(&idle, &peer.wake), 0);
    const uint64_t before = ends.link.channel.wake.ring_count;
    idle_arm(&idle);
    for (uint64_t i = 0; i < 5; i++) {
        const struct spsc_entry word = {{i}};
        CU_ASSERT_EQUAL(link_push(&ends.link, &rings, &word, 1), 1);
    }
    CU_ASSERT_EQUAL(ends.link.channel.wake.ring_count, before);
    CU_ASSERT_EQUAL(idle_sleep(&idle, 0), 0);
    link_ring(&rings);
    CU_ASSERT_EQUAL(ends.link.channel.wake.ring_count, before + 1);
    CU_ASSERT_EQUAL(idle_sleep(&idle, 0), 1);
    idle_disarm(&idle);
    link_ring(&rings); /* nothing more was said */
    CU_ASSERT_EQUAL(ends.link.channel.wake.ring_count, before + 1);
    struct spsc_entry heard[8];
    CU_ASSERT_EQUAL(channel_pop(&peer, heard, 8), 5);
    idle_remove(&idle, &peer.wake);
    idle_fini(&idle);
    channel_fini(&peer);
    link_close(&ends.link);
    close(ends.theirs);
    fini(&ends);
}

static void a_peer_that_dies_before_it_answers_is_no_error(void)
{
    struct ends ends;
    init(&ends);
    for (int life = 0; life < 3; life++) {
        offer(&ends);
        close(ends.theirs);
        CU_ASSERT_EQUAL(link_poll(&ends.link), 0);
        CU_ASSERT_EQUAL(idle_sleep(&ends.idle, 0), 0); /* nor does it keep anybody awake */
        link_close(&ends.link);
    }
    fini(&ends);
}

static void a_wrong_answer_is_told(void)
{
    struct ends ends;
    init(&ends);
    offer(&ends);
    const char nonsense[16] = "abc";
    CU_ASSERT_EQUAL(fd_pass_send(ends.theirs, nonsense, sizeof(nonsense), NULL, 0), 0);
    CU_ASSERT_EQUAL(link_poll(&ends.link), -EBADMSG);
    CU_ASSERT_NOT_EQUAL(ends.link.state, LINK_OPEN);
    close(ends.theirs);
    fini(&ends);
    link_fini(NULL);
}

const struct cunit_test tests[] = {
    {"each life of a peer has memory of its own", each_life_has_its_own_memory},
    {"a peer that dies before it answers is no error",
     a_peer_that_dies_before_it_answers_is_no_error},
    {"a wrong answer is told, and opens nothing", a_wrong_answer_is_told},
    {"a peer that sleeps is woken once a turn", peers_are_woken_once_a_turn},
    {NULL, NULL},
};
