/* Faults of the machine, put between a real program and libc and libtss2: the program itself knows nothing of it.
 *
 * FAULT is "DEED PHASES NUMBER NAME [PROCESS]". The moments whose phase stands in PHASES (joined by +) are counted, of all
 * files (NAME is *) or of those whose path ends with NAME; what was sent to another has no path. At the NUMBERth the deed is done: kill this process, or the
 * other one that is named; full from then on, or once, so that there is no room on the disk. FAULT_WHILE names a file
 * without which nothing happens, FAULT_NOTES one to which every moment writes a line. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Past the functions below, which would count it. */
static void note(const char *phase, const char *call, const char *path) {
    const char *notes = getenv("FAULT_NOTES");
    char line[5000];
    if (!notes) return;
    int length = snprintf(line, sizeof line, "%s %s %s\n", phase, call, path);
    int descriptor = syscall(SYS_openat, AT_FDCWD, notes, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (length > 0) syscall(SYS_write, descriptor, line, length);
    syscall(SYS_close, descriptor);
}

static int ends_with(const char *path, const char *name) {
    size_t have = strlen(path), want = strlen(name);
    return have >= want && !strcmp(path + have - want, name);
}

/* Whether the disk has no room for what follows. */
static int fault(const char *phase, const char *call, const char *path) {
    static atomic_int count;
    const char *fault = getenv("FAULT"), *flag = getenv("FAULT_WHILE");
    char deed[16], phases[64], name[256];
    int at, whom = 0;
    note(phase, call, path);
    if (!fault || sscanf(fault, "%15s %63s %d %255s %d", deed, phases, &at, name, &whom) < 4) return 0;
    if (!strstr(phases, phase) || (flag && access(flag, F_OK))) return 0;
    if (strcmp(name, "*") && !ends_with(path, name)) return 0;
    int number = ++count;
    if (!strcmp(deed, "kill")) {
        if (number == at) kill(whom ? whom : getpid(), SIGKILL);
        return 0;
    }
    return !strcmp(deed, "full") ? number >= at : number == at;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define AROUND(name, path, call) \
    fault("before", #name, path); \
    __auto_type result = call; \
    int number = errno; \
    fault("after", #name, path); \
    errno = number; \
    return result
/* A call that a disk without room refuses. */
#define NEEDS(room, name, path, refusal, call) \
    if (fault(room, #name, path)) { errno = ENOSPC; return refusal; } \
    AROUND(name, path, call)

int rename(const char *from, const char *to) { REAL(rename); NEEDS("room", rename, to, -1, real(from, to)); }
int link(const char *from, const char *to) { REAL(link); NEEDS("room", link, to, -1, real(from, to)); }
int symlink(const char *to, const char *path) { REAL(symlink); NEEDS("room", symlink, path, -1, real(to, path)); }

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    if (!access(path, F_OK)) return real(path, mode);
    NEEDS("room", mkdir, path, -1, real(path, mode));
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        /* What is there needs no room to be opened. */ \
        if (!(flags & O_CREAT) || !access(path, F_OK)) return real(path, flags, mode); \
        NEEDS("room", name, path, -1, real(path, flags, mode)); \
    }
OPEN(open)
OPEN(open64)

/* The path of an open file or directory of a disk; a pipe, a socket or a device has none. */
static int on_disk(int descriptor, char path[static 4096]) {
    struct stat status;
    char link[64];
    if (fstat(descriptor, &status) || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, 4095);
    path[length < 0 ? 0 : length] = 0;
    return 1;
}

/* What a socket has taken is on its way, whatever becomes of who sent it. */
static ssize_t sent(const char *call, int descriptor, ssize_t result) {
    int number = errno;
    struct stat status;
    if (result > 0 && !fstat(descriptor, &status) && S_ISSOCK(status.st_mode)) fault("sent", call, "");
    errno = number;
    return result;
}

#define FILE_CALL(room, name, refusal, call) \
    REAL(name); \
    char path[4096]; \
    if (!on_disk(descriptor, path)) return call; \
    NEEDS(room, name, path, refusal, call)

int fsync(int descriptor) { FILE_CALL("room", fsync, -1, real(descriptor)); }
ssize_t write(int descriptor, const void *bytes, size_t size) {
    FILE_CALL("bytes", write, -1, sent("write", descriptor, real(descriptor, bytes, size)));
}
ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
    REAL(writev);
    return sent("writev", descriptor, real(descriptor, pieces, count));
}
ssize_t send(int descriptor, const void *bytes, size_t size, int flags) {
    REAL(send);
    return sent("send", descriptor, real(descriptor, bytes, size, flags));
}
ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    REAL(sendmsg);
    return sent("sendmsg", descriptor, real(descriptor, message, flags));
}
ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
    FILE_CALL("bytes", pwrite, -1, real(descriptor, bytes, size, at));
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t at) {
    FILE_CALL("bytes", pwrite64, -1, real(descriptor, bytes, size, at));
}
int posix_fallocate(int descriptor, off_t at, off_t size) {
    FILE_CALL("bytes", posix_fallocate, ENOSPC, real(descriptor, at, size));
}

uint32_t Tss2_Sys_ExecuteAsync(void *context) {
    REAL(Tss2_Sys_ExecuteAsync);
    AROUND(Tss2_Sys_ExecuteAsync, "", real(context));
}
uint32_t Tss2_Sys_ExecuteFinish(void *context, int32_t timeout) {
    REAL(Tss2_Sys_ExecuteFinish);
    uint32_t code = real(context, timeout);
    /* TSS2_BASE_RC_TRY_AGAIN: there is no answer yet. */
    if ((code & 0xFFFF) != 9) fault("answered", "", "");
    return code;
}
