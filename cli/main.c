#define _POSIX_C_SOURCE 200809L
#include "cli/command.h"
#include "cli/experiment.h"

#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t received;

static void on_signal(int number)
{
    if (received != 0) {
        _Exit(128 + number); /* the second time: at once */
    }
    received = number;
    experiment_interrupted = true;
}

static void on_gsl_error(const char *reason, const char *file, int line, int number)
{
    fprintf(stderr, "geodes: GSL error %d: %s (%s:%d)\n", number, reason, file, line);
    fprintf(stderr, "this is a bug in geodes; the scenario and the line above reproduce it\n");
    exit(EXIT_CODE_INTERNAL);
}

int main(int argc, char **argv)
{
    struct sigaction action = {0};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    gsl_set_error_handler(on_gsl_error);
    const enum exit_code code = command_main(argc, argv);
    if (received != 0) {
        return 128 + received;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (code == EXIT_CODE_OK) {
            perror("geodes: standard output");
            return EXIT_CODE_IO;
        }
    }
    return (int)code;
}
