import Wording

/// A text and the signatures under it (C2SP signed-note), taken apart but not yet believed.
///
/// The text keeps the very bytes that were received; signatures are checked over those.
public struct SignedNote: Hashable, Sendable {
    /// The most signature lines: a log's and those of more witnesses than any policy asks for.
    public static let maxSignatures = 32
    /// The largest note, in bytes: as many of the largest known signature (ML-DSA-44, 2,420 bytes) and a short text.
    public static let maxByteCount = 128 * 1024

    /// One line under the text.
    public struct Signature: Hashable, Sendable {
        public let name: String
        public let keyID: KeyID
        /// What follows the key id; its form is a matter of the key.
        let body: [UInt8]

        var line: String { "\(linePrefix)\(name) \(Base64.encode(keyID.bytes + body))\n" }
    }

    private static let linePrefix = "\u{2014} "
    private static let newline = UInt8(ascii: "\n")

    /// The signed bytes: everything up to and with the newline before the empty line.
    public let text: [UInt8]
    public internal(set) var signatures: [Signature]

    init(text: [UInt8], signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Takes a note apart; throws when it is not one to the last byte.
    public init(parsing bytes: [UInt8]) throws(LedgerFormatError) {
        guard bytes.count <= Self.maxByteCount else {
            throw LedgerFormatError(.signedNote, "\(bytes.count) bytes, at most \(Self.maxByteCount) are read")
        }
        guard let note = String(validating: bytes, as: UTF8.self) else {
            throw LedgerFormatError(.signedNote, "not UTF-8")
        }
        guard note.isStreamSafe else {
            throw LedgerFormatError(.signedNote, "more than 30 combining marks in a row")
        }
        guard !bytes.contains(where: { $0 < 0x20 && $0 != Self.newline || $0 == 0x7F }) else {
            throw LedgerFormatError(.signedNote, "a control character")
        }
        guard bytes.last == Self.newline, let gap = Self.lastEmptyLine(of: bytes), gap > 0 else {
            throw LedgerFormatError(.signedNote, "no text, empty line and signature lines, each ended by a newline")
        }
        let lines = bytes[(gap + 1)...].dropLast().split(separator: Self.newline, omittingEmptySubsequences: false)
        guard lines.count <= Self.maxSignatures else {
            throw LedgerFormatError(.signedNote, "more than \(Self.maxSignatures) signature lines")
        }
        var signatures: [Signature] = []
        for line in lines { signatures.append(try Self.parse(line: line)) }
        self.init(text: Array(bytes[..<gap]), signatures: signatures)
    }

    /// The note as it is stored and sent.
    public var bytes: [UInt8] {
        signatures.reduce(into: text + [Self.newline]) { $0.append(contentsOf: $1.line.utf8) }
    }

    /// The keys, of those given, whose signatures under this note are valid.
    public struct Signers: Hashable, Sendable {
        /// Keys of logs.
        public internal(set) var keys: Set<VerifierKey> = []
        /// Keys of witnesses, each with the latest time it states, in seconds since 1970.
        public internal(set) var cosignatures: [VerifierKey: Int] = [:]
    }

    /// Judges the signatures of known keys; lines of unknown ones are ignored, as the form demands.
    ///
    /// A line that names a known key and does not verify refuses the whole note: somebody altered it.
    public func signers(among known: [VerifierKey]) -> Result<Signers, LedgerRefusal> {
        var signers = Signers()
        for line in signatures {
            for key in known where key.name == line.name && key.id == line.keyID {
                switch key.kind {
                case .log:
                    guard key.isValid(line.body, for: text) else {
                        return .failure(.signatureInvalid(key: key.description))
                    }
                    signers.keys.insert(key)
                case .witness:
                    guard let time = Cosignature.verifiedTime(of: line, under: text, by: key) else {
                        return .failure(.signatureInvalid(key: key.description))
                    }
                    signers.cosignatures[key] = max(time, signers.cosignatures[key] ?? time)
                }
            }
        }
        return .success(signers)
    }

    /// Where the last empty line's own newline stands, or nil.
    private static func lastEmptyLine(of bytes: [UInt8]) -> Int? {
        for index in stride(from: bytes.count - 2, through: 1, by: -1)
        where bytes[index] == newline && bytes[index - 1] == newline {
            return index
        }
        return nil
    }

    private static func parse(line: ArraySlice<UInt8>) throws(LedgerFormatError) -> Signature {
        guard line.starts(with: linePrefix.utf8) else {
            throw LedgerFormatError(.signedNote, "a line after the empty one that is not a signature")
        }
        let fields = line.dropFirst(linePrefix.utf8.count)
            .split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count == 2, let blob = Base64.decode(fields[1]), blob.count > KeyID.byteCount else {
            throw LedgerFormatError(.signedNote, "a signature line that is not a name and base64")
        }
        let name = String(decoding: fields[0], as: UTF8.self)
        if let problem = VerifierKey.problem(withName: name) { throw LedgerFormatError(.signedNote, problem) }
        return Signature(name: name, keyID: KeyID(blob), body: Array(blob.dropFirst(KeyID.byteCount)))
    }
}
