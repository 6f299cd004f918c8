/* Tests of scheduler/control: both ends of the control socket in one process. */
#include "scheduler/control/control.h"
#include "scheduler/control/control_watch.h"
#include "shm/counters.h"
#include "tests/unit/cunit_main.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define WHY_BYTES 256

struct place {
    char folder[64];
    char path[96];
};

static void place_init(struct place *place)
{
    snprintf(place->folder, sizeof(place->folder), "/tmp/joint-control-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/edge.sock", place->folder);
}

static void place_fini(struct place *place)
{
    unlink(place->path);
    CU_ASSERT_EQUAL(rmdir(place->folder), 0);
}

static int open_count(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static const struct child_config worker_config = {.name = "worker \"0\"\n"};

static void say_status(void *context, struct control_status *status)
{
    struct child child;
    child_init(&child, &worker_config);
    const unsigned *child_count = context;
    control_status_begin(status, "edge\\1", "serving");
    for (unsigned i = 0; i < *child_count; i++)
        control_status_child(status, &child, 0);
    control_status_model(status, "alexnet", 1, "ready");
    control_status_model(status, "lenet\xff", 2, "loading");
    control_status_end(status);
}

static unsigned one = 1;

static void start(struct control *control, const struct place *place)
{
    char why[WHY_BYTES] = "";
    const struct control_config config = {
        .path = place->path, .name = "edge", .say_status = say_status, .context = &one};
    CU_ASSERT_EQUAL_FATAL(control_init(control, &config, why, sizeof(why)), 0);
}

static int connect_to(const struct place *place)
{
    char why[WHY_BYTES];
    const int fd = control_connect(place->path, "edge", why, sizeof(why));
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    return fd;
}

static void make_region(struct region *region, enum region_kind kind, uint32_t epoch)
{
    const struct region_config config = {
        .name = "test", .kind = kind, .epoch = epoch, .payload_bytes = counters_bytes(4)};
    CU_ASSERT_EQUAL_FATAL(region_init(region, &config), 0);
    CU_ASSERT_EQUAL_FATAL(region_seal(region, REGION_SEAL_SEALS), 0);
}

static void poll_for(struct control *control, unsigned rounds)
{
    while (rounds-- > 0)
        control_poll(control);
}

static void a_second_jointd_is_told_that_one_runs(void)
{
    struct place place;
    struct control control;
    struct control second;
    char why[WHY_BYTES] = "";
    place_init(&place);
    start(&control, &place);
    const int before = open_count();
    const struct control_config config = {
        .path = place.path, .name = "edge", .say_status = say_status, .context = &one};
    CU_ASSERT_EQUAL(control_init(&second, &config, why, sizeof(why)), -EADDRINUSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "edge.sock: another jointd is running; "));
    control_fini(&second);
    CU_ASSERT_EQUAL(open_count(), before);
    control_fini(&control);
    place_fini(&place);
}

static void without_a_path_there_is_none(void)
{
    struct control control;
    struct region region;
    char why[WHY_BYTES];
    const struct control_config config = {.path = "", .name = "edge", .say_status = say_status};
    CU_ASSERT_EQUAL_FATAL(control_init(&control, &config, why, sizeof(why)), 0);
    make_region(&region, REGION_COUNTERS, 0);
    CU_ASSERT_EQUAL(control_share(&control, CONTROL_COUNTERS, "jointd", &region), 0);
    control_unshare(&control, "jointd");
    CU_ASSERT_EQUAL(control_poll(&control), 0);
    CU_ASSERT_EQUAL(control.fd, -1);
    control_fini(&control);
    control_fini(&control);
    control_fini(NULL);
    region_fini(&region);
}

