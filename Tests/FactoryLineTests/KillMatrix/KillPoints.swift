import Foundation
import Testing

/// Counts the moments of a program at which it or its TPM could be killed, and does it at one of them: it knows nothing of it.
///
/// The moments are before and after each file is made durable and put in its place (fsync, rename, link), and before each
/// command goes to the TPM, while it is there, and when its answer has come.
struct KillPoints {
    private let library: String

    /// Makes the library that is put between a program and libc and libtss2-sys.
    init(in directory: String) throws {
        library = directory + "/kill-points.so"
        let source = directory + "/kill-points.c"
        try Data(Self.source.utf8).write(to: URL(filePath: source))
        let clang = Process()
        clang.executableURL = URL(filePath: "/usr/bin/env")
        clang.arguments = ["clang", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
        try clang.run()
        clang.waitUntilExit()
        try #require(clang.terminationStatus == 0)
    }

    /// The environment under which every moment writes a line to a file.
    func noting(in file: String) -> [String: String] { ["LD_PRELOAD": library, "KILL_POINTS": file] }

    /// The environment under which a program is killed at a moment, counted from 1; or another process in its place.
    func killing(_ other: pid_t? = nil, at number: Int) -> [String: String] {
        ["LD_PRELOAD": library, "KILL_POINT": "\(number)", "KILL_WHOM": other.map { "\($0)" } ?? ""]
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stdatomic.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <unistd.h>

        static void point(const char *what) {
            static atomic_int count;
            int number = ++count;
            const char *file = getenv("KILL_POINTS"), *at = getenv("KILL_POINT"), *whom = getenv("KILL_WHOM");
            if (file) {
                int descriptor = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
                dprintf(descriptor, "%s\n", what);
                close(descriptor);
            }
            if (at && atoi(at) == number) kill(whom && *whom ? atoi(whom) : getpid(), SIGKILL);
        }

        #define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
        #define POINTS(name, call) REAL(name); point("before " #name); int result = call; point("after " #name); return result

        int rename(const char *from, const char *to) { POINTS(rename, real(from, to)); }
        int link(const char *from, const char *to) { POINTS(link, real(from, to)); }
        int fsync(int descriptor) { POINTS(fsync, real(descriptor)); }

        uint32_t Tss2_Sys_ExecuteAsync(void *context) { POINTS(Tss2_Sys_ExecuteAsync, real(context)); }
        uint32_t Tss2_Sys_ExecuteFinish(void *context, int32_t timeout) {
            REAL(Tss2_Sys_ExecuteFinish);
            uint32_t code = real(context, timeout);
            /* TSS2_BASE_RC_TRY_AGAIN: there is no answer yet. */
            if ((code & 0xFFFF) != 9) point("answered");
            return code;
        }
        """#
}
