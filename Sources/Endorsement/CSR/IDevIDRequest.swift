import Crypto
public import Messages
import TPMCrypto
public import TPMWire

/// TCG_CSR_IDEVID: contents and the identity key's signature over them.
public struct IDevIDRequest: Sendable, Hashable {
    /// What was signed, exactly.
    public let contentBytes: [UInt8]
    /// The same, read.
    public let content: IDevIDContent
    /// The identity key's signature.
    public let signature: TPMTSignature
    /// The form in which it was read.
    public let form: CSRForm

    /// The most bytes of a request.
    public static let maximumSize = IDevIDContent.maximumSize + maximumSignature + 12
    private static let maximumSignature = 2 << 10

    /// Reads contents and signature that travel apart.
    public init(contents: [UInt8], signature: [UInt8], form: CSRForm) throws(CSRError) {
        contentBytes = contents
        content = try IDevIDContent(parsing: contents, form: form)
        self.signature = try Self.signature(signature, of: content.identityKey, form: form)
        self.form = form
    }

    /// Reads a whole request in the stated form, to its last byte.
    public init(parsing bytes: [UInt8], form: CSRForm) throws(CSRError) {
        guard let version = form.envelopeVersion else {
            throw CSRError("in this form contents and signature are two files")
        }
        var reader = ByteReader(bytes)
        let contents: [UInt8]
        let signature: [UInt8]
        do {
            guard try reader.uint32("structVer") == version else {
                throw CSRError("structVer of the request is not \(form.envelope.rawValue)")
            }
            let contentSize = Int(try reader.uint32("contents"))
            let signatureSize = Int(try reader.uint32("sigSz"))
            guard contentSize <= IDevIDContent.maximumSize, signatureSize <= Self.maximumSignature else {
                throw CSRError("contents or signature are larger than is accepted")
            }
            contents = try reader.bytes(contentSize, "csrContents")
            signature = try reader.bytes(signatureSize, "signature")
            try reader.finish("signature")
        } catch let error as CSRError {
            throw error
        } catch { throw CSRError("the request ends in the middle of a field, or bytes follow it: \(error)") }
        try self.init(contents: contents, signature: signature, form: form)
    }

    /// Writes a request around contents that were signed; contents alone in the form without an envelope.
    public static func bytes(contents: [UInt8], signature: TPMTSignature, form: CSRForm) throws(CSRError) -> [UInt8] {
        guard let version = form.envelopeVersion else { return contents }
        let written = try Self.write(signature, form: form)
        var writer = ByteWriter()
        writer.uint32(version)
        writer.uint32(UInt32(clamping: contents.count))
        writer.uint32(UInt32(clamping: written.count))
        writer.bytes(contents)
        writer.bytes(written)
        return writer.bytes
    }

    private static func signature(
        _ bytes: [UInt8],
        of key: TPMTPublic,
        form: CSRForm
    ) throws(CSRError) -> TPMTSignature {
        guard form.signature == .der else {
            do { return try TPMTSignature(parsing: bytes) } catch {
                throw CSRError("the signature is no TPMT_SIGNATURE: \(error)")
            }
        }
        guard case .ecc(let detail, _) = key.parameters, case .ecdsa(let hash) = detail.scheme else {
            throw CSRError("a signature in DER names no scheme, and the identity key has none for ECDSA")
        }
        let raw: [UInt8]?
        switch detail.curveID {
        case .p256:
            raw = (try? P256.Signing.ECDSASignature(derRepresentation: bytes)).map { Array($0.rawRepresentation) }
        case .p384:
            raw = (try? P384.Signing.ECDSASignature(derRepresentation: bytes)).map { Array($0.rawRepresentation) }
        default: raw = nil
        }
        guard let raw else { throw CSRError("the signature is no ECDSA-Sig-Value of this key's curve") }
        return .ecdsa(hash, r: Array(raw.prefix(raw.count / 2)), s: Array(raw.suffix(raw.count / 2)))
    }

    private static func write(_ signature: TPMTSignature, form: CSRForm) throws(CSRError) -> [UInt8] {
        guard form.signature == .der else { return signature.bytes }
        guard case .ecdsa(_, let r, let s) = signature else { throw CSRError("only ECDSA signatures have this form") }
        func raw(_ size: Int) -> [UInt8] {
            [r, s].flatMap { [UInt8](repeating: 0, count: max(0, size - $0.count)) + $0 }
        }
        if let value = try? P256.Signing.ECDSASignature(rawRepresentation: raw(32)), r.count <= 32, s.count <= 32 {
            return Array(value.derRepresentation)
        }
        guard let value = try? P384.Signing.ECDSASignature(rawRepresentation: raw(48)) else {
            throw CSRError("a signature of an unknown curve")
        }
        return Array(value.derRepresentation)
    }
}

extension CSRForm {
    /// structVer of TCG_CSR_IDEVID; nil when nothing stands around contents and signature.
    fileprivate var envelopeVersion: UInt32? {
        switch envelope {
        case .version0x01000100: 0x0100_0100
        case .version0x00000100: 0x0000_0100
        case .none: nil
        }
    }
}