static void the_status_is_a_line_of_json_whatever_names_hold(void)
{
    struct place place;
    struct control control;
    char text[4096];
    place_init(&place);
    start(&control, &place);
    const int client = connect_to(&place);
    CU_ASSERT_EQUAL(send(client, "status\n", 7, 0), 7);
    poll_for(&control, 2);
    const ssize_t length = recv(client, text, sizeof(text) - 1, MSG_DONTWAIT);
    CU_ASSERT_TRUE_FATAL(length > 0);
    text[length] = '\0';
    char expected[1024];
    snprintf(
        expected, sizeof(expected),
        "{\"schema\":\"joint.status/1\",\"name\":\"edge\\\\1\",\"pid\":%d,\"state\":\"serving\","
        "\"children\":[{\"name\":\"worker \\\"0\\\"\\u000a\",\"pid\":0,\"state\":\"waiting\","
        "\"for_ms\":0,\"starts\":0,\"deaths\":0,"
        "\"last\":\"worker \\\"0\\\"\\u000a does not run\"}],"
        "\"models\":[{\"name\":\"alexnet\",\"version\":1,\"state\":\"ready\"},"
        "{\"name\":\"lenet?\",\"version\":2,\"state\":\"loading\"}]}\n",
        (int)getpid());
    CU_ASSERT_STRING_EQUAL(text, expected);
    send(client, "restart", 7, 0);
    poll_for(&control, 1);
    CU_ASSERT_TRUE_FATAL(recv(client, text, sizeof(text), MSG_DONTWAIT) > 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "{\"error\":\"no such word: there are status and watch\"}\n"));
    close(client);
    control_fini(&control);
    place_fini(&place);
}

static void a_status_that_is_too_long_says_so(void)
{
    struct control_status status;
    unsigned many = 100;
    CU_ASSERT_EQUAL_FATAL(control_status_init(&status, 4096), 0);
    say_status(&many, &status);
    CU_ASSERT_STRING_EQUAL(status.text,
                           "{\"error\":\"the status does not fit into one message\"}\n");
    say_status(&one, &status);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.text, "]}\n"));
    control_status_begin(&status, "n", "s");
    control_status_end(&status);
    CU_ASSERT_PTR_NOT_NULL(strstr(status.text, "\"children\":[],\"models\":[]}\n"));
    control_status_fini(&status);
    control_status_fini(&status);
}

static void the_largest_status_fits_a_message(void)
{
    struct place place;
    struct control control;
    static char text[CONTROL_STATUS_BYTES + 1];
    place_init(&place);
    start(&control, &place);
    unsigned many = 1000; /* of 130 bytes */
    control.config.context = &many;
    const int client = connect_to(&place);
    send(client, "status", 6, 0);
    poll_for(&control, 2);
    const ssize_t length = recv(client, text, sizeof(text), MSG_DONTWAIT);
    CU_ASSERT_TRUE(length > 125000);
    CU_ASSERT_EQUAL(text[length > 0 ? length - 1 : 0], '\n');
    close(client);
    control_fini(&control);
    place_fini(&place);
}

static void what_is_shared_can_be_read_and_not_written(void)
{
    struct place place;
    struct control control;
    struct control_watch watch;
    struct region load;
    struct region region;
    struct counters counters;
    place_init(&place);
    const int before = open_count();
    start(&control, &place);
    make_region(&load, REGION_LOAD_PAGE, 0);
    make_region(&region, REGION_COUNTERS, 5);
    CU_ASSERT_EQUAL_FATAL(
        counters_init(&counters, region_at(&region, 0, 0), region.payload_bytes, 4), 0);
    struct counter_value *value = counters_define(&counters, "jointd.answered", COUNTER_SUM, 0);
    counter_add(value, 41);
    CU_ASSERT_EQUAL(control_share(&control, CONTROL_LOAD, "load", &load), 0);
    CU_ASSERT_EQUAL(control_share(&control, CONTROL_COUNTERS, "jointd", &region), 0);
    CU_ASSERT_EQUAL_FATAL(control_watch_init(&watch, connect_to(&place)), 0);
    CU_ASSERT_EQUAL(control_watch_poll(&watch, 0), 0);
    poll_for(&control, 2);
    CU_ASSERT_EQUAL_FATAL(control_watch_poll(&watch, 1000), 1);
    CU_ASSERT_EQUAL_FATAL(watch.now.count, 2);
    CU_ASSERT_EQUAL(watch.skipped_count, 0);
    CU_ASSERT_STRING_EQUAL(watch.now.items[0].name, "load");
    CU_ASSERT_EQUAL(watch.now.items[0].kind, CONTROL_LOAD);
    CU_ASSERT_STRING_EQUAL(watch.now.items[1].name, "jointd");
    const struct region *seen = &watch.now.items[1].region;
    struct counters_reader reader;
    struct counter_view view;
    CU_ASSERT_EQUAL(counters_attach(&reader, region_at(seen, 0, 0), seen->payload_bytes), 0);
    counter_add(value, 1); /* without a word */
    CU_ASSERT_EQUAL(counters_read(&reader, 0, &view), 0);
    CU_ASSERT_STRING_EQUAL(view.label, "jointd.answered");
    CU_ASSERT_EQUAL(view.value, 42);
    void *writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, seen->fd, 0);
    CU_ASSERT_PTR_EQUAL(writable, MAP_FAILED);
    control_watch_fini(&watch);
    control_watch_fini(&watch);
    region_fini(&load);
    region_fini(&region);
    control_fini(&control);
    CU_ASSERT_EQUAL(open_count(), before);
    place_fini(&place);
}

