import CommandLineContract
import Messages
import UpdateTrust

/// What a verifier signs for relying parties, held to the keys of its trust bundle.
struct SignedInput {
    private let keys: [StatementKey]

    init(_ bundle: TrustBundle) { keys = bundle.resultKeys ?? [] }

    /// Reads an attestation result.
    func result(_ path: String) throws(CommandFailure) -> AttestationResult {
        let text = try Self.text(path, limit: AttestationResult.maximumSize, what: "the attestation result")
        do throws(JWSError) {
            return try AttestationResult.verify(text, keys: keys)
        } catch {
            throw failure(error, of: path, hint: "ask the device for a new one: birthmark-device attest --ear FILE")
        }
    }

    /// Reads a status list from a file.
    func list(_ path: String) throws(CommandFailure) -> StatusListToken {
        try list(
            Self.text(path, limit: StatusListToken.maximumSize, what: "the status list"),
            from: path,
            hint: "leave --list out to have it fetched from the verifier"
        )
    }

    /// Takes a status list as it came.
    func list(_ text: String, from place: String, hint: String) throws(CommandFailure) -> StatusListToken {
        do throws(JWSError) {
            return try StatusListToken.verify(text, keys: keys)
        } catch {
            throw failure(error, of: place, hint: hint)
        }
    }

    private static func text(_ path: String, limit: Int, what: String) throws(CommandFailure) -> String {
        let bytes = try InputFile.read(path, limit: limit + 1, what: what)
        // Editors and shells end a file with a line feed.
        return String(decoding: bytes.last == 0x0A ? bytes.dropLast() : bytes, as: UTF8.self)
    }

    private func failure(_ error: JWSError, of place: String, hint: String) -> CommandFailure {
        let isMalformed = error.code == .malformed || error.code == .claims
        return CommandFailure(
            isMalformed ? .malformed : .refused,
            "\(place): \(error)",
            hint: keys.isEmpty
                ? "the trust bundle names no keys for results: birthmark trust follow FILE brings it up to date" : hint,
            reasons: isMalformed ? [] : [error.code.rawValue]
        )
    }
}
