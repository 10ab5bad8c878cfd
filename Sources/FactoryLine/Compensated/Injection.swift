import Crypto
import DurableFiles
public import Messages

/// What came of a birth whose first key the station makes.
public enum InjectionOutcome: Hashable, Sendable {
    /// The birth as any; the identity for the device is in its file.
    case enrolled(CompensatedOutcome)
    /// It was born before, just so, and the file with its identity is not there any more: the device has it, or nobody.
    case delivered(CompensatedBirthRecord)
    /// The file is there, and has the identity of something else, in these parts.
    case otherIdentity([String])
}

extension Station {
    /// Makes the first key of a device that cannot make one, and gives birth to it; done again, also after a kill, it is the same birth.
    ///
    /// The identity is durable in its file before anything is signed, and nowhere else: this station keeps no copy. What it has read of
    /// it once it could have kept, until the device's first contact commits a key that was made there; the record says so (`station`).
    /// - Parameters:
    ///   - claims: what the station was told of the device's hardware.
    ///   - path: where the identity for the device goes, 0600.
    ///   - now: seconds since 1970.
    /// - Throws: when it could not be decided: a file failed, or is no identity. Nothing was signed.
    public func inject(
        _ order: CompensatedOrder,
        _ claims: HardwareClaims,
        into path: String,
        now: Int64
    ) throws -> InjectionOutcome {
        let missing = order.requiredClaims.filter { claims.values[$0] == nil }
        guard missing.isEmpty else { return .enrolled(.claimsMissing(missing)) }
        // A run that was killed while it wrote may have left the key under another name.
        AtomicFile.sweep(writersOf: path)
        let identity: InjectedIdentity
        if let made = try Self.identity(path) {
            let parts: [(String, Bool)] = [
                ("serial", made.serial == order.serial), ("package", made.bornWith == order.bornWith),
                ("claims", made.claims == claims),
            ]
            let differing = parts.filter { !$0.1 }.map(\.0)
            guard differing.isEmpty else { return .otherIdentity(differing) }
            // Perhaps only the kernel has it of a run that was killed; what is signed now relies on it.
            try AtomicFile.synchronize(directoryOf: path)
            identity = made
        } else {
            if let earlier = try currentBirth(of: order.serial) { return try delivered(earlier, order, claims, now) }
            identity = InjectedIdentity(
                serial: order.serial,
                key: P256.Signing.PrivateKey(),
                claims: claims,
                bornWith: order.bornWith
            )
            try AtomicFile.write(try CanonicalJSON.encode(identity), to: path, existing: .keep)
        }
        let request = try KeyRequest(by: identity.firstKey, claims: claims)
        return .enrolled(try enrol(order, request, origin: .station, now: now))
    }

    private static func identity(_ path: String) throws -> InjectedIdentity? {
        guard let bytes = try BoundedFile.readIfThere(path, limit: InjectedIdentity.maximumSize) else { return nil }
        // What a run leaves that was cut off on a stick whose file system has no links; nothing was signed by then.
        guard !bytes.isEmpty else {
            throw Failure.damaged(path: path, "is empty: remove it, and run the same command again")
        }
        do {
            return try InjectedIdentity(parsing: bytes)
        } catch {
            throw Failure.damaged(path: path, "is no identity that a station has made: \(error.detail)")
        }
    }

    private func delivered(
        _ earlier: InstanceBirth,
        _ order: CompensatedOrder,
        _ claims: HardwareClaims,
        _ now: Int64
    ) throws -> InjectionOutcome {
        guard case .compensated(let record) = earlier, record.keyOrigin == .station else {
            return .enrolled(.serialTaken)
        }
        let wanted = try self.record(order, record.key, claims, origin: .station, now: now)
        let differences = record.differences(from: wanted)
        return differences.isEmpty ? .delivered(record) : .enrolled(.orderDiffers(differences))
    }
}