static void whoever_watches_is_told_of_changes(void)
{
    struct place place;
    struct control control;
    struct control_watch watch;
    struct region first;
    struct region second;
    place_init(&place);
    start(&control, &place);
    CU_ASSERT_EQUAL_FATAL(control_watch_init(&watch, connect_to(&place)), 0);
    poll_for(&control, 2);
    CU_ASSERT_EQUAL(control_watch_poll(&watch, 1000), 1);
    CU_ASSERT_EQUAL(watch.now.count, 0);
    make_region(&first, REGION_COUNTERS, 1);
    make_region(&second, REGION_COUNTERS, 2);
    CU_ASSERT_EQUAL(control_share(&control, CONTROL_COUNTERS, "queue 0", &first), 0);
    poll_for(&control, 1);
    CU_ASSERT_EQUAL(control_watch_poll(&watch, 1000), 1);
    CU_ASSERT_EQUAL(watch.now.count, 1);
    CU_ASSERT_EQUAL(watch.now.items[0].region.epoch, 1);
    CU_ASSERT_EQUAL(control_share(&control, CONTROL_COUNTERS, "queue 0", &second), 0);
    CU_ASSERT_EQUAL(control_share(&control, CONTROL_COUNTERS, "queue 1", &first), 0);
    poll_for(&control, 1);
    CU_ASSERT_EQUAL(control_watch_poll(&watch, 1000), 1);
    CU_ASSERT_EQUAL(watch.now.count, 2);
    CU_ASSERT_EQUAL(watch.now.items[0].region.epoch, 2);
    control_unshare(&control, "queue 0");
    control_unshare(&control, "queue 7");
    poll_for(&control, 1);
    CU_ASSERT_EQUAL(control_watch_poll(&watch, 1000), 1);
    CU_ASSERT_EQUAL(watch.now.count, 1);
    CU_ASSERT_STRING_EQUAL(watch.now.items[0].name, "queue 1");
    CU_ASSERT_EQUAL(control_poll(&control), 0);
    control_fini(&control);
    CU_ASSERT_EQUAL(control_watch_poll(&watch, 1000), -EPIPE);
    control_watch_fini(&watch);
    region_fini(&first);
    region_fini(&second);
    place_fini(&place);
}

static void one_that_does_not_read_is_dropped(void)
{
    struct place place;
    struct control control;
    struct region region;
    place_init(&place);
    start(&control, &place);
    make_region(&region, REGION_COUNTERS, 0);
    const int silent = connect_to(&place);
    send(silent, "watch", 5, 0);
    int rounds = 0;
    while (control.dropped_count == 0 && rounds++ < 100000) {
        CU_ASSERT_EQUAL(control_share(&control, CONTROL_COUNTERS, "queue 0", &region), 0);
        control_poll(&control);
    }
    CU_ASSERT_EQUAL(control.dropped_count, 1);
    const int other = connect_to(&place);
    char text[4096];
    CU_ASSERT_EQUAL(send(other, "status", 6, 0), 6);
    poll_for(&control, 2);
    CU_ASSERT_TRUE(recv(other, text, sizeof(text), MSG_DONTWAIT) > 0);
    close(silent);
    close(other);
    region_fini(&region);
    control_fini(&control);
    place_fini(&place);
}

