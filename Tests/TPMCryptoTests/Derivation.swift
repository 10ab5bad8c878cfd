import TPMCrypto
import Testing

/// One question to KDFa (with a key) or KDFe (with a shared z), and its answer.
struct Derivation: Sendable, CustomTestStringConvertible {
    let hash: HashAlgorithm
    let key: [UInt8]
    let label: String
    let u, v: [UInt8]
    let bits: UInt16
    let result: [UInt8]

    var testDescription: String { "\(hash) \(label) \(bits)" }

    var kdfa: [UInt8] { hash.kdfa(key: key, label: label, contextU: u, contextV: v, bits: bits) }
    var kdfe: [UInt8] { hash.kdfe(z: key, label: label, partyU: u, partyV: v, bits: bits) }
}
