// The only door between libtss2's C structures and the rest of the program: marshalled bytes, as Part 2 defines them.
// No field of a C structure is read or set anywhere else, so TPMWire alone decides what a structure means.

import CTSS2
import Glibc
import TPMWire

/// A Part 2 structure that libtss2-mu can marshal and unmarshal.
protocol MarshalledStructure {
    static var codec: Codec<Self> { get }
}

/// The two libtss2-mu functions of one structure.
@safe struct Codec<Structure> {
    typealias Marshal = (
        UnsafePointer<Structure>?, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?
    ) -> TSS2_RC
    typealias Unmarshal = (
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<Structure>?
    ) -> TSS2_RC

    let marshal: Marshal
    let unmarshal: Unmarshal

    init(_ marshal: @escaping Marshal, _ unmarshal: @escaping Unmarshal) {
        unsafe self.marshal = marshal
        unsafe self.unmarshal = unmarshal
    }
}

extension MarshalledStructure {
    /// Unmarshals a structure and refuses bytes that are left over.
    init(marshalled bytes: [UInt8], for command: String) throws(TPMError) {
        let codec = Self.codec
        var result: TSS2_RC = 0
        var consumed = 0
        self = unsafe withUnsafeTemporaryAllocation(of: Self.self, capacity: 1) { slot in
            // The sized structures must enter unmarshalling with size zero, or libtss2-mu refuses them.
            unsafe zeroise(UnsafeMutableRawBufferPointer(slot))
            unsafe bytes.withUnsafeBufferPointer { input in
                result = unsafe codec.unmarshal(input.baseAddress, input.count, &consumed, slot.baseAddress)
            }
            let structure = unsafe slot[0]
            unsafe zeroise(UnsafeMutableRawBufferPointer(slot))
            return structure
        }
        guard result == 0 else { throw TPMError(command, returned: result) }
        guard consumed == bytes.count else {
            throw TPMError(command, malformed: "\(bytes.count - consumed) bytes left over after \(Self.self)")
        }
    }

    /// The structure that TPMWire wrote.
    init(_ structure: some WireStructure, for command: String) throws(TPMError) {
        try self.init(marshalled: structure.bytes, for: command)
    }

    /// A sized buffer (TPM2B) with the given contents; the structure's own capacity is the limit.
    init(contents: [UInt8], for command: String) throws(TPMError) {
        guard let size = UInt16(exactly: contents.count), contents.count <= MemoryLayout<Self>.size - 2 else {
            throw TPMError(command, argument: "\(contents.count) bytes do not fit into \(Self.self)")
        }
        try self.init(marshalled: [UInt8(size >> 8), UInt8(size & 0xFF)] + contents, for: command)
    }

    /// Marshals the structure that a pointer of libtss2's shows.
    @unsafe static func marshalled(_ structure: UnsafePointer<Self>, for command: String) throws(TPMError) -> [UInt8] {
        let codec = Self.codec
        // A structure in memory is never smaller than on the wire: every list and buffer lies in it at full capacity.
        let capacity = MemoryLayout<Self>.size
        var result: TSS2_RC = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            result = unsafe codec.marshal(structure, buffer.baseAddress, capacity, &count)
        }
        guard result == 0 else { throw TPMError(command, returned: result) }
        return bytes
    }

    /// Overwrites a structure that held a secret, before its memory is used for something else.
    mutating func wipe() {
        unsafe withUnsafeMutableBytes(of: &self) { unsafe zeroise($0) }
    }
}

/// Overwrites memory in a way that no optimiser leaves out.
@unsafe private func zeroise(_ memory: UnsafeMutableRawBufferPointer) {
    guard let start = memory.baseAddress else { return }
    unsafe explicit_bzero(start, memory.count)
}

/// The value of an out pointer of ESAPI: taken once, copied, overwritten with zeros and freed, on every path.
@safe struct Out<Structure: MarshalledStructure>: ~Copyable {
    /// What ESAPI fills in.
    var pointer: UnsafeMutablePointer<Structure>?

    init() { unsafe pointer = nil }

    /// The marshalled bytes of what the TPM returned.
    func bytes(for command: String) throws(TPMError) -> [UInt8] {
        guard let pointer = unsafe pointer else {
            throw TPMError(command, malformed: "libtss2 returned no \(Structure.self)")
        }
        return try unsafe Structure.marshalled(pointer, for: command)
    }

    /// What the TPM returned, as TPMWire reads it.
    func parsed<Wire: WireStructure>(as _: Wire.Type, for command: String) throws(TPMError) -> Wire {
        let bytes = try bytes(for: command)
        do {
            return try Wire(parsing: bytes)
        } catch {
            throw TPMError(command, malformed: error.description)
        }
    }

    /// The contents of a sized buffer (TPM2B) that the TPM returned, without the size.
    func buffer(for command: String) throws(TPMError) -> [UInt8] {
        let bytes = try bytes(for: command)
        guard bytes.count >= 2, bytes.count - 2 == Int(bytes[0]) << 8 | Int(bytes[1]) else {
            throw TPMError(command, malformed: "\(Structure.self) of \(bytes.count) bytes")
        }
        return Array(bytes.dropFirst(2))
    }

    deinit {
        guard let pointer = unsafe pointer else { return }
        unsafe zeroise(UnsafeMutableRawBufferPointer(start: pointer, count: MemoryLayout<Structure>.size))
        unsafe Esys_Free(pointer)
    }
}
