// Writes the seed corpora, Fuzz/Seeds/<target>/<seed>, from what stands in this program: birthmark-seeds DIRECTORY.
// Each is an input that its parser accepts; what it must refuse, mutation finds by itself.

import FoundationEssentials
import Glibc
import ParserProperties

let seeds: [String: [String: [UInt8]]] = try [
    WireSeeds.all, LogSeeds.all, IMASeeds.all,
    ["ek-certificate": CertificateSeeds.endorsement, "revocation-list": CertificateSeeds.lists],
    RequestSeeds.all, MessageSeeds.all, ActSeeds.all, CompensatedSeeds.all, FileSeeds.all, GrantSeeds.all,
    StatusListSeeds.all,
    LedgerSeeds.all(),
]
.reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }

guard CommandLine.arguments.count == 2 else {
    print("usage: birthmark-seeds DIRECTORY")
    exit(64)
}
var faults = 0
for target in ParserTarget.all {
    guard let seeds = seeds[target.name], !seeds.isEmpty else {
        print("\(target.name): no seeds")
        faults += 1
        continue
    }
    let directory = URL(filePath: CommandLine.arguments[1]).appending(path: target.name)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for (name, bytes) in seeds {
        if bytes.count > target.longestInput { print("\(target.name)/\(name): \(bytes.count) bytes, too long") }
        if try !target.check(bytes) {
            print("\(target.name)/\(name): refused")
            faults += 1
        }
        try Data(bytes).write(to: directory.appending(path: name))
    }
}
exit(faults == 0 ? 0 : 1)
