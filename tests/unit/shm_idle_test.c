/* Tests of shm/idle.c and shm/wake.c: no wake is lost, one call per sleep, and no peer can stop us.
 */
#include "shm/idle.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_NS UINT64_C(20000000000) /* a sleep that only a lost wake would see the end of */

struct both {
    struct wake_cell cells[2];
    struct wake a;
    struct wake b;
};

static struct both *make_both(void)
{
    struct both *both = aligned_alloc(SHM_APART_BYTES, (sizeof(*both) + 127) / 128 * 128);
    memset(both, 0, sizeof(*both));
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(wake_pair(ends), 0);
    wake_init(&both->a, ends[0], &both->cells[0], &both->cells[1], true);
    wake_init(&both->b, ends[1], &both->cells[1], &both->cells[0], true);
    return both;
}

static void free_both(struct both *both)
{
    wake_fini(&both->a);
    wake_fini(&both->a);
    wake_fini(&both->b);
    free(both);
}

static struct idle make_idle(enum idle_mode mode, struct wake *wake)
{
    struct idle idle;
    struct idle_config config = idle_config_default();
    config.mode = mode;
    CU_ASSERT_EQUAL_FATAL(idle_init(&idle, &config), 0);
    CU_ASSERT_EQUAL_FATAL(idle_add(&idle, wake), 0);
    return idle;
}

static void sleeps_after_spinning(void)
{
    struct both *both = make_both();
    struct idle idle = make_idle(IDLE_ADAPTIVE, &both->a);
    CU_ASSERT_EQUAL(idle.config.spin_ns, 20000);
    CU_ASSERT_FALSE(idle_wants_sleep(&idle, 0, 1000));
    CU_ASSERT_FALSE(idle_wants_sleep(&idle, 0, 20999));
    CU_ASSERT_FALSE(idle_wants_sleep(&idle, 1, 21000)); /* work: from the start again */
    CU_ASSERT_FALSE(idle_wants_sleep(&idle, 0, 22000));
    CU_ASSERT_FALSE(idle_wants_sleep(&idle, 0, 41999));
    CU_ASSERT_TRUE(idle_wants_sleep(&idle, 0, 42000));
    idle_fini(&idle);
    idle_fini(&idle);
    idle_fini(NULL);
    idle = make_idle(IDLE_BUSY, &both->a);
    for (uint64_t now = 0; now < 1000000000; now += 1000000)
        CU_ASSERT_FALSE(idle_wants_sleep(&idle, 0, now));
    idle_fini(&idle);
    free_both(both);
}

static void rings_once_per_sleep(void)
{
    struct both *both = make_both();
    struct idle idle = make_idle(IDLE_ADAPTIVE, &both->a);
    for (int i = 0; i < 10; i++)
        wake_ring(&both->b);
    CU_ASSERT_EQUAL(both->b.ring_count, 0); /* nobody slept */
    for (uint64_t sleep = 1; sleep <= 5; sleep++) {
        idle_arm(&idle);
        for (int i = 0; i < 10; i++)
            wake_ring(&both->b);
        CU_ASSERT_EQUAL(both->b.ring_count, sleep);
        CU_ASSERT_EQUAL(idle_sleep(&idle, LONG_NS), 1);
        idle_disarm(&idle);
        CU_ASSERT_EQUAL(idle_sleep(&idle, 0), 0); /* drained */
    }
    idle_arm(&idle);
    CU_ASSERT_EQUAL(idle_sleep(&idle, 1000), 0); /* nobody rang: the time is over */
    idle_disarm(&idle);
    both->b.can_peer_sleep = false;
    idle_arm(&idle);
    wake_ring(&both->b);
    CU_ASSERT_EQUAL(both->b.ring_count, 5);
    idle_fini(&idle);
    free_both(both);
}

struct player {
    struct wake *wake;
    atomic_uint *mine;
    atomic_uint *others;
    unsigned rounds;
    unsigned ahead; /* of the other: 0 or 1 */
    unsigned lost;
    uint64_t armed;
};

/* Waits for the other's number to reach the round, then moves its own; asleep in between: a lost
 * wake would stop both until the time runs out. */
static void *play(void *arg)
{
    struct player *player = arg;
    struct idle_config config = {.mode = IDLE_ADAPTIVE, .spin_ns = 0};
    struct idle idle;
    idle_init(&idle, &config);
    idle_add(&idle, player->wake);
    for (unsigned round = 1; round <= player->rounds; round++) {
        while (atomic_load_explicit(player->others, memory_order_acquire) < round) {
            idle_arm(&idle);
            player->armed++;
            if (atomic_load_explicit(player->others, memory_order_acquire) < round &&
                idle_sleep(&idle, LONG_NS) == 0)
                player->lost++;
            idle_disarm(&idle);
        }
        atomic_store_explicit(player->mine, round + player->ahead, memory_order_release);
        wake_ring(player->wake);
    }
    idle_fini(&idle);
    return NULL;
}

