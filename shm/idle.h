/* What a thread does when its roles found no work: spin, or spin and then sleep.
 *
 *   int work = role_poll(role, now_ns);
 *   if (idle_wants_sleep(&idle, work, now_ns)) {
 *       idle_arm(&idle);
 *       if (role_poll(role, now_ns) == 0)   // the re-check, of everything
 *           idle_sleep(&idle, timeout_ns);
 *       idle_disarm(&idle);
 *   }
 *
 * One thread uses an idle. Other descriptors (timers, control sockets) can be watched beside the
 * channels' doorbells; their readiness ends the sleep, and the next poll looks at them. */
#ifndef SHM_IDLE_H
#define SHM_IDLE_H

#include "shm/wake.h"

enum idle_mode {
    IDLE_ADAPTIVE, /* spins for spin_ns, then sleeps until something comes */
    IDLE_BUSY, /* only spins; its peers may be told that it never sleeps */
};

struct idle_config {
    enum idle_mode mode; /* IDLE_ADAPTIVE */
    uint64_t spin_ns; /* 20,000: about what a sleep and a wake cost */
};

struct idle {
    struct idle_config config;
    int epoll_fd; /* owned */
    bool is_spinning;
    uint64_t spinning_since_ns;
    struct wake *wakes;
    uint64_t sleep_count;
};

struct idle_config idle_config_default(void);

int idle_init(struct idle *idle, const struct idle_config *config);
void idle_fini(struct idle *idle); /* accepts NULL; not a zeroed one, whose descriptor is 0 */

/* The wake must stay where it is until it is removed. 0 or -errno. */
int idle_add(struct idle *idle, struct wake *wake);
void idle_remove(struct idle *idle, struct wake *wake);

/* Any other descriptor to wake up for. 0 or -errno. */
int idle_watch(struct idle *idle, int fd);
void idle_unwatch(struct idle *idle, int fd);

/* Whether it is time to sleep; pauses the core a little if there was no work. */
bool idle_wants_sleep(struct idle *idle, int work, uint64_t now_ns);
void idle_arm(struct idle *idle);
/* Until a ring, a watched descriptor, a peer's end, a signal, or the time; how many were ready.
 * A wake whose peer is gone says so and does not wake again. */
int idle_sleep(struct idle *idle, uint64_t timeout_ns);
void idle_disarm(struct idle *idle);

/* For a thread that sleeps elsewhere, between arm and disarm: readable when idle_sleep() would end.
 * After it was, idle_sleep(idle, 0) notes whose peer is gone. */
static inline int idle_fd(const struct idle *idle)
{
    return idle->epoll_fd;
}

/* Tells the core that it waits for memory to change. */
static inline void idle_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

#endif
