import DurableFiles
import Messages
import TPMDevice
import TPMWire

/// The authorization value of the TPM's storage hierarchy, where a factory has set one.
public struct OwnerAuthorization: Sendable {
    fileprivate let value: [UInt8]

    private static let maximumSize = 4 << 10

    /// What `birthmark-factory escrow open` writes: values that have no place here are allowed to be there, and not kept.
    private struct Values: Codable {
        var formatVersion: Int
        var owner: HexBytes?
        var endorsement: HexBytes?
        var lockout: HexBytes?
    }

    /// Reads the file that `birthmark-factory escrow open` wrote.
    public init(readingFrom path: String) throws(AgentError) {
        let values: Values
        do {
            let bytes = try BoundedFile.readGivenPrivate(path, limit: Self.maximumSize)
            values = try EditedJSON.decode(Values.self, from: bytes, limit: Self.maximumSize)
        } catch let error as FileError {
            throw AgentError(input: error)
        } catch let error as MessageError {
            throw AgentError(path, error)
        } catch {
            throw AgentError(.malformed, "\(path): \(error)")
        }
        guard values.formatVersion == 1, let owner = values.owner else {
            throw AgentError(
                .malformed,
                "\(path) has no value for the owner",
                hint: "give the file that birthmark-factory escrow open wrote for this device"
            )
        }
        value = owner.bytes
    }
}

/// Why an owner's authorization does not open the owner's hierarchy.
private enum OwnerFault: Sendable {
    case needless, missing, another

    var message: String {
        switch self {
        case .needless: "the TPM's owner has no authorization value, and one was given"
        case .missing: "the TPM's owner has an authorization value, without which nothing can be removed"
        case .another: "the owner's authorization value is another one"
        }
    }

    var hint: String {
        switch self {
        case .needless: "leave --owner-authorization out"
        case .missing, .another:
            "open the device's escrow with birthmark-factory escrow open, and give the file with --owner-authorization"
        }
    }
}

extension DeviceTPM {
    /// Finds out, before anything is destroyed, whether the owner's authorization can be given.
    func check(_ owner: OwnerAuthorization?) async throws(AgentError) {
        let fault = try await perform { connection throws(TPMError) -> OwnerFault? in
            guard try connection.permanentAttributes().contains(.ownerAuthSet) else {
                return owner == nil ? nil : .needless
            }
            guard owner != nil else { return .missing }
            let trial = try connection.startSession(.trial)
            do throws(TPMError) {
                try connection.policySecret(trial, of: .owner, authorization: connection.authorization(of: owner))
            } catch {
                guard error.code == .authFail || error.code == .badAuth else { throw error }
                return .another
            }
            return nil
        }
        if let fault { throw AgentError(.refused, fault.message, hint: fault.hint, reasons: ["owner-authorization"]) }
    }
}

extension TPMConnection {
    /// The owner's authorization for one command: through a session, so that the value does not cross the bus.
    func authorization(of owner: OwnerAuthorization?) throws(TPMError) -> Authorization {
        guard let owner else { return .password }
        try setAuthorizationValue(owner.value, of: Hierarchy.owner)
        return .session(try startSession(.hmac))
    }
}