static void no_wake_is_lost(void)
{
    struct both *both = make_both();
    enum { ROUNDS = 50000 };
    atomic_uint numbers[2] = {0, 1}; /* the first begins */
    struct player a = {&both->a, &numbers[0], &numbers[1], ROUNDS, 0, 0, 0};
    struct player b = {&both->b, &numbers[1], &numbers[0], ROUNDS, 1, 0, 0};
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, play, &a);
    pthread_create(&threads[1], NULL, play, &b);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    CU_ASSERT_EQUAL(a.lost + b.lost, 0);
    CU_ASSERT_TRUE(both->a.ring_count <= b.armed);
    CU_ASSERT_TRUE(both->b.ring_count <= a.armed);
    printf(" (armed %llu times, %llu rings) ", (unsigned long long)(a.armed + b.armed),
           (unsigned long long)(both->a.ring_count + both->b.ring_count));
    free_both(both);
}

struct race {
    struct both *both;
    atomic_uint *number; /* what is published */
    atomic_uint go;
    atomic_uint done;
};

#define RACES 30000u

/* Both have a core, so neither gives it away: the races are what happens while both run. */
static void wait_for(atomic_uint *word, unsigned value)
{
    while (atomic_load_explicit(word, memory_order_acquire) != value)
        continue;
}

static void delay(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        idle_pause();
}

/* The calling thread runs on the first or second core it may; false if there is no such. */
static bool run_on_core(int which)
{
    cpu_set_t all;
    sched_getaffinity(0, sizeof(all), &all);
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &all) || which-- > 0)
            continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(core, &one);
        return pthread_setaffinity_np(pthread_self(), sizeof(one), &one) == 0;
    }
    return false;
}

static void *publish_and_ring(void *arg)
{
    struct race *race = arg;
    run_on_core(1);
    for (unsigned round = 1; round <= RACES; round++) {
        wait_for(&race->go, round);
        /* Near at hand, as after many pushes: an early read is a quick one. */
        atomic_load_explicit(&race->both->cells[0].is_sleeping, memory_order_relaxed);
        delay(2 + round % 5);
        atomic_store_explicit(race->number, round, memory_order_release);
        wake_ring(&race->both->b);
        atomic_store_explicit(&race->done, round, memory_order_release);
    }
    return NULL;
}

/* The heart of it, both at the same moment: who does not see what was published is rung. Without
 * either of the two fences this fails on x86. */
static void who_misses_it_is_rung(void)
{
    cpu_set_t all;
    sched_getaffinity(0, sizeof(all), &all);
    if (CPU_COUNT(&all) < 2) {
        printf(" (skipped: needs two cores) ");
        return;
    }
    struct race race = {.both = make_both()};
    struct idle idle = make_idle(IDLE_ADAPTIVE, &race.both->a);
    race.number = aligned_alloc(SHM_APART_BYTES, SHM_APART_BYTES);
    atomic_init(race.number, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, publish_and_ring, &race);
    run_on_core(0);
    unsigned missed = 0;
    unsigned lost = 0;
    uint64_t rings = 0;
    for (unsigned round = 1; round <= RACES; round++) {
        atomic_store_explicit(&race.go, round, memory_order_release);
        delay(2 + round / 5 % 12);
        idle_arm(&idle);
        const bool is_missed = atomic_load_explicit(race.number, memory_order_acquire) != round;
        wait_for(&race.done, round);
        missed += is_missed;
        lost += is_missed && race.both->b.ring_count == rings;
        rings = race.both->b.ring_count;
        idle_disarm(&idle);
    }
    pthread_join(thread, NULL);
    sched_setaffinity(0, sizeof(all), &all);
    printf(" (%u missed it, %u of them were not rung) ", missed, lost);
    CU_ASSERT_EQUAL(lost, 0);
    free(race.number);
    idle_fini(&idle);
    free_both(race.both);
}

static void other_descriptors_wake_too(void)
{
    struct both *both = make_both();
    struct idle idle = make_idle(IDLE_ADAPTIVE, &both->a);
    const int fd = eventfd(1, EFD_CLOEXEC);
    CU_ASSERT_EQUAL(idle_watch(&idle, fd), 0);
    CU_ASSERT_EQUAL(idle_watch(&idle, -1), -EBADF);
    CU_ASSERT_EQUAL(idle_sleep(&idle, LONG_NS), 1);
    idle_unwatch(&idle, fd);
    CU_ASSERT_EQUAL(idle_sleep(&idle, 0), 0);
    close(fd);
    idle_remove(&idle, &both->a);
    idle_arm(&idle); /* not armed any more */
    CU_ASSERT_EQUAL(atomic_load(&both->cells[0].is_sleeping), 0);
    idle_remove(&idle, &both->a);
    idle_fini(&idle);
    free_both(both);
}

static bool is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) == 1;
}

