public import AttestationResults
public import Messages
public import TPMCrypto
public import TPMWire

/// An attestation key as the verifier's own record has it: parsed, held to its template and imported.
///
/// Made once and kept, because the import is a fifth of the cost of a check; every appraisal holds it to B1 to B4 again.
public struct EnrolledKey: Sendable {
    /// The public area.
    public let publicArea: TPMTPublic
    /// The template that it is claimed to be made from; `nil` when none is.
    public let template: TPMTPublic?
    /// The Name, computed from the public area.
    public let name: Name
    /// The Name in its place, which is what a quote says of its signer: that of a primary key of the endorsement hierarchy.
    public let qualifiedName: Name
    /// The key ready to verify with.
    public let verifyingKey: VerifyingKey
    /// The hash of the key's scheme.
    public let hash: AlgorithmID
    /// The Name as results carry it.
    let hexName: HexBytes

    /// Takes a key from the exact bytes of its TPMT_PUBLIC.
    /// - Parameter template: the template that it must be made from, whose unique field does not matter: the TPM replaced it.
    /// - Throws: `KeyRefusal` with every check out of B1 to B4 that fails.
    public init(publicArea bytes: [UInt8], template: TPMTPublic?) throws(KeyRefusal) {
        let area: TPMTPublic
        do { area = try TPMTPublic(parsing: bytes) } catch {
            throw KeyRefusal([Reason(.keyParameters, "TPMT_PUBLIC: \(error)")])
        }
        let faults = KeyChecks.faults(of: area, madeFrom: template)
        guard faults.isEmpty else { throw KeyRefusal(faults) }
        try self.init(unjudged: area, bytes, template: template)
    }

    /// Takes the attestation key of a birth record.
    /// - Throws: `KeyRefusal`, also when the record's Names do not follow from its public area, or it names no template of ours.
    public init(_ born: BornKey) throws(KeyRefusal) {
        guard let template = Self.templates[born.template.text] else {
            throw KeyRefusal([Reason(.keyParameters, "template \(born.template)")])
        }
        try self.init(publicArea: born.publicArea.bytes, template: template)
        guard born.name.bytes == name.contents, born.qualifiedName.bytes == qualifiedName.contents else {
            throw KeyRefusal([Reason(.keyParameters, "the record's Names are not those of its public area")])
        }
    }

    private static let templates = Dictionary(
        uniqueKeysWithValues: DeviceIdentityTemplate.allCases.map { ($0.rawValue, $0.iak()) }
    )

    /// Names are taken over the stored bytes, which parsing has shown to be the one encoding of the area.
    init(unjudged area: TPMTPublic, _ bytes: [UInt8], template: TPMTPublic?) throws(KeyRefusal) {
        do throws(TPMCryptoError) {
            verifyingKey = try VerifyingKey(area)
            let digest = try HashAlgorithm(area.nameAlg).digest(bytes)
            name = Name(algorithm: area.nameAlg, digest: digest) ?? .empty
            qualifiedName = try name.qualified(under: Name(handle: .endorsement))
        } catch {
            throw KeyRefusal([Reason(.keyParameters, error.detail)])
        }
        publicArea = area
        self.template = template
        hash = area.scheme?.hashAlgorithm ?? .null
        hexName = HexBytes(name.contents)
    }
}

/// Why a key is not taken as an attestation key.
public struct KeyRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The reasons, in the order of the checks; never empty.
    public let reasons: [Reason]

    init(_ reasons: [Reason]) { self.reasons = reasons }

    /// One line for people.
    public var description: String {
        reasons.map { $0.code.sentence + ($0.detail.isEmpty ? "" : " (\($0.detail))") }.joined(separator: " ")
    }
}
