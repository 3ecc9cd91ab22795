/*
 * sandbox.h - what a child process may still do: defence in depth round gnuplot.
 *
 * Model:  limits on CPU time, file size, memory and core files; on Linux (x86-64, arm64) also a
 *         system call filter that refuses new processes, sockets and ptrace, so that no pipe and no
 *         shell can be started even by a script that got past gp_literal(). Threads stay allowed,
 *         since pango needs one. Other systems have the limits only.
 * Use:    between fork and exec; calls nothing but system calls.
 * Errors: a kernel without filters is no reason not to draw: the other walls still stand.
 */
#ifndef PLOTS_SANDBOX_H
#define PLOTS_SANDBOX_H

void sandbox_enter(unsigned cpu_seconds);

#endif
