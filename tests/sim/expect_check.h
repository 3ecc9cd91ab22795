/*
 * expect_check.h - whether a function fails a CHECK, seen from a child process. Tests only.
 */
#ifndef TESTS_SIM_EXPECT_CHECK_H
#define TESTS_SIM_EXPECT_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* True when `function` ends in a CHECK that names `condition`. */
static inline bool fails_check(void (*function)(void), const char *condition)
{
    int ends[2];
    char text[2048] = "";
    size_t length = 0;
    fflush(NULL);
    if (pipe(ends) != 0) {
        return false;
    }
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        function();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && length < sizeof text - 1;) {
        got = read(ends[0], text + length, sizeof text - 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0 && strstr(text, "CHECK failed") != NULL && strstr(text, condition) != NULL;
}

#endif
