import DurableFiles
public import Messages

/// `agent.json`: what an installation fixes once so that nobody has to type it.
public struct AgentConfiguration: Hashable, Sendable, Codable {
    /// How to reach the TPM, as tpm2-tools spell it.
    public var tcti: String?
    /// Where the firmware's event log is.
    public var eventLog: String?
    /// Where the list of what Linux measured is.
    public var imaList: String?
    /// A file of at most 64 bytes that says something else after each boot, for a device without a TPM whose system does not say it where
    /// Linux does.
    public var bootID: String?

    /// The most bytes of the file.
    static let maximumSize = 16 << 10
    /// Where Linux shows the event log.
    public static let defaultEventLog = "/sys/kernel/security/tpm0/binary_bios_measurements"

    /// Where Linux shows what it measured, with SHA-1 template digests.
    public static let defaultIMAList = "/sys/kernel/security/ima/binary_runtime_measurements"
}

extension StateDirectory {
    /// What `agent.json` says; nothing when there is none.
    public func configuration() throws(AgentError) -> AgentConfiguration {
        guard let bytes = try read(configurationPath, limit: AgentConfiguration.maximumSize) else { return .init() }
        do {
            return try EditedJSON.decode(AgentConfiguration.self, from: bytes, limit: AgentConfiguration.maximumSize)
        } catch {
            throw AgentError(configurationPath, error)
        }
    }

    /// The trust bundle of this device.
    /// - Parameter offered: a file to take over when none is in place yet. Once one is, only the same is accepted, or an earlier version of
    ///   it, which changes nothing: whoever may choose the trust bundle owns the device's update path.
    public func trust(offered: String?) throws(AgentError) -> TrustBundle {
        let held = try read(trustPath, limit: TrustBundle.maximumSize)
        guard let offered else {
            guard let held else {
                if let gone = try doneRetirement() {
                    throw AgentError(
                        .refused,
                        "\(gone.serial), which this device was, is retired",
                        hint:
                            "to live again it is born again, in another directory: birthmark-device enrol --state DIR",
                        reasons: ["retired"]
                    )
                }
                throw AgentError(
                    .malformed,
                    "\(trustPath) does not exist",
                    hint: "give the verifier's trust.json with --trust FILE; it is kept for the next time"
                )
            }
            return try Self.parseTrust(held, at: trustPath)
        }
        let (bundle, bytes) = try Self.bundle(at: offered)
        if let held {
            guard held == bytes else {
                let kept = try Self.parseTrust(held, at: trustPath)
                // A script gives the file of the first day for ever.
                if bundle.verifier == kept.verifier, bundle.number < kept.number { return kept }
                let isNewer = bundle.verifier == kept.verifier && bundle.number > kept.number
                throw AgentError(
                    .refused,
                    "\(offered) is not the trust bundle that this device holds",
                    hint: isNewer
                        ? "leave --trust out; a newer one is taken over with its signatures: birthmark-device trust FILE"
                        : "leave --trust out; if the verifier was really replaced, put the new file at \(trustPath)"
                )
            }
        } else {
            try write(bytes, to: trustPath)
        }
        return bundle
    }

    /// The trust bundle that was taken over; `nil` when none was.
    public func heldTrust() throws(AgentError) -> TrustBundle? {
        guard let held = try read(trustPath, limit: TrustBundle.maximumSize) else { return nil }
        return try Self.parseTrust(held, at: trustPath)
    }

    /// Reads a trust bundle that somebody offers; nothing is kept.
    static func bundle(at path: String) throws(AgentError) -> (bundle: TrustBundle, bytes: [UInt8]) {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.read(path, limit: TrustBundle.maximumSize)
        } catch {
            throw AgentError(input: error)
        }
        return (try parseTrust(bytes, at: path), bytes)
    }

    static func parseTrust(_ bytes: [UInt8], at path: String) throws(AgentError) -> TrustBundle {
        do {
            return try TrustBundle(parsing: bytes)
        } catch {
            throw AgentError(path, error)
        }
    }
}
