/* The fake server as a program: prints its address, serves until its standard input ends.
 * fake_server_program MODEL.onnx [reject|deaf|idle|hollow] */
#include "tests/property/fake_server.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct fake_server_config config;
    struct fake_server *server;
    char line[64];
    fake_server_config_default(&config);
    if (argc < 2)
        return 2;
    config.model_path = argv[1];
    const char *way = argc > 2 ? argv[2] : "";
    config.behaviour.reject = strcmp(way, "reject") == 0 ? JTP_OVERLOADED : 0;
    config.behaviour.is_deaf = strcmp(way, "deaf") == 0;
    config.behaviour.is_idle = strcmp(way, "idle") == 0;
    config.is_hollow = strcmp(way, "hollow") == 0;
    config.behaviour.load = (struct jtp_load){
        .predicted_wait_us = 1500, .utilization_permille = 250, .credits = 3, .switch_gain = 51};
    if (fake_server_create(&config, &server))
        return 1;
    printf("%s\n", fake_server_address(server));
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin))
        ;
    fake_server_destroy(server);
    return 0;
}
