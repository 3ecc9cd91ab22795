#define _GNU_SOURCE

#include "plots/sandbox.h"

#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
enum { NATIVE_ARCH = (int)AUDIT_ARCH_X86_64 };
#else
enum { NATIVE_ARCH = (int)AUDIT_ARCH_AARCH64 };
#endif

/* One comparison and what follows when it holds. */
#define WHEN_NUMBER(number, action)                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offsetof(struct seccomp_data, field)))

static void filter_system_calls(void)
{
    struct sock_filter program[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)NATIVE_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
#if defined(__x86_64__)
        /* Numbers with the x32 bit would name the same calls again. */
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000u, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        WHEN_NUMBER(__NR_fork, SECCOMP_RET_ERRNO | EPERM),
        WHEN_NUMBER(__NR_vfork, SECCOMP_RET_ERRNO | EPERM),
#endif
        WHEN_NUMBER(__NR_socket, SECCOMP_RET_ERRNO | EPERM),
        WHEN_NUMBER(__NR_ptrace, SECCOMP_RET_ERRNO | EPERM),
        WHEN_NUMBER(__NR_clone3, SECCOMP_RET_ERRNO | ENOSYS), /* libc then falls back to clone */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
    }
}
#else
static void filter_system_calls(void)
{
}
#endif

static void limit(int resource, rlim_t value)
{
    const struct rlimit both = {.rlim_cur = value, .rlim_max = value};
    setrlimit((unsigned)resource, &both);
}

void sandbox_enter(unsigned cpu_seconds)
{
    limit(RLIMIT_CPU, cpu_seconds);
    limit(RLIMIT_FSIZE, (rlim_t)64 << 20);
    limit(RLIMIT_AS, (rlim_t)2 << 30); /* pngcairo with its fonts maps about 0.3 GiB */
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 64);
    filter_system_calls();
}
