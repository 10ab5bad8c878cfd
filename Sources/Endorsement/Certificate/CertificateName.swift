import SwiftASN1

/// A distinguished name (RFC 5280, section 4.1.2.4) together with the bytes it came from.
public struct CertificateName: Sendable, Hashable {
    /// One attribute of a relative distinguished name.
    struct Attribute: Sendable, Hashable {
        let type: ASN1ObjectIdentifier
        /// The value as text; nil when it is not one of the string types.
        let text: String?
        /// The DER of the whole attribute, for comparing.
        let encoded: ArraySlice<UInt8>

        /// What RFC 5280, section 7.1, compares: the type, and the text without regard to case or repeated spaces.
        func agrees(with other: Attribute) -> Bool {
            guard type == other.type else { return false }
            guard let text, let otherText = other.text else { return encoded == other.encoded }
            return Self.folded(text) == Self.folded(otherText)
        }

        private static func folded(_ text: String) -> [Substring] {
            text.lowercased().split(separator: " ")
        }

        /// Equal for attributes that agree, and different for others: each part is preceded by its length.
        fileprivate var folded: [UInt8] {
            guard let text else { return [0] + encoded }
            let words = Self.folded(text).map { Array($0.utf8) }
            return [1] + type.description.utf8 + words.flatMap { Array("\u{0}\($0.count)\u{0}".utf8) + $0 }
        }
    }

    /// The DER of the Name.
    public let encoded: [UInt8]
    let relativeNames: [[Attribute]]

    /// Reads a Name; a SET OF out of order is the workaround ``Workaround/unorderedSet``.
    init(_ node: ASN1Node, _ leniency: inout Leniency) throws(CertificateError) {
        var names: [[Attribute]] = []
        for set in try node.children(of: .sequence, "name") {
            var attributes: [Attribute] = []
            let members = try set.children(of: .set, "relative name")
            guard !members.isEmpty else { throw .malformed(field: "relative name") }
            for (member, next) in zip(members, members.dropFirst())
            where next.encodedBytes.lexicographicallyPrecedes(member.encodedBytes) {
                try leniency.use(.unorderedSet)
            }
            for member in members { attributes.append(try Self.attribute(member)) }
            names.append(attributes)
        }
        encoded = Array(node.encodedBytes)
        relativeNames = names
    }

    /// True when nothing is named: EK certificates name the TPM in the alternative name only.
    public var isEmpty: Bool { relativeNames.isEmpty }

    /// The only value of an attribute type; nil when absent, or there twice.
    func text(of type: ASN1ObjectIdentifier) -> String? {
        let found = relativeNames.joined().filter { $0.type == type }
        guard found.count == 1 else { return nil }
        return found.first?.text
    }

    /// What chains are built by, equal for names that RFC 5280, section 7.1, holds to be the same.
    ///
    /// Vendors repeat their CA's name in another string type or another case; ST's ECC intermediates do.
    var folded: [UInt8] {
        relativeNames.flatMap { set in
            let attributes = set.map(\.folded).sorted { $0.lexicographicallyPrecedes($1) }
            return attributes.flatMap { Array("\u{0}\($0.count)\u{0}".utf8) + $0 } + Array("\u{0}next\u{0}".utf8)
        }
    }

    /// Whether both are the same name.
    func isSame(as other: CertificateName) -> Bool { encoded == other.encoded || folded == other.folded }

    /// Whether any attribute is of this type.
    func has(_ type: ASN1ObjectIdentifier) -> Bool { relativeNames.joined().contains { $0.type == type } }

    /// Whether this name stands under `base` in the tree of directory names (RFC 5280, section 4.2.1.10).
    func isWithin(_ base: CertificateName) -> Bool {
        guard base.relativeNames.count <= relativeNames.count else { return false }
        return zip(relativeNames, base.relativeNames).allSatisfy { name, constraint in
            name.count == constraint.count
                && constraint.allSatisfy { wanted in name.contains { $0.agrees(with: wanted) } }
        }
    }

    private static func attribute(_ node: ASN1Node) throws(CertificateError) -> Attribute {
        var fields = try Fields(node, "attribute")
        let type = try fields.next("attribute type").objectIdentifier("attribute type")
        let value = try fields.next("attribute value")
        try fields.end()
        return Attribute(type: type, text: try text(value), encoded: node.encodedBytes)
    }

    /// The string types of DirectoryString and what vendors use besides.
    private static func text(_ node: ASN1Node) throws(CertificateError) -> String? {
        guard case .primitive(let bytes) = node.content else { return nil }
        switch node.identifier {
        case .utf8String, .printableString, .ia5String, .numericString:
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed(field: "string") }
            return text
        case .teletexString:
            // T.61 in the standard, Latin-1 in every certificate that has one.
            return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
        default: return nil
        }
    }
}

extension CertificateName: CustomStringConvertible {
    private static let labels: [ASN1ObjectIdentifier: String] = [
        OID.commonName: "CN", OID.serialNumber: "serialNumber", OID.country: "C", OID.locality: "L",
        OID.stateOrProvince: "ST", OID.organization: "O", OID.organizationalUnit: "OU",
        OID.tpmManufacturer: "tpmManufacturer", OID.tpmModel: "tpmModel", OID.tpmVersion: "tpmVersion",
    ]

    /// For people and logs: control characters are escaped, so a certificate cannot write log lines of its own.
    public var description: String {
        guard !isEmpty else { return "(empty name)" }
        return relativeNames.joined().map { attribute in
            let label = Self.labels[attribute.type] ?? attribute.type.description
            return "\(label)=\((attribute.text ?? "(binary)").printable)"
        }.joined(separator: ", ")
    }
}

extension String {
    /// The text with everything outside printable ASCII written as `\u{…}`, and cut at 128 characters.
    var printable: String {
        var result = ""
        for scalar in unicodeScalars.prefix(128) {
            if scalar.isASCII, scalar.value >= 0x20, scalar.value != 0x7F, scalar != "\\" {
                result.unicodeScalars.append(scalar)
            } else {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return result
    }
}
