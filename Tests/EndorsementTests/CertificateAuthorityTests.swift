import Crypto
import Endorsement
import Foundation
import SwiftASN1
import TPMWire
import Testing
import X509

@Suite final class CertificateAuthorityTests {
    let directory = FileManager.default.temporaryDirectory.path + "/endo-\(UInt64.random(in: 0 ... .max))"
    let vendor: TestVendor
    let root: CertificateAuthority
    let issuing: CertificateAuthority
    let device: DeviceSubject
    let iak = P256.Signing.PrivateKey()
    let idevid = P256.Signing.PrivateKey()
    let born: Int64 = 1_700_000_000

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        vendor = try TestVendor()
        root = try .root(
            commonName: "Acme Factory Root",
            key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
            at: born - 1000
        )
        issuing = try root.issuingLevel(
            commonName: "Acme Line 1",
            key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
            at: born - 500
        )
        let facts = try #require(vendor.judge(try vendor.ek()).facts)
        device = DeviceSubject(model: "pump-7", serial: "SN_0001", endorsement: facts)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private var policy: FactoryPolicy {
        get throws {
            FactoryPolicy(
                anchors: TrustAnchors([
                    try ParsedCertificate(der: root.der()), try ParsedCertificate(der: issuing.der()),
                ])
            )
        }
    }

    private func certificate(
        _ kind: DeviceCertificateKind,
        by authority: CertificateAuthority? = nil,
        key: P256.Signing.PrivateKey? = nil,
        device other: DeviceSubject? = nil,
        at date: Int64? = nil
    ) throws -> ParsedCertificate {
        let key = key ?? (kind == .iak ? iak : idevid)
        let der = try (authority ?? issuing).issueDeviceCertificate(
            kind,
            for: .signingKey(key.publicKey, restricted: kind == .iak),
            of: other ?? device,
            at: date ?? born
        )
        return try ParsedCertificate(der: der)
    }

    private func judge(
        iak: ParsedCertificate,
        idevid: ParsedCertificate,
        model: String = "pump-7",
        serial: String = "SN_0001",
        at date: Int64? = nil
    ) throws -> DeviceCertificateVerdict {
        try policy.judge(
            iak: (iak, .signingKey(self.iak.publicKey, restricted: true)),
            idevid: (idevid, .signingKey(self.idevid.publicKey, restricted: false)),
            model: model,
            serial: serial,
            at: date ?? born
        )
    }

    private func openssl(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: directory)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private func write(_ der: [UInt8], _ name: String) throws {
        try Data(der).write(to: URL(filePath: directory + "/" + name))
    }

    @Test func whatIsIssuedIsAcceptedAndNamesTheDevice() throws {
        let verdict = try judge(iak: certificate(.iak), idevid: certificate(.idevid))
        #expect(verdict == .accepted(device))
        #expect(device.hardwareSerial == "53544d20::1122")
        #expect(device.permanentIdentifier == device.permanentIdentifier.uppercased())
        #expect(device.permanentIdentifier.count == 64)
    }

    @Test func validityIsJudgedAtBirth() throws {
        let iak = try certificate(.iak)
        let idevid = try certificate(.idevid)
        #expect(iak.notAfter == CertificateAuthority.never)
        #expect(try judge(iak: iak, idevid: idevid, at: 250_000_000_000) == .accepted(device))
        guard case .refused(let reasons) = try judge(iak: iak, idevid: idevid, at: born - 1) else {
            Issue.record("born before its certificates")
            return
        }
        #expect(reasons.map(\.code) == ["not-yet-valid", "not-yet-valid"])
    }

    @Test func attack32_devidKeyMismatch() throws {
        let other = P256.Signing.PrivateKey()
        let iak = try certificate(.iak)
        #expect(try judge(iak: iak, idevid: certificate(.idevid, key: other)) == .refused([.keyDiffers]))
        #expect(try judge(iak: certificate(.iak, key: other), idevid: certificate(.idevid)) == .refused([.keyDiffers]))
        // The two swapped: purposes and policies tell them apart even if the keys did not.
        guard case .refused(let reasons) = try judge(iak: certificate(.idevid), idevid: iak) else {
            Issue.record("swapped certificates were accepted")
            return
        }
        #expect(Set(reasons.map(\.code)) == ["key-differs", "purpose-missing", "policy-missing"])
    }

