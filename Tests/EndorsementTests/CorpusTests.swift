import Endorsement
import Foundation
import SwiftASN1
import Testing

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
        // Judged otherwise than the index: keys that only sign. Google calls them EKs; no credential can be made to one.
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

    private static let anchors = Result {
        let root = corpus ?? ""
        var certificates: [ParsedCertificate] = []
        let directories = [
            "keylime+keylime/tpm_cert_store", "google+go-tpm-tools/server/ca-certs", nuc("stMicroCaCerts"),
            "Foxboron+attezt/internal/truststore/tests/Nuvoton/RootCA", "loicsikidi+tpm-ca-certificates",
        ]
        for directory in directories {
            let anchors = try TrustDirectory.contents(of: root + "/" + directory).anchors
            certificates += anchors.roots + anchors.intermediates
        }
        certificates += try TrustDirectory.readFile(
            root + "/salrashid123+gcp-vtpm-ek-ak/example/certs/ek_intermediate.crt"
        )
        return TrustAnchors(certificates)
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
        let policy = EndorsementPolicy(anchors: try Self.anchors.get())
        let verdict = policy.judge(ek, for: ek.certificate.subjectKey, at: item.date)
        #expect(verdict.codes == item.codes)
        if item.codes.isEmpty {
            #expect(verdict.facts?.workarounds == item.workarounds)
            #expect(ek.tpm?.model == item.model)
        }
    }

    /// All 26 vendor roots and 143 intermediates of the public bundle, and every other CA there is, can be read.
    @Test func everyVendorCAIsRead() throws {
        let anchors = try Self.anchors.get()
        #expect(anchors.roots.count == 30)
        #expect(anchors.intermediates.count == 169)
    }

    @Test func flippingOneSignatureByteIsNoticed() throws {
        let policy = EndorsementPolicy(anchors: try Self.anchors.get())
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
