import DurableFiles
import FoundationEssentials
import Messages

/// The manifests of all bundles that a station has made: 1, 2, 3, and so on without a gap.
struct BundleFiles {
    private var manifests: [Int64: (envelope: SignedEnvelope, manifest: BundleManifest)] = [:]
    private var held: Set<ContentDigest> = []
    /// The number of the last one; 0 while there is none.
    let latest: Int64

    /// Reads them all.
    /// - Throws: `Station.Failure.damaged` when one is missing or not what this station signed: its number must not be given again.
    init(_ station: Station) throws {
        let (files, directory) = (BirthFiles(station), station.directory)
        let numbers = try FileManager.default.contentsOfDirectory(atPath: directory.bundles)
            .compactMap { name in name.hasSuffix(".json") ? Int64(name.dropLast(5)) : nil }
            .filter { (1...BundleManifest.maximumNumber).contains($0) }
        latest = numbers.max() ?? 0
        for number in 1..<latest + 1 {
            let path = directory.manifest(of: number)
            guard let envelope = try files.envelope(path) else { throw files.damaged(path, "is missing") }
            let manifest: BundleManifest
            do throws(MessageError) {
                manifest = try BundleManifest(
                    parsing: envelope.payload(type: BundleManifest.payloadType, signedBy: files.key)
                )
            } catch { throw files.damaged(path, error.detail) }
            guard manifest.number == number, manifest.station == station.name else {
                throw files.damaged(path, "is bundle \(manifest.number) of \(manifest.station)")
            }
            manifests[number] = (envelope, manifest)
            held.formUnion(manifest.births + (manifest.restorations ?? []))
        }
    }

    subscript(_ number: Int64) -> (envelope: SignedEnvelope, manifest: BundleManifest)? { manifests[number] }

    /// Whether a birth, or a restoration, is in any of them.
    func hold(_ statement: ContentDigest) -> Bool { held.contains(statement) }
}
