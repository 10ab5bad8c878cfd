/* The pace of a machine, put between a real program and libc: a disk that is slow, and a wall clock that was set wrong.
 *
 * PACE names a file of two numbers, "MILLISECONDS SECONDS": how much longer every write at a place and every fsync takes, and how
 * far the wall clock is ahead (behind, when it is negative). It is looked at ten times a second; while it is not there, or
 * holds anything else, nothing is changed. What the kernel itself waits for by the wall clock keeps the true time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_int slower, ahead;

/* Past libc, which would lead back here. */
static void look(void) {
    static atomic_llong looked;
    const char *file = getenv("PACE");
    struct timespec now;
    char text[64];
    int number = errno, milliseconds = 0, seconds = 0;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    long long tenth = now.tv_sec * 10LL + now.tv_nsec / 100000000;
    if (!file || atomic_exchange(&looked, tenth) == tenth) return;
    int descriptor = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
    long length = descriptor < 0 ? 0 : syscall(SYS_read, descriptor, text, sizeof text - 1);
    if (descriptor >= 0) syscall(SYS_close, descriptor);
    text[length > 0 ? length : 0] = 0;
    if (sscanf(text, "%d %d", &milliseconds, &seconds) != 2) milliseconds = seconds = 0;
    slower = milliseconds;
    ahead = seconds;
    errno = number;
}

static void drag(void) {
    look();
    int milliseconds = slower;
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    if (milliseconds > 0) nanosleep(&time, NULL);
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int fsync(int descriptor) { REAL(fsync); drag(); return real(descriptor); }
int fdatasync(int descriptor) { REAL(fdatasync); drag(); return real(descriptor); }
ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
    REAL(pwrite);
    drag();
    return real(descriptor, bytes, size, at);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t at) {
    REAL(pwrite64);
    drag();
    return real(descriptor, bytes, size, at);
}

int clock_gettime(clockid_t clock, struct timespec *told) {
    int result = syscall(SYS_clock_gettime, clock, told);
    if (result || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
    look();
    told->tv_sec += ahead;
    return 0;
}
int gettimeofday(struct timeval *restrict told, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *told) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    if (told) *told = now.tv_sec;
    return now.tv_sec;
}
