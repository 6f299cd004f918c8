/* joint-worker as a process: what memory it shares, how it ends, where its threads run. */
#include "tests/property/worker_dispatch.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_BATCH 4u

/* Sums of the worker's memory in KiB, from its smaps. */
struct memory_view {
    unsigned long weights_inode;
    unsigned long weights_kib; /* mapped */
    unsigned long weights_private_dirty_kib;
    unsigned long weights_writable; /* mappings */
};

static struct memory_view view_of(pid_t pid)
{
    char path[64], line[512];
    snprintf(path, sizeof(path), "/proc/%ld/smaps", (long)pid);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    struct memory_view view = {0};
    bool is_weights = false;
    while (fgets(line, sizeof(line), file)) {
        unsigned long from, to, inode, kib;
        char rights[8];
        if (sscanf(line, "%lx-%lx %7s %*s %*s %lu", &from, &to, rights, &inode) == 4) {
            is_weights = strstr(line, "joint-weights") != NULL;
            if (is_weights) {
                view.weights_inode = inode;
                view.weights_kib += (to - from) / 1024;
                view.weights_writable += rights[1] == 'w';
            }
        } else if (is_weights && sscanf(line, "Private_Dirty: %lu kB", &kib) == 1) {
            view.weights_private_dirty_kib += kib;
        }
    }
    fclose(file);
    return view;
}

static void two_workers_share_weights(void)
{
    struct worker_host host;
    struct worker_peer peer[2];
    struct memory_view view[2];
    worker_host_init(&host, "lenet", 1, 0, MAX_BATCH, 1, UINT64_C(1) << 20);
    for (int i = 0; i < 2; i++) {
        worker_peer_init(&peer[i]);
        worker_peer_start(&peer[i], &host);
    }
    const struct memory_view ours = view_of(getpid());
    for (int i = 0; i < 2; i++) {
        view[i] = view_of(peer[i].pid);
        CU_ASSERT_NOT_EQUAL(view[i].weights_inode, 0);
        CU_ASSERT_EQUAL(view[i].weights_inode, ours.weights_inode);
        CU_ASSERT_TRUE(view[i].weights_kib * 1024 >= host.file.weights_bytes);
        CU_ASSERT_EQUAL(view[i].weights_private_dirty_kib, 0);
        CU_ASSERT_EQUAL(view[i].weights_writable, 0);
    }
    printf(" (%lu KiB once) ", ours.weights_kib);
    for (int i = 0; i < 2; i++)
        worker_peer_stop(&peer[i]);
    worker_host_fini(&host);
}

static void sigterm_ends_what_was_begun(void)
{
    struct shm_random random = shm_random_start();
    struct worker_host host;
    struct worker_peer peer;
    struct worker_dispatch dispatch = {0};
    worker_host_init(&host, "resnet50", 8, 33, MAX_BATCH, 1, UINT64_C(16) << 20);
    worker_peer_init(&peer);
    worker_peer_start(&peer, &host);
    dispatch_fill(&host, &random, 0);
    const uint32_t last = host.cut_count - 1;
    for (uint32_t k = 1; k < last; k++)
        message_set_stop(&dispatch.run, k);
    dispatch_say_run(&peer, &dispatch, 1, 0, last, 1);
    const struct message_row row = dispatch_row(&host, 1, 0, 0, last);
    dispatch_say_row(&peer, &dispatch, &row);
    union message message = worker_peer_hear(&peer);
    CU_ASSERT_EQUAL(message.kind, MESSAGE_SEGMENT_STARTED);
    kill(peer.pid, SIGTERM);
    dispatch_finish(&peer, &dispatch);
    dispatch_check_by_one_run(&host, &dispatch);
    CU_ASSERT_EQUAL(worker_peer_hear(&peer).kind, MESSAGE_DRAINED);
    CU_ASSERT_EQUAL(worker_peer_wait(&peer), 0);
    worker_peer_fini(&peer);
    worker_host_fini(&host);
}

static void a_worker_ends_with_its_jointd(void)
{
    struct worker_host host;
    struct worker_peer peer;
    worker_host_init(&host, "lenet", 1, 0, 1, 1, UINT64_C(1) << 20);
    worker_peer_init(&peer);
    worker_peer_start(&peer, &host);
    channel_fini(&peer.channel); /* what the kernel does for one that dies */
    close(peer.socket);
    peer.socket = -1;
    CU_ASSERT_EQUAL(worker_peer_wait(&peer), 0);
    worker_host_fini(&host);
}

/* Two cores that this process may use; the same twice if there is but one. */
static void two_cpus(int cpus[2])
{
    cpu_set_t set;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof(set), &set), 0);
    int count = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++)
        if (CPU_ISSET(cpu, &set))
            cpus[count++] = cpu;
    if (count == 1)
        cpus[1] = cpus[0];
}

