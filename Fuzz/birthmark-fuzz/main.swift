// libFuzzer on one of the project's parsers: birthmark-fuzz TARGET [libFuzzer's arguments].
// Without arguments it names its targets, with the longest input of each.

import CLibFuzzer
import Glibc
import ParserProperties

/// What a function without context, as C wants it, can look at.
nonisolated(unsafe) var target: ParserTarget?

guard let name = CommandLine.arguments.dropFirst().first else {
    for target in ParserTarget.all { print(target.name, target.longestInput) }
    exit(0)
}
guard let named = ParserTarget.named(name) else {
    print("birthmark-fuzz: no target is called \(name)")
    exit(64)
}
unsafe target = named

// libFuzzer reads the arguments after the program's name.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = unsafe CommandLine.unsafeArgv + 1
let status = unsafe LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
    let input = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: count))
    do {
        _ = try unsafe target?.check(input)
    } catch {
        // libFuzzer keeps the input of a process that traps.
        fatalError("does not hold: \(error)")
    }
    return 0
}
exit(status)