static void clients_beyond_the_most_are_refused_until_one_goes(void)
{
    struct place place;
    struct control control;
    place_init(&place);
    start(&control, &place);
    int clients[CONTROL_MAX_CLIENTS + 1];
    for (unsigned i = 0; i <= CONTROL_MAX_CLIENTS; i++) {
        clients[i] = connect_to(&place);
        poll_for(&control, 1);
    }
    CU_ASSERT_EQUAL(control.refused_count, 1);
    char byte;
    CU_ASSERT_EQUAL(recv(clients[CONTROL_MAX_CLIENTS], &byte, 1, MSG_DONTWAIT), 0);
    close(clients[3]);
    poll_for(&control, 1);
    clients[3] = connect_to(&place);
    poll_for(&control, 1);
    CU_ASSERT_EQUAL(control.refused_count, 1);
    CU_ASSERT_EQUAL(recv(clients[3], &byte, 1, MSG_DONTWAIT), -1);
    for (unsigned i = 0; i <= CONTROL_MAX_CLIENTS; i++)
        close(clients[i]);
    control_fini(&control);
    place_fini(&place);
}

/* One that hands over descriptors, says too much, or nothing. */
static void junk_harms_nobody(void)
{
    struct place place;
    struct control control;
    place_init(&place);
    start(&control, &place);
    const int client = connect_to(&place);
    poll_for(&control, 1);
    const int before = open_count();
    char junk[4096];
    memset(junk, 'x', sizeof(junk));
    const int fds[2] = {0, 1};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(fds))];
    } space;
    memset(&space, 0, sizeof(space));
    struct iovec part = {junk, sizeof(junk)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = space.bytes,
                             .msg_controllen = sizeof(space.bytes)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(fds));
    memcpy(CMSG_DATA(rights), fds, sizeof(fds));
    CU_ASSERT_EQUAL(sendmsg(client, &message, 0), sizeof(junk));
    poll_for(&control, 2);
    CU_ASSERT_EQUAL(open_count(), before);
    char text[256] = "";
    CU_ASSERT_TRUE(recv(client, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "error"));
    close(client);
    control_fini(&control);
    place_fini(&place);
}

static void nobody_there_is_one_clear_line(void)
{
    struct place place;
    char why[WHY_BYTES] = "";
    place_init(&place);
    CU_ASSERT_EQUAL(control_connect(place.path, "edge", why, sizeof(why)), -ENOENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "edge.sock: no jointd is running there; start it, or "));
    CU_ASSERT_TRUE(control_connect(NULL, "no-such-server", why, sizeof(why)) < 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no-such-server.sock: no jointd is running there"));
    place_fini(&place);
}

const struct cunit_test tests[] = {
    {"a second jointd is told that one runs", a_second_jointd_is_told_that_one_runs},
    {"without a path there is none", without_a_path_there_is_none},
    {"the status is a line of JSON, whatever names hold",
     the_status_is_a_line_of_json_whatever_names_hold},
    {"a status that is too long says so", a_status_that_is_too_long_says_so},
    {"the largest status fits a message", the_largest_status_fits_a_message},
    {"what is shared can be read and not written", what_is_shared_can_be_read_and_not_written},
    {"whoever watches is told of changes", whoever_watches_is_told_of_changes},
    {"one that does not read is dropped", one_that_does_not_read_is_dropped},
    {"clients beyond the most are refused until one goes",
     clients_beyond_the_most_are_refused_until_one_goes},
    {"junk harms nobody", junk_harms_nobody},
    {"nobody there is one clear line", nobody_there_is_one_clear_line},
    {NULL, NULL},
};
