import Foundation
import SwiftASN1
import TPMCrypto
import TPMWire
import Testing

@testable import Endorsement

private let corpus = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

/// Certificates of other people's machines, judged as the corpus' index says; where ours differs, the reason stands here.
@Suite(.enabled(if: corpus != nil)) struct CorpusTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let file: String
        var codes: [String] = []
        var workarounds: Set<Workaround> = []
        var model: String?
        /// Within the validity of the path: most were made before, two after.
        var date: Int64 = 1_690_000_000
        var testDescription: String { file }
    }

    static let cases: [Case] = [
        Case(file: "Foxboron+attezt/_derived/attest_ekcert.der", workarounds: [.unorderedSet], model: "NPCT75x"),
        Case(
            file: "Foxboron+attezt/internal/truststore/tests/devicecert.cer",
            workarounds: [.unorderedSet],
            model: "NPCT75x"
        ),
        Case(file: "immune-gmbh+guard-oss/_derived/ekcerts/h12ssl_infineon_ek.der", model: "SLB 9665"),
        Case(file: "intel-secl+intel-secl/_derived/ek_0_ifx.der", model: "SLB 9670 TPM2.0"),
        Case(file: "keylime+attestation-operator/_derived/st_ek_0.der", model: "ST33HTPHAHE0"),
        Case(
            file: "loicsikidi+go-tpm-kit/tpmtest/testutil/ek/testdata/intel-ekcert.pem",
            workarounds: [.encodedDefault],
            model: "SPT"
        ),
        Case(file: "smallstep+crypto/_derived/intel_4872.der", workarounds: [.encodedDefault], model: "SPT"),
        Case(file: "openconfig+attestz/_derived/tcg_csr/ekcert.der", model: "ST33HTPHAHD8"),
        Case(
            file: "osresearch+safeboot/_derived/quote-t490/ek.crt",
            workarounds: [.nvPadding],
            model: "ST33HTPHAHC0"
        ),
        Case(file: "wxleong+tpm2-provision-service/_derived/ifx_ek_0.der", model: "SLB 9670 TPM2.0"),
        Case(file: "wxleong+tpm2-provision-service/_derived/ifx_ek_2.der", model: "SLB 9672 TPM2.0"),
        Case(file: "wxleong+tpm2-provision-service/_derived/ifx_ek_4.der", model: "SLB 9672 TPM2.0"),
        // ST parts of 2014: valid when their boards were made, expired since.
        Case(file: nuc("nuc-1/ek_cert_untouched.cer"), workarounds: st2014.union([.nvHeader]), model: "ST33ZP24PVSP"),
        Case(file: nuc("nuc-1/ek_cert_7_byte_header_removed.cer"), workarounds: st2014, model: "ST33ZP24PVSP"),
        Case(file: nuc("nuc-1/tpmcert.pem"), workarounds: st2014, model: "ST33ZP24PVSP"),
        Case(file: nuc("nuc-2/tpmcert.pem"), workarounds: st2014, model: "ST33ZP24PVSP"),
        Case(file: nuc("nuc-1/tpmcert.pem"), codes: ["expired"], date: 1_720_000_000),
        // Google's virtual TPMs: no purpose and no TPM in the certificate, the issuing CA is for nothing else.
        Case(file: google("pca_tpm_ecc_enc_cert.pem"), workarounds: [.purposeFromIssuer]),
        Case(file: google("pca_tpm_rsa_enc_cert.pem"), workarounds: [.purposeFromIssuer]),
        Case(
            file: "salrashid123+gcp-vtpm-ek-ak/example/certs/ekcert.pem",
            workarounds: [.purposeFromIssuer],
            date: 1_720_000_000
        ),
        // Google's CA certifies two keys of each virtual TPM: one that decrypts, and one that signs, with the key usage
        // digitalSignature. The index accepts the latter under Google's CA, and so far as the chain goes so do we: nothing but
        // the key usage is wrong with them (see below). They are the certificates of attestation keys all the same (go-tpm-tools
        // keeps them in ak_cert), and as endorsement keys they are refused: no credential can be made to a key that signs.
        Case(file: google("pca_tpm_ecc_sign_cert.pem"), codes: ["key-usage-unsuitable"]),
        Case(file: google("pca_tpm_rsa_sign_cert.pem"), codes: ["key-usage-unsuitable"]),
        Case(file: "google+go-tpm-tools/_derived/gce-cos-85-nonce9009.ak_cert.der", codes: ["key-usage-unsuitable"]),
        // Software TPMs whose local CA nobody here has enrolled.
        Case(file: "keylime+keylime/_derived/swtpm_ek.der", codes: ["issuer-unknown"]),
        Case(file: "salrashid123+tpm2/event_log/ekcerts/ek-rsa2048.crt", codes: ["issuer-unknown"]),
        Case(file: "salrashid123+tpm2/event_log/ekcerts/ek-secp384r1.crt", codes: ["issuer-unknown"]),
        // An attestation key of a test CA, which writes the TPM's names without `id:`.
        Case(
            file: "Foxboron+attezt/_derived/akcert_urn_san.der",
            codes: ["issuer-unknown", "purpose-missing", "tpm-not-named"]
        ),
    ]

    private static let st2014: Set<Workaround> = [.rsaesOAEPKey, .sha1Signature, .keyUsageAbsent]
    private static func nuc(_ name: String) -> String {
        "nsacyber+HIRS/HIRS_AttestationCA/src/test/resources/certificates/" + name
    }
    private static func google(_ name: String) -> String { "google+go-tpm-tools/internal/test/certificates/" + name }

    /// What comes with the project, and nothing else.
    private static let provisioned = Result {
        EndorsementPolicy(try TrustDirectory.contents(of: ProvisionedTrustTests.directory))
    }

    private struct Indexed: Decodable { var cls, file: String }

    private static func indexed(_ kind: String) throws -> [String] {
        let data = try Data(contentsOf: URL(filePath: (corpus ?? "") + "/MANIFEST.json"))
        return try JSONDecoder().decode([Indexed].self, from: data).filter { $0.cls == kind }.map(\.file)
    }

    private func read(_ file: String) throws -> [UInt8] {
        let data = try Data(contentsOf: URL(filePath: #require(corpus) + "/" + file))
        guard let text = String(validating: data, as: UTF8.self), text.contains("-----BEGIN ") else {
            return Array(data)
        }
        return try #require(PEMDocument.parseMultiple(pemString: text).first).derBytes
    }

    @Test(arguments: cases) func isJudgedAsTheIndexSays(_ item: Case) throws {
        let ek = try EKCertificate(fromNV: read(item.file))
        let verdict = try Self.provisioned.get().judge(ek, for: ek.certificate.subjectKey, at: item.date)
        #expect(verdict.codes == item.codes)
        if item.codes.isEmpty {
            #expect(verdict.facts?.workarounds == item.workarounds)
            #expect(ek.tpm?.model == item.model)
            // Only Google's are of virtual TPMs.
            #expect(ek.isSoftware == (item.model == nil))
        }
    }

    @Test func everyCertificateOfTheIndexHasACase() throws {
        #expect(Set(Self.cases.map(\.file)) == Set(try Self.indexed("3-ekcert")))
    }

    @Test(arguments: cases.filter { $0.codes == ["key-usage-unsuitable"] })
    func aSigningKeyIsGoogleCertifiedAndNoEndorsementKey(_ item: Case) throws {
        let ek = try EKCertificate(fromNV: read(item.file))
        let policy = try Self.provisioned.get()
        let judged = policy.judge(ek, for: ek.certificate.subjectKey, at: item.date)
        #expect(judged.reasons == [.keyUsageUnsuitable(seen: "digitalSignature")])
        // The chain is looked at all the same.
        let stranger = EndorsementPolicy(anchors: try TestVendor().anchors)
        #expect(stranger.judge(ek, for: nil, at: item.date).codes.sorted().contains("issuer-unknown"))
    }

    @Test func theCertifiedKeyIsTheOneBesideIt() throws {
        struct Attestation: Decodable { var ak_pub: String }
        let folder = "google+go-tpm-tools/_derived/gce-cos-85-nonce9009"
        let attestation = try JSONDecoder().decode(Attestation.self, from: Data(read(folder + ".json")))
        let ak = try EKCertificate(fromNV: read(folder + ".ak_cert.der"))
        let area = try TPMTPublic(parsing: #require([UInt8](hexadecimal: attestation.ak_pub)))
        #expect(try PublicKey(area) == ak.certificate.subjectKey)

        struct Registration: Decodable { var ek: String }
        let path = "Foxboron+attezt/_derived/attest"
        let registration = try JSONDecoder().decode(Registration.self, from: Data(read(path + ".json")))
        let pem = "-----BEGIN PUBLIC KEY-----\n\(registration.ek)\n-----END PUBLIC KEY-----"
        let nuvoton = try EKCertificate(fromNV: read(path + "_ekcert.der"))
        #expect(try PublicKey(pem: pem) == nuvoton.certificate.subjectKey)

        let bundle = "osresearch+safeboot/_derived/quote-t490/"
        let t490 = try EKCertificate(fromNV: read(bundle + "ek.crt"))
        let ek = try TPMTPublic(parsing: Array(read(bundle + "ek.pub").dropFirst(2)))
        let policy = try Self.provisioned.get()
        #expect(policy.judge(t490, forKeyOf: ek, at: 1_690_000_000).facts != nil)
        #expect(policy.judge(t490, forKeyOf: area, at: 1_690_000_000).codes == ["key-differs"])
        // Without its certificate the owner may still take it, by its digest alone.
        let digest = EKAllowList.digest(of: ek).map { String(format: "%02x", $0) }.joined()
        let list = try #require(EKAllowList(parsing: digest))
        #expect(policy.judge(uncertified: ek, allowed: list).facts?.basis == .allowList)
        #expect(policy.judge(uncertified: ek, allowed: EKAllowList()).codes == ["not-allowed"])
    }

    /// Vendors' CA certificates that the project leaves out: their root is in no collection, or in one only, or they are of
    /// TPM 1.2 and signed with SHA-1.
    private static let leftOut = [
        "CN=AMD Pluton Global Factory ICA", "CN=AMD Pluton Per-Product Factory", "CN=Aliyun TPM EKMF CA",
        "CN=Nuvoton TPM Root CA 0100", "CN=IFX TPM EK Intermediate CA 0", "CN=IFX TPM EK Intermediate CA 15",
        "CN=IFX TPM EK Intermediate CA 18", "CN=IFX TPM EK Intermediate CA 20",
    ]

    @Test func everyVendorCAIsReadAndHereOrLeftOutForAReason() throws {
        let root = try #require(corpus)
        let here = Set(ProvisionedTrustTests.entries.map(\.sha256))
        var seen: Set<[UInt8]> = []
        for file in try Self.indexed("3-ca") where !file.hasSuffix(".yaml") {
            let certificates = try TrustDirectory.readFile(root + "/" + file)
            #expect(!certificates.isEmpty)
            for certificate in certificates {
                seen.insert(certificate.bytes)
                let digest = certificate.sha256.map { String(format: "%02x", $0) }.joined()
                let subject = certificate.subject.description
                #expect(
                    here.contains(digest) != Self.leftOut.contains(where: subject.contains),
                    "\(file): \(subject)"
                )
            }
        }
        #expect(seen.count == 199)
    }

    /// Platform certificates are of platforms (TCG Platform Certificate Profile), and attribute certificates at that.
    @Test func platformCertificatesAreNoEndorsements() throws {
        let folder = "google+go-attestation/attributecert/testdata/"
        for file in ["Intel_nuc1.cer", "lenovo.cer"] {
            #expect(throws: CertificateError.self) { try EKCertificate(fromNV: read(folder + file)) }
        }
        let signer = try EKCertificate(fromNV: read(folder + "IntelSigningKey_20April2017.cer"))
        let codes = try Self.provisioned.get().judge(signer, for: nil, at: 1_690_000_000).codes
        #expect(codes.contains("issuer-unknown") && codes.contains("purpose-missing"))
    }

    @Test func flippingOneSignatureByteIsNoticed() throws {
        let policy = try Self.provisioned.get()
        for item in Self.cases where item.codes.isEmpty {
            var bytes = try EKCertificate(fromNV: read(item.file)).certificate.bytes
            bytes[bytes.count - 10] ^= 0x01
            #expect(
                policy.judge(try EKCertificate(fromNV: bytes), for: nil, at: item.date).codes.contains(
                    "signature-invalid"
                )
            )
        }
    }
}
