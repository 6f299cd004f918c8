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
    {NULL, NULL},
};
