import ArgumentParser
import CommandLineContract
import DurableFiles
import FoundationEssentials
import Messages
import VerifierClient

/// Which verifier's word counts.
struct TrustOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The verifier's trust bundle, the trust.json of its directory; default: BIRTHMARK_TRUST.",
            valueName: "file"
        )
    )
    var trust: String?

    /// The trust bundle that was named.
    func bundle() throws(CommandFailure) -> TrustBundle {
        let path = try named(trust, "BIRTHMARK_TRUST", "--trust", "the verifier's trust.json")
        let bytes = try InputFile.read(path, limit: TrustBundle.maximumSize, what: "the trust bundle")
        return try parsing(path, of: "birthmark-verifier init") { () throws(MessageError) in
            try TrustBundle(parsing: bytes)
        }
    }
}

/// Which verifier, and who asks.
struct VerifierOptions: ParsableArguments {
    @OptionGroup var verifier: TrustOption

    @Option(
        name: .customLong("operator"),
        help: ArgumentHelp(
            "The operator's directory with cert.pem and key.pem; default: BIRTHMARK_OPERATOR.",
            valueName: "dir"
        )
    )
    var person: String?

    /// The trust bundle that was named.
    func bundle() throws(CommandFailure) -> TrustBundle { try verifier.bundle() }

    /// Runs `body` with a client that speaks for the operator.
    /// - Parameter subject: what is asked about, to be named where the verifier has no such thing.
    func ask<Result: Sendable>(
        about subject: AskedAbout? = nil,
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        let bundle = try bundle()
        let directory = try named(person, "BIRTHMARK_OPERATOR", "--operator", "a directory with cert.pem and key.pem")
        try checkPerson(in: directory)
        let limit = OperatorIdentity.maximumSize
        let identity = try OperatorIdentity(
            certificate: InputFile.read("\(directory)/cert.pem", limit: limit, what: "the operator's certificate"),
            key: InputFile.readPrivate("\(directory)/key.pem", limit: limit, what: "the operator's key")
        )
        ExpiryWarning.tell(
            "the operator's certificate in \(directory)",
            until: identity.expiry,
            hint: "have the verifier's operator issue another with birthmark-verifier operator"
        )
        do {
            return try await VerifierClient.with(bundle, identity: identity, body)
        } catch let error as VerifierClientError {
            if let failure = subject?.failure(error) { throw failure }
            throw error
        }
    }

    /// Says of a directory that is none of an operator's, such as the one that holds them all, what is meant.
    private func checkPerson(in directory: String) throws(CommandFailure) {
        let isThere: Bool
        do throws(FileError) {
            isThere = try FilePresence.isThere("\(directory)/cert.pem")
        } catch {
            throw CommandFailure(error)
        }
        guard isThere else {
            throw CommandFailure(
                .malformed,
                "\(directory) holds no cert.pem of an operator",
                hint: "name the directory of one operator, as birthmark-verifier operator has made it"
            )
        }
    }
}

/// What an option says, or else a variable of the environment.
private func named(
    _ option: String?,
    _ variable: String,
    _ flag: String,
    _ what: String
) throws(CommandFailure) -> String {
    if let option { return option }
    if let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty { return value }
    throw CommandFailure(.malformed, "\(flag) is missing", hint: "name \(what) with \(flag) or \(variable)")
}

/// Says which file a message was read from when it cannot be.
/// - Parameters:
///   - maker: the command that writes such files.
///   - hint: what helps with one that no command writes.
func parsing<Message>(
    _ path: String,
    of maker: String? = nil,
    hint: String = "check that it is the right file, whole and unchanged",
    _ parse: () throws(MessageError) -> Message
) throws(CommandFailure) -> Message {
    do {
        return try parse()
    } catch {
        let isForeign = error.code == .badSignature
        throw CommandFailure(
            isForeign ? .refused : .malformed,
            "\(path): \(error.detail)",
            hint: isForeign
                ? "fetch it again from its makers, and ask them whether they changed their keys"
                : maker.map { "give what \($0) wrote, whole and unchanged" } ?? hint
        )
    }
}

/// What an act is done for; on the command line it is required, because it stands on the ledger.
struct ReasonOption: ParsableArguments {
    @Option(help: ArgumentHelp("Why, in one line; it stands on the ledger, which anybody can read.", valueName: "text"))
    var reason: String

    func checked() throws(CommandFailure) -> OperatorReason {
        guard let reason = OperatorReason(reason) else {
            throw CommandFailure(
                .malformed,
                "--reason takes one line of 1 to \(Remark.maximumSize) bytes",
                hint: "say in one line why; it stands on the ledger"
            )
        }
        return reason
    }
}
