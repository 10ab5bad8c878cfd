import CommandLineContract
import Messages
import VerifierClient

await CommandLineProgram.main(OperatorProgram.self) { error in
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
