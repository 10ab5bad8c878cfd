import MachineFaults
import Testing

/// A fault of the machine at a chosen write of the journal.
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

    /// What the program needs in its environment for it: rename(2) puts the journal in place.
    func environment(in directory: String) async throws -> [String: String] {
        let (faults, name) = (try await MachineFaults(in: directory), "/journal.json")
        return switch kind {
        case .killBefore: faults.killing(.before, placing: write, of: name)
        case .killAfter: faults.killing(.after, placing: write, of: name)
        case .diskFull: faults.fullDisk(at: write, isLasting: false, of: name)
        }
    }
}
