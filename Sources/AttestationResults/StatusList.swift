public import Messages

/// What a status list says of one token (draft-ietf-oauth-status-list, Status Types).
public struct StatusType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The value as it stands on the list.
    public let rawValue: UInt8

    /// Any value; most are the business of who writes them.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The token may be relied on.
    public static let valid = StatusType(rawValue: 0)
    /// It may not.
    public static let invalid = StatusType(rawValue: 1)
    /// It may not until somebody has looked into it.
    public static let suspended = StatusType(rawValue: 2)

    /// The name that the registry has for it, or the number.
    public var description: String {
        switch self {
        case .valid: "VALID"
        case .invalid: "INVALID"
        case .suspended: "SUSPENDED"
        default: "\(rawValue)"
        }
    }
}

/// The statuses of many tokens, a few bits each (draft-ietf-oauth-status-list, Status List), not compressed.
public struct StatusList: Hashable, Sendable {
    /// How many bits a status has: 1, 2, 4 or 8.
    public let bits: Int
    /// The statuses, the first one in the least significant bits of the first byte.
    public private(set) var bytes: [UInt8]

    /// The most bytes: sixteen million statuses of two bits, more than one verifier keeps.
    public static let maximumSize = 4 << 20
    /// How many bits a status may have.
    static let widths = [1, 2, 4, 8]

    /// An empty list for the three statuses there are, which need two bits.
    public init() {
        bits = 2
        bytes = []
    }

    /// Takes a list as it came.
    /// - Throws: `MessageError` when there is no such width, or the list is longer than any.
    public init(bits: Int, bytes: [UInt8]) throws(MessageError) {
        guard Self.widths.contains(bits) else { throw MessageError(.outOfRange, "\"bits\" is none of 1, 2, 4 and 8") }
        guard bytes.count <= Self.maximumSize else {
            throw MessageError(.tooLarge, "a status list of \(bytes.count) bytes, at most \(Self.maximumSize) are read")
        }
        self.bits = bits
        self.bytes = bytes
    }

    /// The number of statuses.
    public var count: Int { bytes.count * perByte }

    /// The status at a place; `nil` beyond the end.
    public subscript(_ index: Int) -> StatusType? {
        guard index >= 0, index < count else { return nil }
        return StatusType(rawValue: bytes[index / perByte] >> shift(index) & mask)
    }

    /// Puts a status at a place; what comes to lie before it belongs to nobody, and is invalid.
    public mutating func set(_ status: StatusType, at index: Int) throws(MessageError) {
        guard index >= 0, index < Self.maximumSize * perByte, status.rawValue & ~mask == 0 else {
            throw MessageError(.outOfRange, "status \(status) at place \(index) does not fit")
        }
        lengthen(to: index + 1)
        let place = index / perByte
        bytes[place] = bytes[place] & ~(mask << shift(index)) | status.rawValue << shift(index)
    }

    /// Lengthens the list to some number of statuses, rounded up to a whole byte; the new ones belong to nobody, and are invalid.
    public mutating func lengthen(to count: Int) {
        let size = (min(max(count, 0), Self.maximumSize * perByte) + perByte - 1) / perByte
        guard size > bytes.count else { return }
        let filler = stride(from: 0, to: 8, by: bits).reduce(0) { $0 | StatusType.invalid.rawValue << UInt8($1) }
        bytes.append(contentsOf: repeatElement(filler, count: size - bytes.count))
    }

    private var perByte: Int { 8 / bits }

    private var mask: UInt8 { 0xFF >> UInt8(8 - bits) }

    private func shift(_ index: Int) -> UInt8 { UInt8(index % perByte * bits) }
}
