import SwiftASN1

/// The members of a SEQUENCE, taken one after another until none is left: nothing is skipped in silence.
struct Fields {
    private var iterator: ASN1NodeCollection.Iterator
    private var ahead: ASN1Node?
    private let name: String

    init(_ node: ASN1Node, identifier: ASN1Identifier = .sequence, _ name: String) throws(CertificateError) {
        guard node.identifier == identifier, case .constructed(let nodes) = node.content else {
            throw .malformed(field: name)
        }
        iterator = nodes.makeIterator()
        ahead = iterator.next()
        self.name = name
    }

    mutating func next(_ field: String) throws(CertificateError) -> ASN1Node {
        guard let node = ahead else { throw .malformed(field: field) }
        ahead = iterator.next()
        return node
    }

    /// The next member if it has this identifier.
    mutating func optional(_ identifier: ASN1Identifier) -> ASN1Node? {
        guard let node = ahead, node.identifier == identifier else { return nil }
        ahead = iterator.next()
        return node
    }

    /// The next member if it has this context-specific tag.
    mutating func optional(context tag: UInt) -> ASN1Node? {
        optional(ASN1Identifier(tagWithNumber: tag, tagClass: .contextSpecific))
    }

    func end() throws(CertificateError) {
        guard ahead == nil else { throw .malformed(field: "after the last field of \(name)") }
    }
}

extension ASN1Node {
    static func parse(_ bytes: ArraySlice<UInt8>, _ field: String) throws(CertificateError) -> ASN1Node {
        do { return try DER.parse(bytes) } catch { throw .malformed(field: field) }
    }

    func children(of identifier: ASN1Identifier, _ field: String) throws(CertificateError) -> [ASN1Node] {
        guard self.identifier == identifier, case .constructed(let nodes) = content else {
            throw .malformed(field: field)
        }
        return Array(nodes)
    }

    /// The one node inside an EXPLICIT tag.
    func explicit(_ field: String) throws(CertificateError) -> ASN1Node {
        guard case .constructed(let nodes) = content else { throw .malformed(field: field) }
        var iterator = nodes.makeIterator()
        guard let node = iterator.next(), iterator.next() == nil else { throw .malformed(field: field) }
        return node
    }

    /// The content of a primitive node of any tag.
    func primitive(_ field: String) throws(CertificateError) -> ArraySlice<UInt8> {
        guard case .primitive(let bytes) = content else { throw .malformed(field: field) }
        return bytes
    }

    func objectIdentifier(_ field: String) throws(CertificateError) -> ASN1ObjectIdentifier {
        do { return try ASN1ObjectIdentifier(derEncoded: self) } catch { throw .malformed(field: field) }
    }

    func octets(_ field: String) throws(CertificateError) -> ArraySlice<UInt8> {
        do { return try ASN1OctetString(derEncoded: self).bytes } catch { throw .malformed(field: field) }
    }

    /// A BIT STRING of whole bytes, as keys and signatures are.
    func wholeBits(_ field: String) throws(CertificateError) -> ArraySlice<UInt8> {
        guard let bits = try? ASN1BitString(derEncoded: self), bits.paddingBits == 0 else {
            throw .malformed(field: field)
        }
        return bits.bytes
    }

    func boolean(_ field: String) throws(CertificateError) -> Bool {
        do { return try Bool(derEncoded: self) } catch { throw .malformed(field: field) }
    }

    /// A small INTEGER that is not negative.
    func smallInteger(_ field: String) throws(CertificateError) -> Int {
        guard let value = try? Int(derEncoded: self), value >= 0 else { throw .malformed(field: field) }
        return value
    }

    /// A positive INTEGER's magnitude, without the sign byte, at most `limit` bytes.
    func magnitude(limit: Int, _ field: String) throws(CertificateError) -> ArraySlice<UInt8> {
        guard identifier == .integer, let magnitude = try? ArraySlice<UInt8>(derEncoded: self),
            !magnitude.isEmpty, magnitude.count <= limit
        else { throw .malformed(field: field) }
        return magnitude
    }
}

/// How long a certificate is that more bytes may follow.
enum DERLength {
    /// The bytes of the SEQUENCE that begins here, header included (X.690, section 8.1.3).
    static func ofSequence(_ bytes: ArraySlice<UInt8>) throws(CertificateError) -> Int {
        let header = Array(bytes.prefix(4))
        // No certificate is shorter than 128 bytes nor longer than 65,535: its length takes one or two bytes.
        let length: Int
        if header.count >= 3, header[0] == 0x30, header[1] == 0x81 {
            length = 3 + Int(header[2])
        } else if header.count == 4, header[0] == 0x30, header[1] == 0x82 {
            length = 4 + (Int(header[2]) << 8 | Int(header[3]))
        } else {
            throw .malformed(field: "certificate length")
        }
        guard length <= bytes.count else { throw .malformed(field: "certificate length: more than there is") }
        return length
    }
}
