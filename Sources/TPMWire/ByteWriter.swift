/// Writes TPM 2.0 wire format.
///
/// A TPM2B cannot hold more than 65,535 bytes. A value that was built with more (none that was parsed can be) has no
/// encoding: the writer then yields no bytes at all, which every parser refuses, instead of a size that lies.
public struct ByteWriter {
    private var storage: [UInt8] = []
    private var impossible = false

    /// An empty writer.
    public init() {}

    /// An empty writer that will hold about so many bytes.
    init(capacity: Int) { storage.reserveCapacity(capacity) }

    /// What was written, or nothing when some part of it has no encoding.
    public var bytes: [UInt8] { impossible ? [] : storage }

    /// Writes one byte.
    public mutating func uint8(_ value: UInt8) { storage.append(value) }

    /// Writes a UINT16.
    public mutating func uint16(_ value: UInt16) { integer(UInt64(value), width: 2) }

    /// Writes a UINT32.
    public mutating func uint32(_ value: UInt32) { integer(UInt64(value), width: 4) }

    /// Writes a UINT64.
    public mutating func uint64(_ value: UInt64) { integer(value, width: 8) }

    private mutating func integer(_ value: UInt64, width: Int) {
        for index in stride(from: width - 1, through: 0, by: -1) {
            storage.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }

    /// Writes a TPMI_YES_NO.
    public mutating func yesNo(_ value: Bool) { storage.append(value ? 1 : 0) }

    /// Writes bytes as they are.
    public mutating func bytes(_ value: some Sequence<UInt8>) { storage.append(contentsOf: value) }

    /// Writes a TPM2B.
    public mutating func sized(_ value: [UInt8]) {
        guard let size = UInt16(exactly: value.count) else {
            impossible = true
            return
        }
        uint16(size)
        bytes(value)
    }

    /// Writes a TPM2B that holds one structure.
    public mutating func sized(_ contents: some WireStructure) {
        var inner = ByteWriter()
        contents.write(to: &inner)
        impossible = impossible || inner.impossible
        sized(inner.storage)
    }
}
