import Crypto
public import Messages
public import TPMCrypto
public import TPMWire

/// TCG_IDEVID_CONTENT: what an identity key signs to be certified (TCG Keys for Device Identity, section 13.1).
public struct IDevIDContent: Sendable, Hashable {
    /// The hash of `hashAlgoId`: SHA-256, SHA-384 or SHA-512.
    public var hash: HashAlgorithm
    /// `prodModel`, as bytes until somebody has judged them.
    public var model: [UInt8]
    /// `prodSerial`.
    public var serial: [UInt8]
    /// `prodCaData`: what station and CA have agreed on.
    public var caData: [UInt8]
    /// `bootEvntLog`.
    public var bootEventLog: [UInt8]
    /// `ekCert`: the certificate in DER or, when the TPM has none, TPMT_PUBLIC of the endorsement key.
    public var endorsement: [UInt8]
    /// `attestPub`: the attestation key.
    public var attestationKey: TPMTPublic
    /// `atCreateTkt`.
    public var creationTicket: [UInt8]
    /// `atCertifyInfo`: a statement about the attestation key; empty when there is none.
    public var attestationStatement: [UInt8]
    /// `atCertifyInfoSignature`, TPMT_SIGNATURE.
    public var attestationStatementSignature: [UInt8]
    /// `signingPub`: the identity key.
    public var identityKey: TPMTPublic
    /// `sgnCertifyInfo`: the attestation key's statement about the identity key, TPMS_ATTEST.
    public var identityStatement: [UInt8]
    /// `sgnCertifyInfoSignature`, TPMT_SIGNATURE.
    public var identityStatementSignature: [UInt8]

    /// The most bytes of each field, in their order; `pad` comes last.
    static let bounds = [
        Bound("prodModel", 64), Bound("prodSerial", 64), Bound("prodCaData", 64 << 10),
        Bound("bootEvntLog", 1 << 20), Bound("ekCert", 16 << 10), Bound("attestPub", 2 << 10),
        Bound("atCreateTkt", 1 << 10), Bound("atCertifyInfo", 2 << 10), Bound("atCertifyInfoSignature", 2 << 10),
        Bound("signingPub", 2 << 10), Bound("sgnCertifyInfo", 2 << 10), Bound("sgnCertifyInfoSignature", 2 << 10),
        Bound("pad", alignment - 1),
    ]
    /// The most bytes of all of them, with the head before them.
    public static let maximumSize = bounds.reduce(256) { $0 + $1.limit }

    /// structVer of the contents: version 1.0.
    private static let version: UInt32 = 0x0000_0100
    /// `pad` brings the whole to a multiple of this.
    private static let alignment = 16

    struct Bound {
        let name: String
        let limit: Int

        init(_ name: String, _ limit: Int) {
            self.name = name
            self.limit = limit
        }
    }

    /// Joins the parts; those that a station of ours never has are empty.
    public init(
        hash: HashAlgorithm,
        model: [UInt8],
        serial: [UInt8],
        caData: [UInt8],
        endorsement: [UInt8],
        attestationKey: TPMTPublic,
        attestationStatement: [UInt8],
        attestationStatementSignature: [UInt8],
        identityKey: TPMTPublic,
        identityStatement: [UInt8],
        identityStatementSignature: [UInt8]
    ) {
        self.hash = hash
        self.model = model
        self.serial = serial
        self.caData = caData
        bootEventLog = []
        self.endorsement = endorsement
        self.attestationKey = attestationKey
        creationTicket = []
        self.attestationStatement = attestationStatement
        self.attestationStatementSignature = attestationStatementSignature
        self.identityKey = identityKey
        self.identityStatement = identityStatement
        self.identityStatementSignature = identityStatementSignature
    }