static void whoever_sleeps_elsewhere_is_woken_too(void)
{
    struct both *both = make_both();
    struct idle idle = make_idle(IDLE_ADAPTIVE, &both->a);
    idle_arm(&idle);
    CU_ASSERT_FALSE(is_readable(idle_fd(&idle)));
    wake_ring(&both->b);
    CU_ASSERT_TRUE(is_readable(idle_fd(&idle)));
    idle_disarm(&idle);
    CU_ASSERT_FALSE(is_readable(idle_fd(&idle)));
    wake_fini(&both->b);
    CU_ASSERT_TRUE(is_readable(idle_fd(&idle)));
    CU_ASSERT_EQUAL(idle_sleep(&idle, 0), 1);
    CU_ASSERT_TRUE(both->a.is_peer_gone);
    CU_ASSERT_FALSE(is_readable(idle_fd(&idle)));
    idle_remove(&idle, &both->a);
    idle_fini(&idle);
    free_both(both);
}

/* A peer that was stopped between its exchange and its send sends when nobody sleeps any more. */
static void a_late_ring_ends_one_sleep(void)
{
    struct both *both = make_both();
    struct idle idle = make_idle(IDLE_ADAPTIVE, &both->a);
    idle_arm(&idle);
    CU_ASSERT_EQUAL(atomic_exchange(&both->cells[0].is_sleeping, 0), 1);
    idle_disarm(&idle);
    const char byte = 1;
    CU_ASSERT_EQUAL(send(both->b.fd, &byte, 1, MSG_DONTWAIT), 1);
    idle_arm(&idle);
    CU_ASSERT_EQUAL(idle_sleep(&idle, LONG_NS), 1);
    idle_disarm(&idle);
    for (int i = 0; i < 3; i++) {
        idle_arm(&idle);
        CU_ASSERT_EQUAL(idle_sleep(&idle, 1000), 0);
        idle_disarm(&idle);
    }
    idle_arm(&idle);
    wake_ring(&both->b);
    CU_ASSERT_EQUAL(idle_sleep(&idle, LONG_NS), 1);
    idle_disarm(&idle);
    idle_fini(&idle);
    free_both(both);
}

static void a_gone_peer_is_noticed_once(void)
{
    struct both *both = make_both();
    struct idle idle = make_idle(IDLE_ADAPTIVE, &both->a);
    wake_fini(&both->b);
    idle_arm(&idle);
    CU_ASSERT_EQUAL(idle_sleep(&idle, LONG_NS), 1);
    idle_disarm(&idle);
    CU_ASSERT_TRUE(both->a.is_peer_gone);
    idle_arm(&idle);
    CU_ASSERT_EQUAL(idle_sleep(&idle, 1000), 0); /* and does not keep us awake */
    idle_disarm(&idle);
    both->a.is_peer_gone = false;
    atomic_store(&both->cells[1].is_sleeping, 1);
    wake_ring(&both->a); /* no signal either */
    CU_ASSERT_TRUE(both->a.is_peer_gone);
    idle_remove(&idle, &both->a);
    idle_fini(&idle);
    free_both(both);
}

/* All that a hostile peer can do with its end: fill it, make it blocking, say that it sleeps, send
 * junk and descriptors. Neither ring nor drain waits, and nothing is left open. */
static void a_hostile_peer_cannot_stop_us(void)
{
    struct both *both = make_both();
    struct idle idle = make_idle(IDLE_ADAPTIVE, &both->a);
    fcntl(both->b.fd, F_SETFL, 0);
    for (int i = 0; i < 100000; i++) { /* it never reads, and always says that it sleeps */
        atomic_store(&both->cells[1].is_sleeping, i % 2 ? 1 : UINT32_MAX);
        wake_ring(&both->a);
    }
    CU_ASSERT_EQUAL(both->a.ring_count, 100000);
    CU_ASSERT_FALSE(both->a.is_peer_gone);
    const char junk[100] = {0};
    for (int i = 0; i < 100000 && send(both->b.fd, junk, sizeof(junk), MSG_DONTWAIT) > 0; i++)
        continue;
    for (int i = 0; i < 1000; i++) {
        idle_arm(&idle);
        atomic_store(&both->cells[0].is_sleeping, i % 3 ? 0 : UINT32_MAX);
        CU_ASSERT_TRUE(idle_sleep(&idle, 0) <= 1);
        idle_disarm(&idle);
    }
    idle_fini(&idle);
    free_both(both);
}

const struct cunit_test tests[] = {
    {"adaptive spins, then wants to sleep; busy never does", sleeps_after_spinning},
    {"one system call wakes a sleeper, none one who is awake", rings_once_per_sleep},
    {"no wake is lost", no_wake_is_lost},
    {"who goes to sleep without seeing what is published is rung", who_misses_it_is_rung},
    {"other descriptors end a sleep too", other_descriptors_wake_too},
    {"whoever sleeps elsewhere on the idle's descriptor is woken too",
     whoever_sleeps_elsewhere_is_woken_too},
    {"a ring that comes late ends one sleep, not all that follow", a_late_ring_ends_one_sleep},
    {"a peer that is gone is noticed, once", a_gone_peer_is_noticed_once},
    {"a hostile peer cannot make a ring or a drain wait", a_hostile_peer_cannot_stop_us},
    {NULL, NULL},
};
