import FactoryAuthority
import Messages
import TPMDevice
import TPMWire

extension NVOwner {
    var hierarchy: Hierarchy { self == .owner ? .owner : .platform }
    var authority: TPMConnection.NVAuthority { self == .owner ? .owner : .platform }
    private var defining: TPMANV { self == .owner ? [.ownerWrite] : [.ppWrite, .ppRead, .platformCreate] }

    /// Certificates and tag: whoever defined them writes them once; anybody reads them.
    ///
    /// A lock (WRITEDEFINE) makes "once" true.
    var recordAttributes: TPMANV { defining.union([.ownerRead, .authRead, .noDA, .writeDefine]) }

    /// Counters: the agent has no secrets, and a counter cannot be turned back whoever turns it.
    var counterAttributes: TPMANV {
        defining.union([TPMANV.IndexType.counter.attribute, .ownerRead, .authRead, .authWrite, .noDA])
    }
}

/// An index that was defined just now, or the public area of the one that was there.
private struct DefinedIndex: ~Copyable {
    let index: NVIndex
    let found: TPMSNVPublic?
}

/// An index that somebody has begun to write and not locked: another station that is at it now, or one that was interrupted.
struct OpenIndex: Error {
    let handle: Handle
}

/// The ways to the certificates of a birth.
struct StoredCertificates: ~Copyable {
    let iak: NVIndex
    let idevid: NVIndex
}

/// The NV indices of a birth: made when absent, looked at when not, never taken from somebody else.
extension TPMConnection {
    /// What a TPM changes in an index's attributes by itself.
    private static let stateBits: TPMANV = [.written, .writeLocked, .readLocked]

    /// Makes an index hold these bytes.
    ///
    /// What an interrupted birth left half-written is written again; a locked index with other contents, or one that
    /// was defined otherwise, is somebody else's.
    /// - Parameter isAbandoned: whether what is half-written was left by somebody who does not go on with it.
    /// - Throws: `OpenIndex` for what is half-written when that is not known.
    func store(
        _ contents: [UInt8],
        at handle: Handle,
        by owner: NVOwner,
        leftHalfWritten isAbandoned: Bool = true
    ) throws -> NVIndex {
        let size = UInt16(clamping: contents.count)
        let area = TPMSNVPublic(
            nvIndex: handle,
            nameAlg: .sha256,
            attributes: owner.recordAttributes,
            dataSize: size
        )
        let defined = try define(area, by: owner)
        if let found = defined.found {
            if try content(of: defined.index) == contents { return defined.index }
            guard found.attributes.subtracting(Self.stateBits) == owner.recordAttributes,
                !found.attributes.contains(.writeLocked)
            else { throw BirthRefusal(.indexTaken(handle)) }
            guard isAbandoned else { throw OpenIndex(handle: handle) }
            if found.dataSize != size {
                try nvUndefineSpace(defined.index, by: owner.hierarchy)
                let index = try nvDefineSpace(area, by: owner.hierarchy)
                try nvWrite(contents, to: index, as: owner.authority)
                return index
            }
        }
        try nvWrite(contents, to: defined.index, as: owner.authority)
        return defined.index
    }

    /// Puts the certificates of both keys where the profile has them.
    func storeCertificates(
        of iak: BornKey,
        _ idevid: BornKey,
        profile: ProvisioningProfile,
        leftHalfWritten isAbandoned: Bool = true
    ) throws -> StoredCertificates {
        func store(_ key: BornKey, _ index: HandleText) throws -> NVIndex {
            try self.store(
                key.certificate?.bytes ?? [],
                at: index.handle,
                by: profile.nvOwner,
                leftHalfWritten: isAbandoned
            )
        }
        return StoredCertificates(
            iak: try store(iak, profile.nv.iakCertificate),
            idevid: try store(idevid, profile.nv.idevidCertificate)
        )
    }

    /// Defines an index, unless there is one: TPM2_NV_DefineSpace replaces none (Part 3, 31.3: TPM_RC_NV_DEFINED).
    private func define(_ area: TPMSNVPublic, by owner: NVOwner) throws(TPMError) -> DefinedIndex {
        do {
            return DefinedIndex(index: try nvDefineSpace(area, by: owner.hierarchy), found: nil)
        } catch {
            guard error.code != nil, let index = try nvIndex(at: area.nvIndex) else { throw error }
            let found = try nvReadPublic(index).publicArea
            return DefinedIndex(index: index, found: found)
        }
    }

    /// A counter of a birth, and its value.
    struct Counter: ~Copyable {
        let index: NVIndex
        let value: UInt64
    }

    /// Defines a counter if it is absent, and increments it until it can be read.
    ///
    /// - Parameter least: a value to count up to, if it begins below.
    func counter(at handle: Handle, least: UInt64 = 0, by owner: NVOwner) throws -> Counter {
        let defined = try define(
            TPMSNVPublic(nvIndex: handle, nameAlg: .sha256, attributes: owner.counterAttributes, dataSize: 8),
            by: owner
        )
        if let found = defined.found, found.attributes.subtracting(Self.stateBits) != owner.counterAttributes {
            throw BirthRefusal(.indexTaken(handle))
        }
        if defined.found?.attributes.contains(.written) != true { try nvIncrement(defined.index) }
        var value = try nvReadCounter(defined.index)
        while value < least {
            // What is missing at once, then what it came to.
            for _ in value..<least { try nvIncrement(defined.index) }
            value = try nvReadCounter(defined.index)
        }
        return Counter(index: defined.index, value: value)
    }

    /// The value of a counter; nil when the index is no readable counter of ours.
    func existingCounter(_ index: borrowing NVIndex) throws(TPMError) -> UInt64? {
        let found = try nvReadPublic(index).publicArea.attributes
        let isOurs = NVOwner.allCases.contains { $0.counterAttributes == found.subtracting(Self.stateBits) }
        guard isOurs, found.contains(.written) else { return nil }
        return try nvReadCounter(index)
    }

    /// Whether an index is one that a birth writes once: certificate or tag.
    func isRecord(_ index: borrowing NVIndex) throws(TPMError) -> Bool {
        let found = try nvReadPublic(index).publicArea.attributes.subtracting(Self.stateBits)
        return NVOwner.allCases.contains { $0.recordAttributes == found }
    }

    /// Whether an index is locked against writing.
    func isLocked(_ handle: Handle) throws(TPMError) -> Bool {
        guard let index = try nvIndex(at: handle) else { return false }
        return try isLocked(index)
    }

    func isLocked(_ index: borrowing NVIndex) throws(TPMError) -> Bool {
        try nvReadPublic(index).publicArea.attributes.contains(.writeLocked)
    }
}
