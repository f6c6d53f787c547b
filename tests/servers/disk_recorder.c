/* Records, in order, what a process asks the disk and the network to do. Loaded before libc.
 *
 * DISK_RECORDER_FOLDER: only files under it are recorded. DISK_RECORDER_LOG: where to.
 * A record: kind, length of the path, length of the data, offset, path, data. A write is recorded when
 * it is done, a sync when it has answered, a send before it starts: so whatever the record shows as
 * sent after a sync really was.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *folder;

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_RECORDER_LOG");
    folder = getenv("DISK_RECORDER_FOLDER");
    if (path && folder)
        log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Give the path of a file that is to be recorded. */
static int path_of(int fd, char *path, size_t room) {
    char link[64];
    if (log_fd < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, room - 1);
    if (n < 0)
        return 0;
    path[n] = 0;
    return strncmp(path, folder, strlen(folder)) == 0;
}

static void record(uint8_t kind, const char *path, int64_t offset, const void *data, size_t count) {
    struct __attribute__((packed)) {
        uint8_t kind;
        uint16_t path;
        uint32_t data;
        int64_t offset;
    } head = {kind, (uint16_t)strlen(path), (uint32_t)count, offset};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, count}};
    pthread_mutex_lock(&lock);
    ssize_t whole = (ssize_t)(sizeof head + head.path + count);
    if (writev(log_fd, parts, 3) != whole)
        abort();
    pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    REAL(pwrite64);
    char path[4096];
    ssize_t done = real(fd, data, count, offset);
    if (done > 0 && path_of(fd, path, sizeof path))
        record('W', path, offset, data, (size_t)done);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    return pwrite64(fd, data, count, offset);
}

ssize_t write(int fd, const void *data, size_t count) {
    REAL(write);
    char path[4096];
    ssize_t done = real(fd, data, count);
    if (done > 0 && path_of(fd, path, sizeof path))
        record('W', path, lseek(fd, 0, SEEK_CUR) - done, data, (size_t)done);
    return done;
}

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    char path[4096];
    int answer = real(fd, size);
    if (answer == 0 && path_of(fd, path, sizeof path))
        record('T', path, size, NULL, 0);
    return answer;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fdatasync(int fd) {
    REAL(fdatasync);
    char path[4096];
    int answer = real(fd);
    if (answer == 0 && path_of(fd, path, sizeof path))
        record('S', path, 0, NULL, 0);
    return answer;
}

int fsync(int fd) {
    REAL(fsync);
    char path[4096];
    int answer = real(fd);
    if (answer == 0 && path_of(fd, path, sizeof path))
        record('S', path, 0, NULL, 0);
    return answer;
}

ssize_t send(int fd, const void *data, size_t count, int flags) {
    REAL(send);
    if (log_fd >= 0)
        record('N', "", fd, data, count);
    return real(fd, data, count, flags);
}

int unlink(const char *path) {
    REAL(unlink);
    int answer = real(path);
    if (answer == 0 && log_fd >= 0 && strncmp(path, folder, strlen(folder)) == 0)
        record('U', path, 0, NULL, 0);
    return answer;
}
