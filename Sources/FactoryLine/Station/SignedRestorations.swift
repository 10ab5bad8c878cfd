import DurableFiles
import FoundationEssentials
import Messages

/// What a station signed when it restored devices.
struct SignedRestorations {
    /// One restoration.
    struct Entry {
        var restoration: Restoration
        var envelope: SignedEnvelope
        /// SHA-256 of the envelope.
        var digest: ContentDigest
        /// Its bytes.
        var size: Int
    }

    /// All of them: those of one instance in their order.
    let all: [Entry]

    init(_ station: Station) throws {
        let (files, directory) = (BirthFiles(station), station.directory.restorations)
        all = try FileManager.default.contentsOfDirectory(atPath: directory)
            .filter { $0.hasSuffix(".json") }
            .map { name in
                let path = "\(directory)/\(name)"
                guard let bytes = try BoundedFile.readIfThere(path, limit: SignedEnvelope.maximumSize) else {
                    throw files.damaged(path, "is missing")
                }
                do throws(MessageError) {
                    let envelope = try SignedEnvelope(parsing: bytes)
                    let payload = try envelope.payload(type: Restoration.payloadType, signedBy: files.key)
                    return Entry(
                        restoration: try Restoration(parsing: payload),
                        envelope: envelope,
                        digest: ContentDigest(of: bytes),
                        size: bytes.count
                    )
                } catch { throw files.damaged(path, error.detail) }
            }
            .sorted {
                ($0.restoration.instance.text, $0.restoration.number)
                    < ($1.restoration.instance.text, $1.restoration.number)
            }
    }

    /// Those that a bundle's list names, in its order.
    func named(by list: BundleList, at path: String) throws -> [Entry] {
        let known = Dictionary(all.map { ($0.digest, $0) }) { first, _ in first }
        return try (list.restorations ?? []).map { digest in
            guard let entry = known[digest] else {
                throw Station.Failure.damaged(path: path, "names a restoration that is not there; restore a backup")
            }
            return entry
        }
    }
}