    /// Reads contents in the stated form, to their last byte; their digest, where there is one, must be right.
    public init(parsing bytes: [UInt8], form: CSRForm) throws(CSRError) {
        guard bytes.count <= Self.maximumSize else {
            throw CSRError("\(bytes.count) bytes are more than the \(Self.maximumSize) of any request")
        }
        guard bytes.count.isMultiple(of: Self.alignment) else {
            throw CSRError("the contents are not padded to a multiple of \(Self.alignment) bytes")
        }
        var reader = ByteReader(bytes)
        let fields: [[UInt8]]
        do {
            let version = try reader.uint32("structVer")
            guard version == Self.version else { throw CSRError("structVer of the contents is not 0x00000100") }
            hash = try Self.hash(try reader.uint32("hashAlgoId"))
            let size = try reader.uint32("hashSz")
            guard size == UInt32(clamping: hash.digestSize) else {
                throw CSRError("hashSz is not the size of a digest of hashAlgoId")
            }
            if form.contentHash == .inline {
                let digest = try reader.bytes(hash.digestSize, "hash")
                guard hash.digest(Array(bytes[reader.offset...])) == digest else {
                    throw CSRError("the hash is not that of what follows it")
                }
            }
            var sizes: [Int] = []
            for bound in Self.bounds {
                let size = Int(try reader.uint32(bound.name + "Sz"))
                guard size <= bound.limit else {
                    throw CSRError("\(bound.name) has \(size) bytes, at most \(bound.limit) are accepted")
                }
                sizes.append(size)
            }
            var read: [[UInt8]] = []
            for (bound, size) in zip(Self.bounds, sizes) { read.append(try reader.bytes(size, bound.name)) }
            try reader.finish("pad")
            fields = read
        } catch let error as CSRError {
            throw error
        } catch { throw CSRError("the contents end in the middle of a field, or bytes follow them: \(error)") }

        model = fields[0]
        serial = fields[1]
        caData = fields[2]
        bootEventLog = fields[3]
        endorsement = fields[4]
        attestationKey = try Self.publicArea(fields[5], form, "attestPub")
        creationTicket = fields[6]
        attestationStatement = fields[7].isEmpty ? [] : try Self.statement(fields[7], form, "atCertifyInfo")
        attestationStatementSignature = fields[8]
        identityKey = try Self.publicArea(fields[9], form, "signingPub")
        identityStatement = try Self.statement(fields[10], form, "sgnCertifyInfo")
        identityStatementSignature = fields[11]
        guard attestationStatement.isEmpty == attestationStatementSignature.isEmpty else {
            throw CSRError("atCertifyInfo and its signature come together")
        }
    }

    /// The contents in a form.
    public func bytes(form: CSRForm) -> [UInt8] {
        let fields = [
            model, serial, caData, bootEventLog, endorsement, Self.write(attestationKey, form), creationTicket,
            attestationStatement.isEmpty ? [] : Self.write(statement: attestationStatement, form),
            attestationStatementSignature, Self.write(identityKey, form),
            Self.write(statement: identityStatement, form), identityStatementSignature,
        ]
        let head = 12 + (form.contentHash == .inline ? hash.digestSize : 0) + 4 * Self.bounds.count
        let filled = fields.reduce(head) { $0 + $1.count } % Self.alignment
        let pad = [UInt8](repeating: 0, count: filled == 0 ? 0 : Self.alignment - filled)

        var rest = ByteWriter()
        for field in fields + [pad] { rest.uint32(UInt32(clamping: field.count)) }
        for field in fields + [pad] { rest.bytes(field) }
        var whole = ByteWriter()
        whole.uint32(Self.version)
        whole.uint32(UInt32(hash.id.rawValue))
        whole.uint32(UInt32(clamping: hash.digestSize))
        if form.contentHash == .inline { whole.bytes(hash.digest(rest.bytes)) }
        whole.bytes(rest.bytes)
        return whole.bytes
    }

    private static func hash(_ identifier: UInt32) throws(CSRError) -> HashAlgorithm {
        guard let number = UInt16(exactly: identifier), let hash = try? HashAlgorithm(AlgorithmID(rawValue: number)),
            hash != .sha1
        else { throw CSRError("hashAlgoId is none of SHA-256, SHA-384 and SHA-512") }
        return hash
    }

    private static func publicArea(
        _ bytes: [UInt8],
        _ form: CSRForm,
        _ name: String
    ) throws(CSRError) -> TPMTPublic {
        do {
            switch form.publicAreas {
            case .tpmt: return try TPMTPublic(parsing: bytes)
            case .tpm2b: return try TPM2BPublic(parsing: bytes).contents
            }
        } catch { throw CSRError("\(name) is no \(form.publicAreas.rawValue): \(error)") }
    }

    private static func write(_ area: TPMTPublic, _ form: CSRForm) -> [UInt8] {
        switch form.publicAreas {
        case .tpmt: return area.bytes
        case .tpm2b:
            var writer = ByteWriter()
            writer.sized(area)
            return writer.bytes
        }
    }

    /// The statement as it was signed: without the size that a TPM2B puts before it.
    private static func statement(_ bytes: [UInt8], _ form: CSRForm, _ name: String) throws(CSRError) -> [UInt8] {
        do {
            guard form.statements == .tpm2b else {
                _ = try TPMSAttest(parsing: bytes)
                return bytes
            }
            var reader = ByteReader(bytes)
            let contents = try reader.sized(max: TPMSAttest.maximumSize, name)
            try reader.finish(name)
            _ = try TPMSAttest(parsing: contents)
            return contents
        } catch { throw CSRError("\(name) is no \(form.statements.rawValue): \(error)") }
    }

    private static func write(statement: [UInt8], _ form: CSRForm) -> [UInt8] {
        guard form.statements == .tpm2b else { return statement }
        var writer = ByteWriter()
        writer.sized(statement)
        return writer.bytes
    }
}
