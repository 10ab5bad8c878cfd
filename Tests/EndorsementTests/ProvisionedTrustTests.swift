import Foundation
import Testing

@testable import Endorsement

/// The vendor roots that come with the project, held to their index.
@Suite struct ProvisionedTrustTests {
    struct Entry: Decodable, Sendable, CustomTestStringConvertible {
        var file, vendor, kind, subject, sha256: String
        var notBefore, notAfter: Date
        var url: String?
        var collections: [String]
        var taken: String
        var testDescription: String { file }
    }

    private struct Index: Decodable { var certificates: [Entry] }

    static let directory =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path(percentEncoded: false) + "Provisioning/trust"

    static let entries: [Entry] = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let data = (try? Data(contentsOf: URL(filePath: directory + "/index.json"))) ?? Data()
        return (try? decoder.decode(Index.self, from: data).certificates) ?? []
    }()

    private static let contents = Result { try TrustDirectory.contents(of: directory) }

    @Test func theIndexIsThereAndNamesEveryFileOnce() throws {
        let names = Self.entries.map(\.file)
        #expect(Set(names).count == names.count)
        let found = try FileManager.default.subpathsOfDirectory(atPath: Self.directory).filter { $0.hasSuffix(".pem") }
        #expect(Set(found) == Set(names))
        #expect(names.count == 186)
    }

    @Test(arguments: entries) func aFileIsWhatTheIndexSays(_ entry: Entry) throws {
        let certificates = try TrustDirectory.readFile(Self.directory + "/" + entry.file)
        let certificate = try #require(certificates.first)
        #expect(certificates.count == 1)
        #expect(certificate.sha256.map { String(format: "%02x", $0) }.joined() == entry.sha256)
        #expect(certificate.subject.description == entry.subject)
        #expect(certificate.notBefore == Int64(entry.notBefore.timeIntervalSince1970))
        #expect(certificate.notAfter == Int64(entry.notAfter.timeIntervalSince1970))
        #expect(certificate.isSelfSigned == (entry.kind == "root"))
        #expect(entry.file.hasPrefix(entry.vendor + "/"))
        // Where it comes from: the vendor's own address, or whoever else has the same bytes.
        #expect(!entry.collections.isEmpty)
        #expect(entry.url?.hasPrefix("http") ?? true)
        if entry.kind == "root", entry.url == nil {
            #expect(entry.collections.contains { $0.hasPrefix("Debian ") } || entry.collections.count > 1)
        }
        #expect(try Date(entry.taken + "T00:00:00Z", strategy: .iso8601) < Date())
    }

    @Test func everyIntermediateLeadsToARootHere() throws {
        let anchors = try Self.contents.get().anchors
        #expect(anchors.roots.count == 38 && anchors.intermediates.count == 148)
        for intermediate in anchors.intermediates {
            let path = CertificatePath.search(from: intermediate, to: anchors)
            guard case .found(let paths) = path, let shortest = paths.first else {
                Issue.record("\(intermediate.subject) leads to no root")
                continue
            }
            // On the first day of the whole path nothing is wrong with it as a CA for endorsement keys.
            let reasons = shortest.reasons(
                at: shortest.certificates.map(\.notBefore).max() ?? 0,
                purpose: .endorsementKey,
                revocationLists: []
            )
            #expect(reasons.isEmpty, "\(intermediate.subject): \(reasons)")
        }
    }

    @Test func onlyCertificatesAreRead() throws {
        #expect(try Self.contents.get().passedOver == ["README.md", "index.json", "tpm-advisories.json"])
        #expect(try Self.contents.get().revocationLists.isEmpty)
    }
}