    @Test func bothMustNameTheSameDeviceAndTheRecords() throws {
        let facts = try #require(vendor.judge(try vendor.ek()).facts)
        let sister = DeviceSubject(model: "pump-7", serial: "SN_0002", endorsement: facts)
        let iak = try certificate(.iak)
        #expect(try judge(iak: iak, idevid: certificate(.idevid, device: sister)) == .refused([.deviceDiffers]))
        let idevid = try certificate(.idevid)
        #expect(try judge(iak: iak, idevid: idevid, serial: "SN_0002") == .refused([.deviceDiffers]))
        #expect(try judge(iak: iak, idevid: idevid, model: "pump-8") == .refused([.deviceDiffers]))
        let otherTPM = try TestVendor()
        let otherFacts = try #require(otherTPM.judge(try otherTPM.ek { $0.serialNumber = [5] }).facts)
        let moved = DeviceSubject(model: "pump-7", serial: "SN_0001", endorsement: otherFacts)
        #expect(try judge(iak: iak, idevid: certificate(.idevid, device: moved)) == .refused([.deviceDiffers]))
    }

    @Test func anotherFactorysCertificatesAreRefused() throws {
        let impostor = try CertificateAuthority.root(
            commonName: "Acme Factory Root",
            key: Certificate.PrivateKey(P256.Signing.PrivateKey()),
            at: born - 1000
        )
        guard case .refused(let reasons) = try judge(iak: certificate(.iak, by: impostor), idevid: certificate(.idevid))
        else {
            Issue.record("an impostor's certificate was accepted")
            return
        }
        // By key identifier the real root is not even asked.
        #expect(reasons.map(\.code) == ["issuer-unknown"])
    }

    @Test func anOperatorsCertificateIsNoDevices() throws {
        let der = try issuing.issueClientCertificate(
            commonName: "pump-7",
            key: iak.publicKey,
            uris: ["urn:birthmark:role:operator"],
            from: born,
            until: born + 1000
        )
        guard case .refused(let reasons) = try judge(iak: ParsedCertificate(der: der), idevid: certificate(.idevid))
        else {
            Issue.record("an operator's certificate was accepted")
            return
        }
        #expect(reasons.map(\.code) == ["purpose-missing", "policy-missing", "device-differs"])
    }

    @Test func opensslVerifiesTheIssuedChain() throws {
        try write(root.der(), "root.der")
        try write(issuing.der(), "issuing.der")
        for (name, der) in [("iak", try certificate(.iak).bytes), ("idevid", try certificate(.idevid).bytes)] {
            try write(der, name + ".der")
            let convert = try ["root", "issuing", name].map {
                try openssl(["x509", "-inform", "DER", "-in", $0 + ".der", "-out", $0 + ".pem"]).status
            }
            #expect(convert == [0, 0, 0])
            let verify = try openssl([
                "verify", "-x509_strict", "-check_ss_sig", "-policy_check", "-CAfile", "root.pem", "-untrusted",
                "issuing.pem", name + ".pem",
            ])
            #expect(verify.status == 0, "\(verify.output)")
            let alone = try openssl(["verify", "-CAfile", "root.pem", name + ".pem"])
            #expect(alone.status != 0)
        }
        let text = try openssl(["x509", "-in", "iak.pem", "-noout", "-text"]).output
        #expect(text.contains("Dec 31 23:59:59 9999 GMT"))
        #expect(text.contains("CN = pump-7, serialNumber = SN_0001"))
        #expect(text.contains("Policy: 2.23.133.11.1.3"))
        #expect(text.contains("X509v3 Key Usage: critical\n                Digital Signature\n"))
        #expect(text.contains("2.23.133.8.3"))
        let structure = try openssl(["asn1parse", "-in", "iak.pem"]).output
        #expect(structure.contains("9999"))
    }

    @Test func opensslReadsHardwareNames() throws {
        try write(certificate(.idevid).bytes, "idevid.der")
        let text = try openssl(["asn1parse", "-inform", "DER", "-in", "idevid.der", "-i"]).output
        let hex = Array("53544d20::1122".utf8).map { String($0, radix: 16, uppercase: true) }.joined()
        let names = text.split(separator: "\n").filter { $0.contains("HEX DUMP") && $0.contains(hex) }
        #expect(names.count == 1)
    }

