import TPMDevice
import TPMWire

/// The NV indices of a birth: looked at first, made when absent, never taken from somebody else.
extension TPMConnection {
    /// Certificates and tag: the owner writes them once; anybody reads them.
    ///
    /// A lock (WRITEDEFINE) makes "once" true.
    static let recordAttributes: TPMANV = [.ownerWrite, .ownerRead, .authRead, .noDA, .writeDefine]

    /// Counters: the agent has no secrets, and a counter cannot be turned back whoever turns it.
    static let counterAttributes: TPMANV = [
        TPMANV.IndexType.counter.attribute, .ownerRead, .authRead, .ownerWrite, .authWrite, .noDA,
    ]

    /// What a TPM changes in an index's attributes by itself.
    private static let stateBits: TPMANV = [.written, .writeLocked, .readLocked]

    /// Makes an index hold these bytes.
    ///
    /// What an interrupted birth left half-written is written again; a locked index with other contents, or one that
    /// was defined otherwise, is somebody else's.
    func store(_ contents: [UInt8], at handle: Handle) throws {
        let size = UInt16(clamping: contents.count)
        let area = TPMSNVPublic(
            nvIndex: handle,
            nameAlg: .sha256,
            attributes: Self.recordAttributes,
            dataSize: size
        )
        if let index = try nvIndex(at: handle) {
            let found = try nvReadPublic(index).publicArea
            if try found.attributes.contains(.written) && content(of: handle) == contents { return }
            guard found.attributes.subtracting(Self.stateBits) == Self.recordAttributes,
                !found.attributes.contains(.writeLocked)
            else { throw BirthRefusal(.indexTaken(handle)) }
            if found.dataSize == size {
                try nvWrite(contents, to: index, as: .owner)
                return
            }
            try nvUndefineSpace(index)
        }
        let index = try nvDefineSpace(area)
        try nvWrite(contents, to: index, as: .owner)
    }

    /// Locks an index against writing for ever.
    func lock(_ handle: Handle) throws {
        guard let index = try nvIndex(at: handle) else { throw BirthRefusal(.indexTaken(handle)) }
        if try !nvReadPublic(index).publicArea.attributes.contains(.writeLocked) { try nvWriteLock(index, as: .owner) }
    }

    /// Defines a counter if it is absent, increments it until it can be read, and returns its value.
    ///
    /// - Parameter least: a value to count up to, if it begins below.
    func counter(at handle: Handle, least: UInt64 = 0) throws -> UInt64 {
        if let index = try nvIndex(at: handle) {
            let found = try nvReadPublic(index).publicArea
            guard found.attributes.subtracting(Self.stateBits) == Self.counterAttributes else {
                throw BirthRefusal(.indexTaken(handle))
            }
            if !found.attributes.contains(.written) { try nvIncrement(index) }
            return try count(index, upTo: least)
        }
        let index = try nvDefineSpace(
            TPMSNVPublic(nvIndex: handle, nameAlg: .sha256, attributes: Self.counterAttributes, dataSize: 8)
        )
        try nvIncrement(index)
        return try count(index, upTo: least)
    }

    private func count(_ index: borrowing NVIndex, upTo least: UInt64) throws(TPMError) -> UInt64 {
        var value = try nvReadCounter(index)
        while value < least {
            try nvIncrement(index)
            value = try nvReadCounter(index)
        }
        return value
    }

    /// The value of a counter; nil when the index is no readable counter of ours.
    func existingCounter(at handle: Handle) throws(TPMError) -> UInt64? {
        guard let index = try nvIndex(at: handle) else { return nil }
        let found = try nvReadPublic(index).publicArea.attributes
        guard found.subtracting(Self.stateBits) == Self.counterAttributes, found.contains(.written) else { return nil }
        return try nvReadCounter(index)
    }

    /// Whether an index is locked against writing.
    func isLocked(_ handle: Handle) throws(TPMError) -> Bool {
        guard let index = try nvIndex(at: handle) else { return false }
        return try nvReadPublic(index).publicArea.attributes.contains(.writeLocked)
    }
}
