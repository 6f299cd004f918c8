/* The fake server as a program of its own, for tests of commands. usage: fake_server_host
 * MODEL.onnx NAME [hollow]; prints its address, then obeys one word a line on stdin:
 *   good               as at first
 *   reject REASON      every request, by enum jtp_reason
 *   compute MS         a request takes at least so long, one after the other
 *   surplus BYTES      answers are longer
 *   idle               takes requests and never answers
 *   deaf               nothing comes or leaves
 *   load WAIT_US PERMILLE    what it tells
 *   restart            forgets all it knew
 *   count              prints: delivered answered rejected cancelled probes datagrams
 * It ends with its stdin. */
#include "tests/property/fake_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_counts(struct fake_server *server)
{
    struct fake_server_counts counts;
    fake_server_count(server, &counts);
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
           counts.delivered, counts.answered, counts.rejected, counts.cancelled, counts.jtp.probes,
           counts.jtp.datagrams_in);
}

/* False: no such word. */
static bool obey(struct fake_server *server, const char *word, unsigned first, unsigned second)
{
    struct fake_server_behaviour behaviour = {0};
    if (strcmp(word, "count") == 0) {
        print_counts(server);
        return true;
    }
    if (strcmp(word, "restart") == 0) {
        fake_server_kill(server);
        printf("%s\n", fake_server_revive(server) ? "cannot" : "ok");
        return true;
    }
    if (strcmp(word, "reject") == 0)
        behaviour.reject = (uint8_t)first;
    else if (strcmp(word, "compute") == 0)
        behaviour.compute_ns = UINT64_C(1000000) * first;
    else if (strcmp(word, "surplus") == 0)
        behaviour.surplus_bytes = first;
    else if (strcmp(word, "idle") == 0)
        behaviour.is_idle = true;
    else if (strcmp(word, "deaf") == 0)
        behaviour.is_deaf = true;
    else if (strcmp(word, "load") == 0)
        behaviour.load =
            (struct jtp_load){.predicted_wait_us = first, .utilization_permille = (uint16_t)second};
    else if (strcmp(word, "good") != 0)
        return false;
    fake_server_behave(server, &behaviour);
    printf("ok\n");
    return true;
}

int main(int argc, char **argv)
{
    struct fake_server *server;
    struct fake_server_config config;
    char line[100];
    if (argc < 3)
        return 2;
    fake_server_config_default(&config);
    config.model_path = argv[1];
    config.name = argv[2];
    config.max_clients = 16384;
    config.is_hollow = argc > 3 && strcmp(argv[3], "hollow") == 0;
    if (fake_server_create(&config, &server))
        return 1;
    printf("%s\n", fake_server_address(server));
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        char word[20] = "";
        unsigned first = 0, second = 0;
        sscanf(line, "%19s %u %u", word, &first, &second);
        if (!obey(server, word, first, second))
            printf("no such word: %s\n", word);
        fflush(stdout);
    }
    fake_server_destroy(server);
    return 0;
}
