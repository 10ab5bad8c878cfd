import Messages
import UpdateTrust

extension TrustBundle {
    /// Refuses to ask for an attestation result that could not be checked.
    func checkNamesResultKeys() throws(AgentError) {
        guard resultKeys != nil else {
            throw AgentError(
                .malformed,
                "the trust bundle names no keys for attestation results",
                hint: "birthmark-device trust brings it up to date, when a newer one names them"
            )
        }
    }

    /// A result that is not this verifier's, or not of this instance, is not handed on.
    func checked(_ ear: String?, of instance: InstanceID) throws(AgentError) -> String {
        let result: AttestationResult
        do throws(JWSError) {
            result = try AttestationResult.verify(ear ?? "", keys: resultKeys ?? [])
        } catch {
            var failure = AgentError(
                .environment,
                "the verifier's attestation result cannot be used: \(error)",
                hint: "its version or its keys are others than this device's trust.json says"
            )
            failure.isOfAStranger = error.code == .unknownKey
            throw failure
        }
        guard result.isAbout(instance) else {
            throw AgentError(.environment, "the verifier's attestation result is of another instance")
        }
        return result.compact
    }

    /// What a gate judges by.
    var gate: GateTrust {
        get throws(AgentError) {
            do {
                return try GateTrust(self)
            } catch {
                throw AgentError("the trust bundle", error)
            }
        }
    }
}
