#define _POSIX_C_SOURCE 200809L

#include "analysis/output_file.h"

#include "sim/check.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool output_error_set(struct output_error *error, const char *path, const char *what, int number)
{
    snprintf(error->text, sizeof error->text, "%s: %s: %s", path, what, strerror(number));
    return false;
}

/* A new file next to the old one; a left-over of a killed process is never reused. */
static int temporary_open(struct output_file *file)
{
    enum { TRIES_MAX = 100 };
    for (unsigned i = 0; i < TRIES_MAX; i++) {
        const int length = snprintf(file->temporary, sizeof file->temporary, "%s.tmp-%ld-%u",
                                    file->path, (long)getpid(), i);
        if (length < 0 || (size_t)length >= sizeof file->temporary) {
            errno = ENAMETOOLONG;
            return -1;
        }
        const int flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC;
        const int descriptor = open(file->temporary, flags, 0666);
        if (descriptor >= 0 || errno != EEXIST) {
            return descriptor;
        }
    }
    return -1;
}

static bool stream_open(struct output_file *file, int descriptor, struct output_error *error)
{
    file->stream = fdopen(descriptor, "w");
    if (file->stream == NULL) {
        const int number = errno;
        close(descriptor);
        if (file->temporary[0] != '\0') {
            unlink(file->temporary);
        }
        return output_error_set(error, file->path, "can not open for writing", number);
    }
    return true;
}

static bool open_in_place(struct output_file *file, struct output_error *error)
{
    const int descriptor = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
        return output_error_set(error, file->path, "can not open for writing", errno);
    }
    return stream_open(file, descriptor, error);
}

bool output_file_open(struct output_file *file, const char *path, struct output_error *error)
{
    struct stat status;
    error->text[0] = '\0';
    file->stream = NULL;
    file->temporary[0] = '\0';
    if (strlen(path) >= sizeof file->path) {
        return output_error_set(error, "path", "can not open for writing", ENAMETOOLONG);
    }
    strcpy(file->path, path);
    if (stat(path, &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            return output_error_set(error, path, "can not open for writing", EISDIR);
        }
        if (!S_ISREG(status.st_mode)) {
            return open_in_place(file, error);
        }
    }
    const int descriptor = *path == '\0' ? -1 : temporary_open(file);
    if (descriptor < 0) {
        file->temporary[0] = '\0';
        return output_error_set(error, path, "can not open for writing",
                                *path == '\0' ? ENOENT : errno);
    }
    return stream_open(file, descriptor, error);
}

bool output_file_open_in(struct output_file *file, const char *directory, const char *name,
                         struct output_error *error)
{
    char path[OUTPUT_PATH_MAX];
    const int length = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        file->stream = NULL;
        return output_error_set(error, name, "can not open for writing", ENAMETOOLONG);
    }
    return output_file_open(file, path, error);
}

/* Devices and pipes can not be synced: EINVAL and EROFS there are no error. */
static bool stream_sync(const struct output_file *file)
{
    if (fsync(fileno(file->stream)) == 0) {
        return true;
    }
    return file->temporary[0] == '\0' && (errno == EINVAL || errno == EROFS || errno == ENOTSUP);
}

bool output_file_commit(struct output_file *file, struct output_error *error)
{
    CHECK(file->stream != NULL);
    error->text[0] = '\0';
    errno = 0;
    const bool earlier_error = ferror(file->stream) != 0;
    bool good = fflush(file->stream) == 0 && stream_sync(file);
    int number = good && earlier_error ? EIO : errno;
    good = good && !earlier_error;
    if (fclose(file->stream) != 0 && good) {
        number = errno;
        good = false;
    }
    file->stream = NULL;
    if (!good) {
        if (file->temporary[0] != '\0') {
            unlink(file->temporary);
        }
        return output_error_set(error, file->path, "can not write", number == 0 ? EIO : number);
    }
    if (file->temporary[0] != '\0' && rename(file->temporary, file->path) != 0) {
        number = errno;
        unlink(file->temporary);
        return output_error_set(error, file->path, "can not rename the finished file", number);
    }
    return true;
}

void output_file_abandon(struct output_file *file)
{
    if (file->stream == NULL) {
        return;
    }
    fclose(file->stream);
    file->stream = NULL;
    if (file->temporary[0] != '\0') {
        unlink(file->temporary);
    }
}

bool output_stream_flush(FILE *stream, const char *name, struct output_error *error)
{
    error->text[0] = '\0';
    errno = 0;
    const bool earlier_error = ferror(stream) != 0;
    if (fflush(stream) != 0 || earlier_error) {
        return output_error_set(error, name, "can not write", errno == 0 ? EIO : errno);
    }
    return true;
}

static bool directory_make_one(const char *path, struct output_error *error)
{
    struct stat status;
    if (mkdir(path, 0777) == 0) {
        return true;
    }
    const int number = errno;
    if (stat(path, &status) == 0) {
        return S_ISDIR(status.st_mode) ||
               output_error_set(error, path, "can not create the directory", ENOTDIR);
    }
    return output_error_set(error, path, "can not create the directory", number);
}

bool output_directory_make(const char *path, struct output_error *error)
{
    char part[OUTPUT_PATH_MAX];
    const size_t length = strlen(path);
    error->text[0] = '\0';
    if (length == 0 || length >= sizeof part) {
        return output_error_set(error, length == 0 ? "\"\"" : "path",
                                "can not create the directory",
                                length == 0 ? ENOENT : ENAMETOOLONG);
    }
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        part[i] = '\0';
        if (!directory_make_one(part, error)) {
            return false;
        }
        part[i] = path[i];
    }
    return true;
}
