/// Why bytes are not an IMA measurement list that can be judged.
public struct IMAListError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Code: String, Hashable, Sendable {
        case truncated
        case bigEndian = "big-endian"
        case noSuchPCR = "no-such-pcr"
        case otherPCR = "other-pcr"
        case unknownTemplate = "unknown-template"
        case entryTooLarge = "entry-too-large"
        case badTemplateData = "bad-template-data"
        case badDigest = "bad-digest"
        case badName = "bad-name"
        case badLine = "bad-line"
        case ambiguousLine = "ambiguous-line"
        case digestSizeChanges = "digest-size-changes"
        case templateDigestMismatch = "template-digest-mismatch"
        case unsupportedAlgorithm = "unsupported-algorithm"
    }

    public let code: Code
    /// The entry, counted from 0 at the beginning of the list, that could not be read.
    public let entry: Int
    /// Where that entry begins, in bytes from the beginning of the list.
    public let offset: UInt64
    /// The number or word in the input that was refused, where one was: printable ASCII, at most 64 characters.
    public let seen: String?

    init(_ code: Code, entry: Int, offset: UInt64, seen: String? = nil) {
        self.code = code
        self.entry = entry
        self.offset = offset
        self.seen = seen
    }
}

extension IMAListError: CustomStringConvertible {
    public var description: String { "entry \(entry) at byte \(offset): \(sentence)" }

    private var sentence: String {
        let seen = seen ?? "?"
        return switch code {
        case .truncated:
            "the list ends in the middle of an entry"
        case .bigEndian:
            "this is a big-endian list; boot with ima_canonical_fmt to have it in the canonical form, which is read here"
        case .noSuchPCR:
            "PCR \(seen) does not exist"
        case .otherPCR:
            "it was measured into PCR \(seen), of which this quote says nothing"
        case .unknownTemplate:
            "the template \(seen) is not known here"
        case .entryTooLarge:
            "\(seen) bytes of template data, at most \(IMABounds.templateData) are read"
        case .badTemplateData:
            "the template data are not the fields of the template \(seen), each whole and nothing after the last"
        case .badDigest:
            "the file digest is not an algorithm, a colon and a digest of its size"
        case .badName:
            "the name does not end with its one NUL"
        case .badLine:
            "the line is not PCR, template digest, template and fields"
        case .ambiguousLine:
            "the line can be read in more than one way, because a name has a space; the binary list has no such lines"
        case .digestSizeChanges:
            "the template digest has \(seen) bytes, and those before it had another size"
        case .templateDigestMismatch:
            "the template digest is not that of the template data"
        case .unsupportedAlgorithm:
            "\(seen) cannot be computed here"
        }
    }
}

/// Where reading stands, for errors.
struct IMAPlace: Hashable, Sendable {
    var entry: Int
    var offset: UInt64

    func refuse(_ code: IMAListError.Code, _ seen: String? = nil) -> IMAListError {
        IMAListError(code, entry: entry, offset: offset, seen: seen)
    }

    func refuse(_ code: IMAListError.Code, _ bytes: ArraySlice<UInt8>) -> IMAListError {
        refuse(code, IMAText.printable(bytes, limit: 64))
    }
}

/// Text from a list in a form that can stand in a log or on a terminal.
public enum IMAText {
    /// Printable ASCII as it is, everything else and the backslash as `\xNN`; cut after a number of characters.
    public static func printable(_ bytes: some Sequence<UInt8>, limit: Int = 300) -> String {
        var text = ""
        for byte in bytes {
            guard text.utf8.count < limit else { return text + "…" }
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "\\") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }
}
