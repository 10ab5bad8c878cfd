import Foundation
import Messages
import SwiftASN1
import TPMCrypto
import TPMWire
import Testing

@testable import Endorsement

private let corpus = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

/// The requests of real devices, judged as the corpus' index says.
@Suite(.enabled(if: corpus != nil)) struct CSRCorpusTests {
    private static let switchForm = CSRForm(
        envelope: .none,
        contentHash: .inline,
        publicAreas: .tpmt,
        statements: .tpms,
        signature: .tpmt,
        certification: .certify
    )

    private func file(_ name: String) throws -> [UInt8] {
        let directory = "openconfig+attestz/service/biz/hmac_challenge_test_data/"
        return Array(try Data(contentsOf: URL(filePath: (corpus ?? "") + "/" + directory + name)))
    }

    @Test func theRequestOfASwitchIsAccepted() throws {
        let request = try IDevIDRequest(
            contents: try file("csrResponse-csr_contents"),
            signature: try file("csrResponse-idevid_signature_csr"),
            form: Self.switchForm
        )
        #expect(request.reasons.isEmpty)
        #expect(request.template == .eccP384)
        #expect(request.content.model == Array("DCS-7001-SUP-L".utf8))
        #expect(request.content.serial == Array("JPN2517P064".utf8))
        #expect(request.content.attestationKey.bytes == (try file("iak-TPMT_PUBLIC")))
        #expect(request.content.attestationKey.objectAttributes.contains([.restricted, .fixedTPM]))
        #expect(!request.content.identityKey.objectAttributes.contains(.restricted))

        // The endorsement certificate in it leads to its vendor's root.
        let certificate = try EKCertificate(fromNV: request.content.endorsement)
        let vendor = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Provisioning/trust/st").path()
        let policy = EndorsementPolicy(try TrustDirectory.contents(of: vendor))
        guard
            case .accepted(let facts) = policy.judge(
                certificate,
                for: certificate.certificate.subjectKey,
                intermediates: [],
                at: 1_720_000_000
            )
        else {
            Issue.record("the endorsement certificate is refused")
            return
        }
        guard case .certificate(let described) = facts.basis else {
            Issue.record("no certificate")
            return
        }
        #expect(described.tpm?.manufacturerText == "STM")
    }

    @Test func noOtherFormReadsIt() throws {
        let contents = try file("csrResponse-csr_contents")
        let signature = try file("csrResponse-idevid_signature_csr")
        let fitting = CSRForm.all.filter { form in
            form.envelope == .none
                && (try? IDevIDRequest(contents: contents, signature: signature, form: form))?.reasons.isEmpty == true
        }
        #expect(fitting == [Self.switchForm])
    }

    @Test func everyChangedBitIsNoticed() throws {
        let contents = try file("csrResponse-csr_contents")
        let signature = try file("csrResponse-idevid_signature_csr")
        for offset in stride(from: 0, to: contents.count, by: 7) {
            var changed = contents
            changed[offset] ^= 1
            let read = try? IDevIDRequest(contents: changed, signature: signature, form: Self.switchForm)
            #expect(read?.reasons.isEmpty != true)
        }
    }

    /// The switch's answer to a challenge: its attestation key certified with an HMAC key that was imported under the
    /// endorsement key.
    ///
    /// The index says what the HMAC is over: the digest of the statement.
    @Test func theChallengeOfASwitchWasAnswered() throws {
        var sensitive = ByteReader(try file("sensitive"))
        #expect(try sensitive.uint16("sensitiveType") == AlgorithmID.keyedHash.rawValue)
        #expect(try sensitive.sized(max: 64, "authValue").isEmpty)
        _ = try sensitive.sized(max: 64, "seedValue")
        let key = try sensitive.sized(max: 64, "sensitive")
        try sensitive.finish("sensitive")

        var wrapped = ByteReader(try file("challengeResp-iak_certify_info"))
        let statement = try wrapped.sized(max: 2048, "iak_certify_info")
        try wrapped.finish("iak_certify_info")
        guard
            case .hmac(let code) = try TPMTSignature(parsing: try file("challengeResp-iak_certify_info_signature"))
        else {
            Issue.record("not an HMAC")
            return
        }
        let digest = HashAlgorithm.sha256.digest(statement)
        #expect(code.digest == HashAlgorithm.sha256.hmac(key: key, digest))
        #expect(code.digest != HashAlgorithm.sha256.hmac(key: key, statement))

        let iak = try TPM2BPublic(parsing: try file("challengeResp-iak_pub")).contents
        guard case .certify(let name, let qualified) = try TPMSAttest(parsing: statement).attested else {
            Issue.record("not TPM2_Certify")
            return
        }
        #expect(try name == Name(of: iak))
        #expect(try qualified == name.qualified(under: Name(handle: .endorsement)))
    }

    @Test(arguments: ["wolftpm_csr_0.pem", "wolftpm_csr_1.pem"]) func requestsByPKCS10ShowNoResidency(
        name: String
    ) throws {
        let url = URL(filePath: (corpus ?? "") + "/wolfSSL+wolfTPM/_derived/csr/" + name)
        let der = try PEMDocument(pemString: String(contentsOf: url, encoding: .utf8)).derBytes
        let request = try CertificationRequest(der: der)
        #expect(request.reasons == [.residencyNotShown])
        #expect(request.workarounds == [.requestVersion])
        #expect(throws: CertificateError.self) { try CertificationRequest(der: der, allowing: []) }
        for offset in stride(from: 0, to: der.count, by: 11) {
            var changed = der
            changed[offset] ^= 1
            let read = try? CertificationRequest(der: changed)
            #expect(read.map { $0.reasons.contains(.requestSignatureInvalid) } ?? true)
        }
    }
}
