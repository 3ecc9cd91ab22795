#define _GNU_SOURCE /* pipe2, nftw */

#include "plots/gnuplot.h"

#include "plots/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

bool gnuplot_find(const char *wanted, char program[OUTPUT_PATH_MAX])
{
    if (wanted != NULL) {
        const int length = snprintf(program, OUTPUT_PATH_MAX, "%s", wanted);
        return length < OUTPUT_PATH_MAX && access(program, X_OK) == 0;
    }
    static const char name[] = "/gnuplot";
    const char *path = getenv("PATH");
    for (const char *at = path == NULL ? default_path : path; *at != '\0';) {
        const size_t length = strcspn(at, ":");
        /* Relative entries of PATH mean another file in every directory. */
        if (*at == '/' && length + sizeof name <= OUTPUT_PATH_MAX) {
            memcpy(program, at, length);
            memcpy(program + length, name, sizeof name);
            if (access(program, X_OK) == 0) {
                return true;
            }
        }
        at += length + (at[length] == ':');
    }
    return false;
}

struct child {
    pid_t id;
    int talk; /* read end of its stderr */
};

/* Between fork and exec: system calls only. */
static _Noreturn void child_run(const struct gnuplot_job *job, int output, int talk,
                                char *const *environment)
{
    enum { FIRST_FREE = 3, DESCRIPTORS_MAX = 1024, NO_EXEC = 127 };
    char name[] = "gnuplot", no_start_up[] = "-d", script[] = "plot.gp";
    char *const arguments[] = {name, no_start_up, script, NULL};
    /* Out of the way of 0 to 2, in case that our own parent had closed some of these. */
    const int nothing = fcntl(open("/dev/null", O_RDONLY), F_DUPFD, FIRST_FREE);
    output = fcntl(output, F_DUPFD, FIRST_FREE);
    talk = fcntl(talk, F_DUPFD, FIRST_FREE);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 || dup2(talk, 2) < 0 ||
        chdir(job->directory) != 0) {
        _exit(NO_EXEC);
    }
    for (int i = FIRST_FREE; i < DESCRIPTORS_MAX; i++) {
        close(i);
    }
    signal(SIGPIPE, SIG_DFL);
    sandbox_enter(job->timeout_s);
    execve(job->program, arguments, environment);
    _exit(NO_EXEC);
}

static bool child_start(const struct gnuplot_job *job, int output, struct child *child)
{
    char path[sizeof "PATH=" + sizeof default_path], locale[] = "LC_ALL=C.UTF-8";
    char home[OUTPUT_PATH_MAX + 8];
    int ends[2];
    snprintf(path, sizeof path, "PATH=%s", default_path);
    snprintf(home, sizeof home, "HOME=%s", job->directory);
    char *const environment[] = {path, locale, home, NULL};
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return false;
    }
    child->id = fork();
    if (child->id == 0) {
        child_run(job, output, ends[1], environment);
    }
    const int number = errno;
    close(ends[1]);
    child->talk = ends[0];
    if (child->id < 0) {
        close(ends[0]);
        errno = number;
        return false;
    }
    return true;
}

/* Reads stderr to its end, keeping the beginning. False when time ran out. */
static bool child_listen(const struct child *child, unsigned timeout_s, char talk[])
{
    enum { STEP_MS = 100, STEPS_PER_S = 10 };
    size_t kept = 0;
    unsigned steps = 0;
    talk[0] = '\0';
    while (steps < timeout_s * STEPS_PER_S) {
        struct pollfd wait = {.fd = child->talk, .events = POLLIN};
        const int ready = poll(&wait, 1, STEP_MS);
        if (ready <= 0) {
            steps++;
            continue;
        }
        char bytes[512];
        const ssize_t got = read(child->talk, bytes, sizeof bytes);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return true;
        }
        const size_t room = GNUPLOT_TALK_MAX - 1 - kept;
        const size_t taken = got < 0 ? 0 : (size_t)got < room ? (size_t)got : room;
        memcpy(talk + kept, bytes, taken);
        kept += taken;
        talk[kept] = '\0';
    }
    return false;
}

