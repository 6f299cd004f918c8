/* The commands of `joint`, and how each of them ends. */
#ifndef SCHEDULER_CLI_COMMANDS_H
#define SCHEDULER_CLI_COMMANDS_H

/* Exit statuses of every command. */
enum command_status {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1, /* the work failed: a file, the model, memory */
    COMMAND_MISUSED = 2, /* the command line is wrong */
};

/* A command gets its own name as argv[0] ("run") and returns an exit status. */
typedef int command_main(int argc, char **argv);

command_main command_run;
command_main command_cuts;
command_main command_bench;
command_main command_profile;
command_main command_top;
command_main command_zoo;
command_main command_plan;
command_main command_infer;
command_main command_load;
command_main command_loadtest;

/* Prints "joint COMMAND: message" as one line on stderr; returns status, so that
 * "return command_fail(...)" reads well. */
int command_fail(const char *command, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a command returns once its report is on stdout: COMMAND_DONE, or COMMAND_FAILED with an
 * error line where the report could not be written. */
int command_finish(const char *command);

#endif
