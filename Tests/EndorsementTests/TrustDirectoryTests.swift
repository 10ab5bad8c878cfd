import Endorsement
import Foundation
import Glibc
import SwiftASN1
import Testing

@Suite final class TrustDirectoryTests {
    let directory = FileManager.default.temporaryDirectory.path + "/endo-\(UInt64.random(in: 0 ... .max))"
    let vendor: TestVendor

    init() throws {
        vendor = try TestVendor()
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: directory + "/" + name))
    }

    private func pem(_ certificates: [[UInt8]]) -> [UInt8] {
        Array(
            certificates.map { PEMDocument(type: "CERTIFICATE", derBytes: $0).pemString }.joined(separator: "\n").utf8
        )
    }

    @Test func readsPEMAndDERAndTellsRootsApart() throws {
        let key = TestKey.p256()
        let level = TestCertificate.authority("Level 2", issuer: "Test Vendor CA", key: key).signed(by: vendor.rootKey)
        // Its own name as issuer, and not its own signature: not a root.
        let pretender = TestCertificate.authority("Pretender", issuer: "Pretender", key: key).signed(by: vendor.rootKey)
        try write("a.pem", Array("# a comment\n\n".utf8) + pem([level, vendor.root.bytes]) + Array("\nmore\n".utf8))
        try write("b.der", vendor.root.bytes)
        try write("c.crt", pretender)
        try write("README.md", Array("not a certificate".utf8))
        let anchors = try TrustDirectory.contents(of: directory).anchors
        #expect(anchors.roots == [vendor.root])
        #expect(anchors.intermediates.map(\.subject.description) == ["CN=Level 2", "CN=Pretender"])
    }

    @Test func oneBadFileIsNamedAndNothingIsUsed() throws {
        try write("a.der", vendor.root.bytes)
        try write("b.der", Array(vendor.root.bytes.dropLast()))
        do {
            _ = try TrustDirectory.contents(of: directory)
            Issue.record("a truncated certificate was read")
        } catch {
            #expect(error.description.hasPrefix(directory + "/b.der, certificate or list 0: "))
        }
        try write("b.der", Array("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n".utf8))
        #expect(throws: TrustDirectory.Failure.self) { try TrustDirectory.contents(of: directory) }
    }

    @Test func anEmptyOrMissingDirectoryIsAnError() {
        #expect(throws: TrustDirectory.Failure.self) { try TrustDirectory.contents(of: directory) }
        #expect(throws: TrustDirectory.Failure.self) { try TrustDirectory.contents(of: directory + "/nowhere") }
    }

    @Test func anOwnersCANeedsNoWorkarounds() throws {
        let key = TestKey.rsa(try #require(TestKey.sharedRSA), algorithm: [1, 2, 840, 113549, 1, 1, 5])
        try write("a.der", TestCertificate.authority("Old", issuer: "Old", key: key).signed(by: key))
        #expect(try TrustDirectory.contents(of: directory).anchors.roots.count == 1)
        #expect(throws: TrustDirectory.Failure.self) { try TrustDirectory.contents(of: directory, allowing: []) }
    }

    @Test func directoriesWithinAreReadAndTheRestIsTold() throws {
        try FileManager.default.createDirectory(atPath: directory + "/st/old", withIntermediateDirectories: true)
        try write("st/old/a.CRT", vendor.root.bytes)
        try write("st/key.pem", Array("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n".utf8))
        try write("index.json", Array("{}".utf8))
        try write(".hidden.pem", Array("none".utf8))
        let contents = try TrustDirectory.contents(of: directory)
        #expect(contents.anchors.roots == [vendor.root])
        #expect(contents.passedOver == [".hidden.pem", "index.json", "st/key.pem"])
    }

    @Test func revocationListsCountWhereTheyLie() throws {
        try write("a.der", vendor.root.bytes)
        let list = RevocationTests(vendor).list(revoked: [[0x11, 0x22]])
        let pem = PEMDocument(type: "X509 CRL", derBytes: list).pemString
        for (name, bytes) in [("list.crl", list), ("list.pem", Array(pem.utf8)), ("list.crl", Array(pem.utf8))] {
            try write(name, bytes)
            let policy = EndorsementPolicy(try TrustDirectory.contents(of: directory))
            #expect(policy.judge(try vendor.ek(), for: nil, at: TestVendor.date).codes == ["revoked"])
            try FileManager.default.removeItem(atPath: directory + "/" + name)
        }
        // A list that cannot be used stops everything, as a certificate does.
        try write("list.crl", Array(list.dropLast()))
        #expect(throws: TrustDirectory.Failure.self) { try TrustDirectory.contents(of: directory) }
        try FileManager.default.removeItem(atPath: directory + "/a.der")
        try write("list.crl", list)
        #expect(throws: TrustDirectory.Failure.self) { try TrustDirectory.contents(of: directory) }
    }

    /// A file that says it has more than this machine's memory is told, and not read.
    @Test func aFileIsReadNoFurtherThanItsBound() throws {
        try write("a.der", vendor.root.bytes)
        try write("b.pem", [])
        let file = try FileHandle(forWritingTo: URL(filePath: directory + "/b.pem"))
        try file.truncate(atOffset: 1 << 36)
        try file.close()
        do {
            _ = try TrustDirectory.contents(of: directory)
            Issue.record("a file of 64 GB was read")
        } catch {
            #expect(error.description.hasPrefix(directory + "/b.pem has more than the "), "\(error)")
        }
    }

    /// Where certificates count for lying in a directory, whoever may write into it, or into one of its files, could add his own.
    @Test(arguments: ["", "/st", "/st/a.der"]) func whatOthersMayChangeIsNotTrusted(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: directory + "/st", withIntermediateDirectories: false)
        try write("st/a.der", vendor.root.bytes)
        for path in ["", "/st", "/st/a.der"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory + path)
        }
        #expect(try TrustDirectory.contents(of: directory, trusted: true).anchors.roots == [vendor.root])
        try FileManager.default.setAttributes([.posixPermissions: 0o775], ofItemAtPath: directory + name)
        #expect(try TrustDirectory.contents(of: directory).anchors.roots == [vendor.root])
        do {
            _ = try TrustDirectory.contents(of: directory, trusted: true)
            Issue.record("it was trusted")
        } catch {
            #expect(error.description.hasPrefix(directory + name + " can be changed by other users"), "\(error)")
            #expect(error.description.contains("chmod go-w \(directory + name)"), "\(error)")
        }
    }

    @Test func aPipeIsNotWaitedFor() throws {
        try write("a.der", vendor.root.bytes)
        let isMade = unsafe mkfifo(directory + "/b.pem", 0o600) == 0
        try #require(isMade)
        do {
            _ = try TrustDirectory.contents(of: directory)
            Issue.record("a pipe was read")
        } catch {
            #expect(error.description.hasPrefix(directory + "/b.pem is a pipe"), "\(error)")
        }
    }

    @Test func aDirectoryWithinItselfEnds() throws {
        try write("a.der", vendor.root.bytes)
        try FileManager.default.createSymbolicLink(atPath: directory + "/loop", withDestinationPath: directory)
        #expect(throws: TrustDirectory.Failure.self) { try TrustDirectory.contents(of: directory) }
    }
}
