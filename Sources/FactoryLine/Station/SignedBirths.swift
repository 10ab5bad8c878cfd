import DurableFiles
import Messages

/// The signed births of a station and the digests by which bundles name them.
struct SignedBirths {
    /// One birth.
    struct Entry {
        var name: BirthName
        /// SHA-256 of the envelope.
        var digest: ContentDigest
        /// Its bytes.
        var size: Int
    }

    /// All of them, sorted: a birth comes after the one that it replaces.
    let names: [Entry]
    private let files: BirthFiles

    // The base64 of Blob, and the punctuation around it.
    private static func written(_ size: Int) -> Int { (size + 2) / 3 * 4 + 16 }

    init(_ files: BirthFiles) throws {
        self.files = files
        // Envelopes lie there in canonical JSON, so the file's digest is the envelope's.
        names = try files.births().map { name in
            let path = files.directory.birth(name)
            guard let bytes = try BoundedFile.readIfThere(path, limit: SignedEnvelope.maximumSize) else {
                throw files.damaged(path, "is missing")
            }
            return Entry(name: name, digest: ContentDigest(of: bytes), size: bytes.count)
        }
    }

    /// As many of the first as one bundle holds beside so many bytes of other things.
    func fitting(_ wanted: [Entry], beside others: Int) throws -> [Entry] {
        var (room, logs) = (BirthBundle.maximumSize - 2 * BundleList.maximumSize - others, Set<ContentDigest>())
        var fitting: [Entry] = []
        for entry in wanted.prefix(BirthBundle.maximumBirths) {
            room -= entry.size + 1
            let birth = try birth(entry).birth
            if let log = birth.log, logs.insert(log).inserted {
                room -= Self.written(try self.log(log, of: birth).count)
            }
            guard room >= 0 else { break }
            fitting.append(entry)
        }
        return fitting
    }

    /// Births and, each once, the logs that they name.
    func read(_ wanted: [Entry]) throws -> (births: [SignedEnvelope], logs: [Blob]) {
        var births: [SignedEnvelope] = []
        var logs: [ContentDigest: Blob] = [:]
        for entry in wanted {
            let (envelope, birth) = try birth(entry)
            births.append(envelope)
            if let digest = birth.log, logs[digest] == nil {
                logs[digest] = Blob(try log(digest, of: birth))
            }
        }
        return (births, logs.sorted { $0.key < $1.key }.map(\.value))
    }

    /// Those that a bundle's list names, in its order.
    func named(by list: BundleList, at path: String) throws -> [Entry] {
        let known = Dictionary(names.map { ($0.digest, $0) }) { first, _ in first }
        return try list.births.map { digest in
            guard let entry = known[digest] else {
                throw files.damaged(path, "names a birth that is not in \(files.directory.births)")
            }
            return entry
        }
    }

    private func birth(_ entry: Entry) throws -> (envelope: SignedEnvelope, birth: InstanceBirth) {
        let path = files.directory.birth(entry.name)
        guard let envelope = try files.envelope(path) else { throw files.damaged(path, "is missing") }
        do throws(MessageError) {
            return (envelope, try envelope.birth(signedBy: files.key))
        } catch { throw files.damaged(path, error.detail) }
    }

    private func log(_ digest: ContentDigest, of birth: InstanceBirth) throws -> [UInt8] {
        guard let log = try files.log(digest), ContentDigest(of: log) == digest else {
            throw Station.ExportFailure.logMissing(serial: birth.facts.serial, digest)
        }
        return log
    }
}

extension InstanceBirth {
    /// The event log that it names.
    fileprivate var log: ContentDigest? {
        switch self {
        case .measured(let record): record.firstBoot.log
        case .compensated: nil
        }
    }
}
