/* exit_code.h - what the process tells its caller; documented in the manual page. */
#ifndef CLI_EXIT_CODE_H
#define CLI_EXIT_CODE_H

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_INTERNAL = 1,     /* a bug of ours */
    EXIT_CODE_USAGE = 2,        /* unknown option or command */
    EXIT_CODE_INPUT = 3,        /* the scenario is wrong */
    EXIT_CODE_IO = 4,           /* a file, the disk, memory */
    EXIT_CODE_LIMIT = 5,        /* a declared limit stopped the run */
    EXIT_CODE_EXPECTATION = 6,  /* something that the scenario expects did not come out */
    EXIT_CODE_INCONCLUSIVE = 7, /* the interval over replications straddles the bound */
    EXIT_CODE_INTERRUPTED = 130,
    EXIT_CODE_TERMINATED = 143
};

#endif
