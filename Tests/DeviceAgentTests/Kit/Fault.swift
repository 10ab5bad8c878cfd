import FoundationEssentials
import Subprocess
import Testing

/// A fault of the machine at a chosen write of the journal, put between the real program and libc: the program itself
/// knows nothing of it.
struct Fault: Sendable, CustomTestStringConvertible {
    enum Kind: String, Sendable, CaseIterable {
        /// The power goes before the journal's new text is in place.
        case killBefore = "kill-before"
        /// The power goes right after.
        case killAfter = "kill-after"
        /// The disk has no room for it.
        case diskFull = "disk-full"
    }

    var kind: Kind
    /// Which write of the journal, from 1.
    var write: Int

    var testDescription: String { "\(kind.rawValue) \(write)" }

    static func all(_ kinds: [Kind], writes: ClosedRange<Int>) -> [Fault] {
        writes.flatMap { write in kinds.map { Fault(kind: $0, write: write) } }
    }

    /// What the program needs in its environment for it.
    func environment(in directory: String) async throws -> [String: String] {
        let library = directory + "/fault.so"
        if !exists(library) {
            try DeviceAgentTests.write(Array(Self.source.utf8), to: directory + "/fault.c")
            let result = try await Subprocess.run(
                .name("clang"),
                arguments: ["-shared", "-fPIC", "-O1", "-o", library, directory + "/fault.c", "-ldl"],
                output: .discarded,
                error: .string(limit: 1 << 16)
            )
            try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
        }
        return ["LD_PRELOAD": library, "FAULT": "\(kind.rawValue) \(write)"]
    }

    /// rename(2) puts the journal in place, so it is the moment that counts.
    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        int rename(const char *from, const char *to) {
            static int writes;
            int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
            const char *name = strrchr(to, '/'), *fault = getenv("FAULT");
            char kind[32];
            int at;
            if (fault && name && !strcmp(name, "/journal.json") && sscanf(fault, "%31s %d", kind, &at) == 2 && ++writes == at) {
                if (!strcmp(kind, "disk-full")) { errno = ENOSPC; return -1; }
                if (!strcmp(kind, "kill-after")) real(from, to);
                kill(getpid(), SIGKILL);
            }
            return real(from, to);
        }
        """#
}
