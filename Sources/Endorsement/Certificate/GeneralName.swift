import SwiftASN1

/// A GeneralName (RFC 5280, section 4.2.1.6): the forms that TPM, DevID and operators' certificates use, the others by tag.
enum GeneralName: Sendable, Hashable {
    case directoryName(CertificateName)
    case otherName(ASN1ObjectIdentifier, value: [UInt8])
    /// The bytes of an IA5String.
    case uniformResourceIdentifier([UInt8])
    case other(tag: UInt)

    private static let knownTags: ClosedRange<UInt> = 0...8
    static let rfc822Name: UInt = 1

    init(_ node: ASN1Node, _ leniency: inout Leniency) throws(CertificateError) {
        guard node.identifier.tagClass == .contextSpecific, Self.knownTags.contains(node.identifier.tagNumber) else {
            throw .malformed(field: "general name")
        }
        switch node.identifier.tagNumber {
        case 0:
            var fields = try Fields(node, identifier: node.identifier, "otherName")
            let type = try fields.next("otherName type").objectIdentifier("otherName type")
            let value = try fields.next("otherName value")
            guard value.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific) else {
                throw .malformed(field: "otherName value")
            }
            try fields.end()
            self = .otherName(type, value: Array(try value.explicit("otherName value").encodedBytes))
        case 4: self = .directoryName(try CertificateName(node.explicit("directoryName"), &leniency))
        case 6: self = .uniformResourceIdentifier(Array(try node.primitive("uniformResourceIdentifier")))
        case let tag: self = .other(tag: tag)
        }
    }

    var tag: UInt {
        switch self {
        case .otherName: 0
        case .directoryName: 4
        case .uniformResourceIdentifier: 6
        case .other(let tag): tag
        }
    }
}

/// NameConstraints (RFC 5280, section 4.2.1.10), enforced for directory names.
///
/// A constraint on a form of name that is not enforced here refuses every certificate that has a name of that form.
struct NameConstraints: Sendable, Hashable {
    private let permitted: [GeneralName]
    private let excluded: [GeneralName]

    init(_ node: ASN1Node, _ leniency: inout Leniency) throws(CertificateError) {
        var fields = try Fields(node, "nameConstraints")
        permitted = try Self.subtrees(fields.optional(context: 0), &leniency)
        excluded = try Self.subtrees(fields.optional(context: 1), &leniency)
        try fields.end()
    }

    private static func subtrees(
        _ node: ASN1Node?,
        _ leniency: inout Leniency
    ) throws(CertificateError) -> [GeneralName] {
        guard let node else { return [] }
        var result: [GeneralName] = []
        for subtree in try node.children(of: node.identifier, "subtrees") {
            // minimum is 0 and maximum absent in PKIX: one member, or not for us.
            let members = try subtree.children(of: .sequence, "subtree")
            guard let base = members.first, members.count == 1 else { throw .unsupported("bounded name subtrees") }
            result.append(try GeneralName(base, &leniency))
        }
        guard !result.isEmpty else { throw .malformed(field: "subtrees") }
        return result
    }

    /// Whether all names of a certificate, subject and alternative, keep to the constraints.
    func allow(subject: CertificateName, alternativeNames: [GeneralName]) -> Bool {
        var names = (subject.isEmpty ? [] : [.directoryName(subject)]) + alternativeNames
        // An address in the subject is bound by the constraints on addresses too (RFC 5280, section 4.2.1.10).
        if subject.has(OID.emailAddress) { names.append(.other(tag: GeneralName.rfc822Name)) }
        return names.allSatisfy { name in
            let relevantPermitted = permitted.filter { $0.tag == name.tag }
            let relevantExcluded = excluded.filter { $0.tag == name.tag }
            guard case .directoryName(let directoryName) = name else {
                return relevantPermitted.isEmpty && relevantExcluded.isEmpty
            }
            func covers(_ base: GeneralName) -> Bool {
                guard case .directoryName(let base) = base else { return false }
                return directoryName.isWithin(base)
            }
            return (relevantPermitted.isEmpty || relevantPermitted.contains(where: covers))
                && !relevantExcluded.contains(where: covers)
        }
    }
}