/* The one core that a thread is kept on, or -1. */
static int cpu_of(pid_t thread)
{
    cpu_set_t set;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(thread, sizeof(set), &set), 0);
    int only = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set))
            only = only < 0 && CPU_COUNT(&set) == 1 ? cpu : -1;
    return only;
}

static void threads_stay_on_their_cores(void)
{
    struct shm_random random = shm_random_start();
    struct worker_host host;
    struct worker_peer peer;
    struct worker_dispatch dispatch = {0};
    char list[32], path[64];
    int cpus[2];
    two_cpus(cpus);
    snprintf(list, sizeof(list), "%d,%d", cpus[0], cpus[1]);
    worker_host_init(&host, "resnet50", 8, 33, MAX_BATCH, 2, UINT64_C(16) << 20);
    worker_peer_init(&peer);
    peer.options[0] = "--cpus";
    peer.options[1] = list;
    worker_peer_start(&peer, &host);
    CU_ASSERT_EQUAL(cpu_of(peer.pid), cpus[0]);
    snprintf(path, sizeof(path), "/proc/%ld/task", (long)peer.pid);
    DIR *tasks = opendir(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tasks);
    int helpers = 0;
    for (const struct dirent *entry; (entry = readdir(tasks));) {
        const pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread <= 0 || thread == peer.pid)
            continue;
        CU_ASSERT_EQUAL(cpu_of(thread), cpus[1]);
        helpers++;
    }
    closedir(tasks);
    CU_ASSERT_TRUE(helpers >= 1);
    const uint32_t last = host.cut_count - 1;
    dispatch_say_run(&peer, &dispatch, 1, 0, last, MAX_BATCH);
    for (uint32_t r = 0; r < MAX_BATCH; r++) {
        dispatch_fill(&host, &random, r);
        const struct message_row row = dispatch_row(&host, 1, r, 0, last);
        dispatch_say_row(&peer, &dispatch, &row);
    }
    dispatch_finish(&peer, &dispatch);
    dispatch_check_by_one_run(&host, &dispatch);
    worker_peer_stop(&peer);
    worker_host_fini(&host);
}

/* Its heartbeat goes on while there is nothing to do, however it waits. */
static void an_idle_worker_shows_life(void)
{
    const char *const modes[] = {"adaptive", "busy"};
    struct worker_host host;
    worker_host_init(&host, "lenet", 1, 0, 1, 1, UINT64_C(1) << 20);
    for (int i = 0; i < 2; i++) {
        struct worker_peer peer;
        worker_peer_init(&peer);
        peer.options[0] = "--idle";
        peer.options[1] = modes[i];
        worker_peer_start(&peer, &host);
        uint64_t task = 1;
        uint64_t beat_ns = channel_peer_beat(&peer.channel, &task);
        for (int beats = 0; beats < 5;) {
            const uint64_t next_ns = channel_peer_beat(&peer.channel, &task);
            CU_ASSERT_TRUE_FATAL(next_ns >= beat_ns);
            beats += next_ns != beat_ns;
            beat_ns = next_ns;
            usleep(100);
        }
        CU_ASSERT_EQUAL(task, 0);
        kill(peer.pid, SIGTERM);
        CU_ASSERT_EQUAL(worker_peer_hear(&peer).kind, MESSAGE_DRAINED);
        CU_ASSERT_EQUAL(worker_peer_wait(&peer), 0);
        worker_peer_fini(&peer);
    }
    worker_host_fini(&host);
}

static void bad_command_lines_end_with_2(void)
{
    const char *const lines[] = {"",
                                 "--socket",
                                 "--socket x",
                                 "--socket -1",
                                 "--socket 0 extra",
                                 "--socket 0 --cpus 1,",
                                 "--socket 0 --cpus a",
                                 "--socket 0 --idle lazy",
                                 "--socket 0 --spin-us 99999999999999999999",
                                 "--what"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char command[512];
        snprintf(command, sizeof(command), "%s %s 2>/dev/null", JOINT_WORKER, lines[i]);
        CU_ASSERT_EQUAL(WEXITSTATUS(system(command)), 2);
    }
    CU_ASSERT_EQUAL(WEXITSTATUS(system(JOINT_WORKER " --help >/dev/null")), 0);
    CU_ASSERT_EQUAL(WEXITSTATUS(system(JOINT_WORKER " --socket 0 </dev/null 2>/dev/null")), 1);
}

const struct cunit_test tests[] = {
    {"two workers map one sealed region of weights and hold no copy of their own",
     two_workers_share_weights},
    {"SIGTERM: a worker ends what was begun, says so, and exits", sigterm_ends_what_was_begun},
    {"a worker ends when its jointd is gone", a_worker_ends_with_its_jointd},
    {"threads stay on the cores they were given, and compute the same bits",
     threads_stay_on_their_cores},
    {"a worker with nothing to do shows life, spinning or asleep", an_idle_worker_shows_life},
    {"a wrong command line ends with 2, help with 0, no channel with 1",
     bad_command_lines_end_with_2},
    {NULL, NULL},
};
