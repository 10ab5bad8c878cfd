import Crypto
import DurableFiles
public import Messages

/// What came of a first key that a station has made.
public struct TakenOverKey: Hashable, Sendable {
    /// The instance.
    public var instance: InstanceID
    /// Its serial number.
    public var serial: Label?
    /// Whether the file with the key is gone; otherwise it has to be removed by hand.
    public var isSourceGone: Bool
}

extension StateDirectory {
    /// Makes this the device that a station has made the first key for, and removes the file with that key.
    ///
    /// The key that the first contact commits is made here: from then on the station knows none that counts. Done again, also after a
    /// run that was killed, it finds the same.
    /// - Parameters:
    ///   - source: the path of the station's file; erased once the identity is durable.
    ///   - sources: where this device's claims are read; they have to say what the station was told.
    public func takeOver(
        _ source: String,
        _ sources: [ClaimSource],
        sealedBy sealing: Sealing? = nil,
        _ lock: borrowing AgentLock
    ) async throws(AgentError) -> TakenOverKey {
        try checkNotRetiring()
        let held = try await durableIdentity()
        let bytes = try content(of: source)
        if let held, held.identity.bornWith != nil, bytes?.allSatisfy({ $0 == 0 }) ?? true {
            // A run before had come to the end, or was cut off after it had overwritten the file.
            if let sealing { try await write(KeptIdentity(identity: held.identity, sealing: sealing)) }
            return TakenOverKey(
                instance: held.identity.instance,
                serial: held.identity.serial,
                isSourceGone: Self.remove(source)
            )
        }
        guard let bytes else { throw AgentError(input: FileError(.missing, .read, source)) }
        let injected = try injectedIdentity(bytes, source)
        let first: P256.Signing.PrivateKey
        do {
            first = try injected.firstKey
        } catch {
            throw AgentError(source, error)
        }
        let instance = InstanceID(firstKey: SoftwareKey(of: first))
        if let held {
            guard held.identity.instance == instance else {
                throw AgentError(
                    .refused,
                    "this device is instance \(held.identity.instance) already, and \(source) makes another",
                    hint: "give the agent another directory with --state, or take the file to its own device",
                    reasons: ["other-instance"]
                )
            }
            guard held.identity.sources == sources else { throw Self.claimsDiffer }
            if let sealing { try await write(KeptIdentity(identity: held.identity, sealing: sealing)) }
        } else {
            try hold(try sources.read(), to: injected.claims)
            var identity = SoftwareIdentity(first: first, next: P256.Signing.PrivateKey(), sources: sources)
            identity.setBirth(injected.serial, with: injected.bornWith)
            try await write(KeptIdentity(identity: identity, sealing: sealing))
        }
        return TakenOverKey(instance: instance, serial: injected.serial, isSourceGone: Self.remove(source))
    }

    /// A stick that is write-protected keeps it: that is said, and no reason to have no identity.
    private static func remove(_ source: String) -> Bool { (try? AtomicFile.erase(source)) != nil }

    private func content(of path: String) throws(AgentError) -> [UInt8]? {
        do {
            return try BoundedFile.readIfThere(path, limit: InjectedIdentity.maximumSize)
        } catch {
            throw AgentError(input: error)
        }
    }

    private func injectedIdentity(_ bytes: [UInt8], _ path: String) throws(AgentError) -> InjectedIdentity {
        do {
            return try InjectedIdentity(parsing: bytes)
        } catch {
            throw AgentError(
                .malformed,
                "\(path) is no identity that a station has made: \(error.detail)",
                hint: "give the file that birthmark-factory enrol --inject wrote"
            )
        }
    }

    /// What the verifier would hold against every request is said here, where somebody stands beside the device.
    private func hold(_ claims: HardwareClaims, to born: HardwareClaims) throws(AgentError) {
        let differing = born.differing(from: claims).map { name in
            "\(name) is \(claims.values[name]?.text ?? "not said"), and the station was told \(born.values[name]?.text ?? "")"
        }
        guard differing.isEmpty else {
            throw AgentError(
                .refused,
                "the station was told another hardware: \(differing.joined(separator: "; "))",
                hint: "give --claim for each, or take the file to its own device",
                reasons: ["claims-differ"]
            )
        }
    }
}
