/* jointd against a stand-in for joint-dataplane, or for joint-api, that says and does anything. */
#include "tests/property/service_host.h"
#include "tests/unit/cunit_main.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DATAPLANE "joint-dataplane"
#define API "joint-api"

struct stand_in {
    struct service_host *host;
    char libexec[80];
};

static void write_file(const struct stand_in *test, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", test->host->folder, name);
    FILE *file = fopen(path, "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void write_mode(const struct stand_in *test, const char *mode)
{
    write_file(test, "mode", mode);
}

/* The folder of its own holds all programs, one of them another. */
static void init(struct stand_in *test, const char *name, const char *mode)
{
    char path[128], config[512];
    test->host = service_host_create();
    test->host->has_http = strcmp(name, API) == 0;
    if (test->host->has_http) {
        snprintf(path, sizeof(path), "%s/" DATAPLANE, test->host->folder);
        CU_ASSERT_EQUAL_FATAL(symlink(JOINT_DATAPLANE, path), 0);
    }
    snprintf(path, sizeof(path), "%s/joint-worker", test->host->folder);
    CU_ASSERT_EQUAL_FATAL(symlink(JOINT_WORKER, path), 0);
    snprintf(path, sizeof(path), "%s/%s", test->host->folder, name);
    CU_ASSERT_EQUAL_FATAL(symlink(SERVICE_INGRESS, path), 0);
    service_host_network(test->host, "lenet", 1, 1, "lenet", path, sizeof(path));
    snprintf(config, sizeof(config),
             "[workers]\nhang_timeout = 500ms\nrestart_delay = 1ms\nrestart_delay_max = 5ms\n"
             "[model lenet]\npath = %s\nmax_batch = 4\n",
             path);
    service_host_configure(test->host, config);
    write_mode(test, mode);
    service_host_start(test->host, test->host->folder);
    service_host_hear(test->host, "jointd: ready: lenet", 60);
    write_file(test, "begin", "");
}

/* Ends as always: nothing is left, and the stand-in has seen no fault of jointd. */
static void end(struct stand_in *test)
{
    CU_ASSERT_EQUAL(service_host_stop(test->host), 0);
    service_host_hear(test->host, " cancelled, 0 faults", 1);
    service_host_hear(test->host, "given up: 0 open, 0 answers unsent", 1);
    service_host_destroy(test->host);
}

/* Also every encoding, many rows, deadlines that have passed, cancelling. */
static void each_request_ends_once(void)
{
    struct stand_in test;
    init(&test, DATAPLANE, "honest");
    service_host_hear(test.host, "stand-in: honest: ", 60);
    end(&test);
}

static void nonsense_is_refused_or_counted(void)
{
    struct stand_in test;
    init(&test, DATAPLANE, "flood");
    service_host_hear(test.host, "stand-in: flood: ", 60);
    service_host_listen(test.host);
    end(&test);
}

static void while_workers_die(void)
{
    struct stand_in test;
    init(&test, DATAPLANE, "flood");
    for (int kills = 0; kills < 40; kills++) {
        pid_t workers[8];
        const uint32_t count = service_host_children(test.host, "joint-worker", workers, 8);
        if (count > 0)
            kill(workers[kills % (int)count], SIGKILL);
        usleep(20000);
        service_host_listen(test.host);
    }
    end(&test);
}

static void spoil(const char *name)
{
    static const struct {
        const char *mode, *said;
    } ways[] = {{"ring", "spoilt its ring"},
                {"silent", "gave no sign of life"},
                {"gone", "ended"},
                {"deaf", "does not take its answers"}};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct stand_in test;
        init(&test, name, ways[i].mode);
        service_host_hear(test.host, "stand-in: ", 60);
        write_mode(&test, "honest");
        service_host_hear(test.host, ways[i].said, 60);
        if (!test.host->has_http)
            service_host_hear(test.host, "joint-dataplane serves again", 60);
        service_host_hear(test.host, "stand-in: honest: ", 60);
        end(&test);
    }
}

static void who_spoils_it_is_replaced(void)
{
    spoil(DATAPLANE);
}

static void so_is_an_api_that_does(void)
{
    spoil(API);
}

static void an_api_is_heard_alike(void)
{
    static const char *const modes[] = {"honest", "flood"};
    for (int i = 0; i < 2; i++) {
        struct stand_in test;
        char said[32];
        init(&test, API, modes[i]);
        snprintf(said, sizeof(said), "stand-in: %s: ", modes[i]);
        service_host_hear(test.host, said, 60);
        service_host_listen(test.host);
        end(&test);
    }
}

const struct cunit_test tests[] = {
    {"whatever is asked, in any encoding and number of rows, ends once", each_request_ends_once},
    {"nonsense in every field is refused or counted, and harms nobody",
     nonsense_is_refused_or_counted},
    {"the same while workers are killed", while_workers_die},
    {"an ingress that spoils its ring, hangs, ends or does not listen is replaced",
     who_spoils_it_is_replaced},
    {"requests and nonsense of joint-api are taken as the dataplane's are", an_api_is_heard_alike},
    {"so is it replaced", so_is_an_api_that_does},
    {NULL, NULL},
};
