import Crypto
import Messages

/// The identity of this run, born and unsealed; each change is on the disk before it is in effect.
final class IdentityKeeper {
    private let state: StateDirectory
    private var kept: KeptIdentity
    let serial: Label?
    let bornWith: BornWith

    static let notBorn = AgentError(
        .environment,
        "this device was not born yet",
        hint: "birthmark-device enrol makes its key, and takes over what the factory has signed",
        reasons: ["not-born"]
    )

    /// Opens it.
    init(_ state: StateDirectory) async throws(AgentError) {
        guard let kept = try await state.durableIdentity(), let bornWith = kept.identity.bornWith else {
            throw Self.notBorn
        }
        self.state = state
        self.kept = kept
        self.bornWith = bornWith
        serial = kept.identity.serial
    }

    var instance: InstanceID { kept.identity.instance }

    /// What the hardware says of itself now.
    var claims: HardwareClaims {
        get throws(AgentError) {
            do {
                return try kept.identity.sources.read()
            } catch {
                // The files were right when the device was enrolled: it is the hardware that does not show them, or not yet.
                var failure = error
                failure.kind = .environment
                throw failure
            }
        }
    }

    /// The keys to sign with.
    var keys: (key: P256.Signing.PrivateKey, next: P256.Signing.PrivateKey) {
        get throws(AgentError) {
            do {
                return try kept.identity.keys
            } catch {
                throw AgentError(.environment, "the identity of this device is damaged: \(error.detail)")
            }
        }
    }

    /// The next key was committed: it signs from here on, and there is another next one.
    func moveOn() async throws(AgentError) {
        var moved = kept
        moved.identity.moveOn(to: P256.Signing.PrivateKey())
        try await state.write(moved)
        kept = moved
    }
}
