import Crypto

/// A SHA-256 hash of the Merkle tree: a leaf, a node or a root (RFC 9162 section 2.1).
///
/// Leaves and nodes are hashed under different prefixes, so that an entry can never be passed off as an interior node.
public struct TreeHash: Hashable, Sendable {
    /// The size of every hash in the tree, in bytes.
    static let byteCount = 32

    // Four words keep the value on the stack and its comparison four instructions.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Reads a hash from exactly 32 bytes; nil for any other length.
    public init?(_ bytes: some Sequence<UInt8>) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var count = 0
        for byte in bytes {
            let value = UInt64(byte)
            switch count >> 3 {
            case 0: words.0 = words.0 << 8 | value
            case 1: words.1 = words.1 << 8 | value
            case 2: words.2 = words.2 << 8 | value
            case 3: words.3 = words.3 << 8 | value
            default: return nil
            }
            count += 1
        }
        guard count == Self.byteCount else { return nil }
        self.words = words
    }

    /// Reads a hash from strict standard base64 of exactly 32 bytes; nil for anything else.
    public init?(base64 text: some StringProtocol) {
        guard let bytes = Base64.decode(text.utf8) else { return nil }
        self.init(bytes)
    }

    private init(_ digest: SHA256.Digest) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (index, byte) in digest.enumerated() {
            let value = UInt64(byte)
            switch index >> 3 {
            case 0: words.0 = words.0 << 8 | value
            case 1: words.1 = words.1 << 8 | value
            case 2: words.2 = words.2 << 8 | value
            default: words.3 = words.3 << 8 | value
            }
        }
        self.words = words
    }

    /// The root of a tree without leaves, SHA-256("") (RFC 9162 section 2.1.1).
    public static let ofEmptyTree = TreeHash(SHA256.hash(data: [UInt8]()))

    /// The hash of a leaf, SHA-256(0x00 ‖ entry) (RFC 9162 section 2.1.1).
    public static func leaf(_ entry: some Collection<UInt8>) -> TreeHash {
        var input: [UInt8] = [0x00]
        input.reserveCapacity(1 + entry.count)
        input.append(contentsOf: entry)
        return TreeHash(SHA256.hash(data: input))
    }

    /// The hash of an interior node, SHA-256(0x01 ‖ left ‖ right) (RFC 9162 section 2.1.1).
    public static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        var input: [UInt8] = [0x01]
        input.reserveCapacity(1 + 2 * byteCount)
        left.append(to: &input)
        right.append(to: &input)
        return TreeHash(SHA256.hash(data: input))
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        append(to: &bytes)
        return bytes
    }

    /// The hash in padded standard base64, as checkpoints and proofs write it.
    public var base64: String { Base64.encode(bytes) }

    /// Appends the 32 bytes.
    func append(to bytes: inout [UInt8]) {
        func append(_ word: UInt64) {
            for shift in stride(from: UInt64(56), through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        append(words.0)
        append(words.1)
        append(words.2)
        append(words.3)
    }

    public static func == (left: TreeHash, right: TreeHash) -> Bool {
        left.words == right.words
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension TreeHash: CustomStringConvertible {
    /// The hash in lower-case hexadecimal.
    public var description: String { Hex.encode(bytes) }
}
