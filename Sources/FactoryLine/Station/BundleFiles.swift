import DurableFiles
import FoundationEssentials
import Messages

/// The lists of all bundles that a station has made: 1, 2, 3, and so on without a gap.
struct BundleFiles {
    private var lists: [Int64: (envelope: SignedEnvelope, list: BundleList)] = [:]
    private var held: Set<ContentDigest> = []
    /// The number of the last one; 0 while there is none.
    let latest: Int64

    /// Reads them all.
    /// - Throws: `Station.Failure.damaged` when one is missing or not what this station signed: its number must not be given again.
    init(_ station: Station) throws {
        let (files, directory) = (BirthFiles(station), station.directory)
        let numbers = try FileManager.default.contentsOfDirectory(atPath: directory.bundles)
            .compactMap { name in name.hasSuffix(".json") ? Int64(name.dropLast(5)) : nil }
            .filter { (1...BundleList.maximumNumber).contains($0) }
        latest = numbers.max() ?? 0
        for number in 1..<latest + 1 {
            let path = directory.list(of: number)
            guard let envelope = try files.envelope(path) else { throw files.damaged(path, "is missing") }
            let list: BundleList
            do throws(MessageError) {
                list = try BundleList(
                    parsing: envelope.payload(type: BundleList.payloadType, signedBy: files.key)
                )
            } catch { throw files.damaged(path, error.detail) }
            guard list.number == number, list.station == station.name else {
                throw files.damaged(path, "is bundle \(list.number) of \(list.station)")
            }
            lists[number] = (envelope, list)
            held.formUnion(list.births + (list.restorations ?? []))
        }
    }

    subscript(_ number: Int64) -> (envelope: SignedEnvelope, list: BundleList)? { lists[number] }

    /// Whether a birth, or a restoration, is in any of them.
    func hold(_ statement: ContentDigest) -> Bool { held.contains(statement) }
}
