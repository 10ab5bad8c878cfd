import Endorsement
import Messages
import TPMCrypto
import TPMWire

/// What a station asks the enrolment desk: whether the TPM with this endorsement key may be enrolled.
struct EnrolmentRequest: Sendable {
    var endorsementKey: TPMTPublic
    /// Where the certificate belongs in NV.
    var certificateIndex: Handle
    /// The content of that index; nil when the TPM has none.
    var certificate: [UInt8]?
    /// CA certificates from the TPM's own NV.
    var intermediates: [ParsedCertificate]
    var enrolmentKey: TPMTPublic
    var order: BirthOrder
}

/// What the desk answers: a secret that only the TPM with the endorsement key can read, and only for the enrolment key.
struct EnrolmentChallenge: Sendable {
    /// 16 random bytes.
    var identifier: [UInt8]
    var credential: Credential
}

/// What the station answers: that its TPM knows the secret, and what the TPM says about the two keys.
struct EnrolmentAnswer: Sendable {
    var identifier: [UInt8]
    /// ``EnrolmentAnswer/proof(of:identifier:keys:)``: the secret itself travels no further than it must.
    var proof: [UInt8]
    var keys: ResidencyProof

    /// HMAC over everything the answer is about, keyed with the activated secret (VERIFIER, section 2).
    static func proof(of secret: [UInt8], identifier: [UInt8], keys: ResidencyProof) throws -> [UInt8] {
        let names = try [keys.endorsementKey, keys.enrolmentKey, keys.iak.publicArea, keys.idevid.publicArea].map {
            try Name(of: $0).bytes
        }
        return HashAlgorithm.sha256.hmac(
            key: secret,
            Array("birthmark enrolment v1\0".utf8),
            identifier,
            names.flatMap { $0 }
        )
    }
}

/// What the desk gives for it.
struct EnrolmentCertificates: Sendable {
    var iak: [UInt8]
    var idevid: [UInt8]
}