    @Test func opensslAcceptsServerAndClientCertificates() throws {
        let key = P256.Signing.PrivateKey()
        let now = Int64(Date().timeIntervalSince1970)
        let server = try root.issueServerCertificate(
            commonName: "verifier",
            key: key.publicKey,
            hosts: ["localhost", "127.0.0.1", "::1"],
            from: now - 60,
            until: now + 3600
        )
        let client = try root.issueClientCertificate(
            commonName: "alice",
            key: key.publicKey,
            uris: ["urn:birthmark:operator:alice", "urn:birthmark:role:auditor"],
            from: now - 60,
            until: now + 3600
        )
        for (name, der) in [("root", try root.der()), ("server", server), ("client", client)] {
            try write(der, name + ".der")
            _ = try openssl(["x509", "-inform", "DER", "-in", name + ".der", "-out", name + ".pem"])
        }
        for host in [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]] {
            let result = try openssl(
                ["verify", "-x509_strict", "-CAfile", "root.pem", "-purpose", "sslserver"] + host + ["server.pem"]
            )
            #expect(result.status == 0, "\(result.output)")
        }
        #expect(
            try openssl(["verify", "-CAfile", "root.pem", "-verify_hostname", "example.com", "server.pem"]).status != 0
        )
        #expect(try openssl(["verify", "-CAfile", "root.pem", "-purpose", "sslclient", "client.pem"]).status == 0)
        #expect(try openssl(["verify", "-CAfile", "root.pem", "-purpose", "sslclient", "server.pem"]).status != 0)
        #expect(try openssl(["verify", "-CAfile", "root.pem", "-purpose", "sslserver", "client.pem"]).status != 0)
        let text = try openssl(["x509", "-in", "client.pem", "-noout", "-text"]).output
        #expect(text.contains("URI:urn:birthmark:operator:alice, URI:urn:birthmark:role:auditor"))
    }

    @Test(arguments: [
        "", "a b", "-a", "a-", "a..b", "ex\u{e4}mple", "a/b", "1::2::3", "12345::", ":1", "1:2:3:4:5:6:7:8:9",
    ])
    func hostsThatAreNoneAreRefused(_ host: String) throws {
        #expect(throws: CertificateAuthority.Failure.unsuitableText(host)) {
            try root.issueServerCertificate(commonName: "x", key: iak.publicKey, hosts: [host], from: 0, until: 1)
        }
    }

    @Test(arguments: ["", "a\nb", "a\0b", "\u{202E}gpj", String(repeating: "x", count: 65), "é"])
    func attack50_hostileSerialsAreNotCertified(_ serial: String) throws {
        let facts = try #require(vendor.judge(try vendor.ek()).facts)
        let hostile = DeviceSubject(model: "pump-7", serial: serial, endorsement: facts)
        #expect(throws: CertificateAuthority.Failure.unsuitableText(serial)) { try certificate(.iak, device: hostile) }
    }

    @Test func aCAWithAnotherKeyOrNoCAIsRefused() throws {
        let other = Certificate.PrivateKey(P256.Signing.PrivateKey())
        #expect(throws: CertificateAuthority.Failure.keyDoesNotMatch) {
            try CertificateAuthority(certificate: root.certificate, key: other)
        }
        let leaf = try Certificate(derEncoded: certificate(.iak).bytes)
        #expect(throws: CertificateAuthority.Failure.notAnAuthority) {
            try CertificateAuthority(certificate: leaf, key: Certificate.PrivateKey(iak))
        }
    }

    @Test func serialNumbersNeverRepeat() throws {
        var seen: Set<[UInt8]> = []
        for _ in 0..<50 { seen.insert(try certificate(.iak).serialNumber) }
        #expect(seen.count == 50)
    }

    @Test func aKeyWithoutCertificateNamesTheDeviceByItsPublicKey() throws {
        let digest = EKAllowList.digest(of: vendor.publicArea)
        let list = try #require(
            EKAllowList(parsing: digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
        )
        let policy = EndorsementPolicy(anchors: TrustAnchors([]))
        let facts = try #require(policy.judge(uncertified: vendor.publicArea, allowed: list).facts)
        let named = DeviceSubject(model: "pump-7", serial: "SN_0001", endorsement: facts)
        let expected = SHA256.hash(data: Array("EkPubkey".utf8) + vendor.ekKey.publicKey.derRepresentation)
        #expect(
            named.permanentIdentifier
                == expected.map { byte in
                    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                }.joined()
        )
    }
}