/* A child that closed stderr and went on gets no more time than one that did not. */
static int child_end(const struct child *child, unsigned timeout_s)
{
    enum { STEP_MS = 10, STEPS_PER_S = 100 };
    int status = 0;
    for (unsigned steps = 0; steps < timeout_s * STEPS_PER_S; steps++) {
        const pid_t ended = waitpid(child->id, &status, WNOHANG);
        if (ended == child->id) {
            return status;
        }
        if (ended < 0 && errno != EINTR) {
            return -1;
        }
        poll(NULL, 0, STEP_MS);
    }
    kill(child->id, SIGKILL);
    while (waitpid(child->id, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return status;
}

static bool output_complete(int output, enum gnuplot_format format)
{
    static const char svg_end[] = "</svg>";
    static const unsigned char png_end[] = {'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};
    char tail[16] = {0};
    const off_t size = lseek(output, 0, SEEK_END);
    const off_t from = size < (off_t)sizeof tail ? 0 : size - (off_t)sizeof tail;
    const ssize_t got = pread(output, tail, sizeof tail, from);
    if (got < (ssize_t)sizeof png_end) {
        return false;
    }
    if (format == GNUPLOT_PNG) {
        return memcmp(tail + got - sizeof png_end, png_end, sizeof png_end) == 0;
    }
    return memmem(tail, (size_t)got, svg_end, sizeof svg_end - 1) != NULL;
}

static bool judge(const struct gnuplot_job *job, int status, const char *talk,
                  struct output_error *error)
{
    /* gnuplot shows the line and a caret first; the reason stands behind "line N: ". */
    const char *reason = strstr(talk, "line ");
    reason = reason == NULL ? talk : reason;
    const int length = (int)strcspn(reason, "\n");
    if (status != -1 && WIFSIGNALED(status)) {
        snprintf(error->text, sizeof error->text, "%s: gnuplot was ended by signal %d: %.*s",
                 job->output, WTERMSIG(status), length, reason);
        return false;
    }
    if (status == -1 || WEXITSTATUS(status) != 0) {
        snprintf(error->text, sizeof error->text, "%s: gnuplot failed (exit code %d): %.*s",
                 job->output, status == -1 ? -1 : WEXITSTATUS(status), length, reason);
        return false;
    }
    return true;
}

bool gnuplot_run(const struct gnuplot_job *job, char talk[GNUPLOT_TALK_MAX],
                 struct output_error *error)
{
    struct output_file file;
    struct child child;
    talk[0] = '\0';
    if (!output_file_open(&file, job->output, error)) {
        return false;
    }
    const int output = fileno(file.stream);
    if (!child_start(job, output, &child)) {
        const int number = errno;
        output_file_abandon(&file);
        return output_error_set(error, job->program, "can not start", number);
    }
    const bool in_time = child_listen(&child, job->timeout_s, talk);
    const int status = child_end(&child, in_time ? job->timeout_s : 0);
    close(child.talk);
    bool good = judge(job, status, talk, error);
    if (!in_time) {
        snprintf(error->text, sizeof error->text, "%s: gnuplot took longer than %u s", job->output,
                 job->timeout_s);
    } else if (good) {
        good = output_complete(output, job->format);
        if (!good) {
            snprintf(error->text, sizeof error->text,
                     "%s: gnuplot's output is not complete (is the disk full?)", job->output);
        }
    }
    if (!good) {
        output_file_abandon(&file);
        return false;
    }
    return output_file_commit(&file, error);
}

bool gnuplot_directory_make(char directory[OUTPUT_PATH_MAX], struct output_error *error)
{
    const char *parent = getenv("TMPDIR");
    const int length = snprintf(directory, OUTPUT_PATH_MAX, "%s/geodes-plot-XXXXXX",
                                parent == NULL || *parent != '/' ? "/tmp" : parent);
    if (length >= OUTPUT_PATH_MAX || mkdtemp(directory) == NULL) {
        return output_error_set(error, directory, "can not create a private directory", errno);
    }
    return true;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    remove(path);
    return 0;
}

void gnuplot_directory_remove(const char *directory)
{
    enum { OPEN_MAX_AT_ONCE = 8 };
    nftw(directory, remove_entry, OPEN_MAX_AT_ONCE, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
