import CommandLineContract
import HTTPService
import Messages
import VerifierClient

await CommandLineProgram.main(OperatorProgram.self) { error in
    if let error = error as? SetupError {
        return CommandFailure(error.kind == .malformed ? .malformed : .environment, error.message, hint: error.hint)
    }
    if let error = error as? MessageError { return CommandFailure(.malformed, error.description) }
    guard let error = error as? VerifierClientError else { return nil }
    var reasons: [String] = []
    if case .problem(let problem) = error { reasons = problem.reasons ?? [] }
    return CommandFailure(
        error.isRefusal ? .refused : error.isMalformedInput ? .malformed : .environment,
        error.description,
        hint: error.hint,
        reasons: reasons
    )
}
