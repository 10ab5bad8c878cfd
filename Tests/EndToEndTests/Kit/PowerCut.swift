import FoundationEssentials
import Subprocess
import Testing

/// A fault of the machine, put between a real program and libc: the program itself knows nothing of it.
enum PowerCut {
    /// The environment under which a program is killed at its `count`th placing of a file whose path ends with `name`.
    static func at(
        _ count: Int,
        placing name: String,
        _ moment: Moment,
        in directory: String
    ) async throws
        -> [String: String]
    {
        ["LD_PRELOAD": try await library(in: directory), "CUT": "\(moment.rawValue) \(count) \(name)"]
    }

    enum Moment: String, Sendable, CaseIterable {
        case before
        case after
    }

    /// The environment under which no byte can be written to any file of the disk while the file `switch` exists.
    static func fullDisk(while flag: String, in directory: String) async throws -> [String: String] {
        ["LD_PRELOAD": try await library(in: directory), "DISK_FULL": flag]
    }

    private static func library(in directory: String) async throws -> String {
        let library = directory + "/fault.so"
        guard !exists(library) else { return library }
        try write(source.utf8, to: directory + "/fault.c")
        let result = try await Subprocess.run(
            .name("clang"),
            arguments: ["-shared", "-fPIC", "-O1", "-o", library, directory + "/fault.c", "-ldl"],
            output: .discarded,
            error: .string(limit: 1 << 16)
        )
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
        return library
    }

    /// Files are put in place by rename(2), keys and births by link(2): these are the moments that count.
    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <unistd.h>

        static int placed(const char *from, const char *to, const char *call) {
            static int count;
            int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, call);
            const char *cut = getenv("CUT");
            char moment[16], name[256];
            int at;
            if (cut && sscanf(cut, "%15s %d %255s", moment, &at, name) == 3) {
                size_t have = strlen(to), want = strlen(name);
                if (have >= want && !strcmp(to + have - want, name) && ++count == at) {
                    if (!strcmp(moment, "after")) real(from, to);
                    kill(getpid(), SIGKILL);
                }
            }
            return real(from, to);
        }
        int rename(const char *from, const char *to) { return placed(from, to, "rename"); }
        int link(const char *from, const char *to) { return placed(from, to, "link"); }

        static int full(int descriptor) {
            const char *flag = getenv("DISK_FULL");
            struct stat status;
            if (!flag || access(flag, F_OK) || fstat(descriptor, &status) || !S_ISREG(status.st_mode)) return 0;
            errno = ENOSPC;
            return 1;
        }
        ssize_t write(int descriptor, const void *bytes, size_t size) {
            ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
            return full(descriptor) ? -1 : real(descriptor, bytes, size);
        }
        ssize_t pwrite(int descriptor, const void *bytes, size_t size, off_t at) {
            ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
            return full(descriptor) ? -1 : real(descriptor, bytes, size, at);
        }
        ssize_t pwrite64(int descriptor, const void *bytes, size_t size, off64_t at) {
            ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
            return full(descriptor) ? -1 : real(descriptor, bytes, size, at);
        }
        int posix_fallocate(int descriptor, off_t at, off_t size) {
            int (*real)(int, off_t, off_t) = dlsym(RTLD_NEXT, "posix_fallocate");
            return full(descriptor) ? ENOSPC : real(descriptor, at, size);
        }
        """#
}
