import CommandLineContract
import DeviceAgent

await CommandLineProgram.main(DeviceProgram.self) { error in
    guard let error = error as? AgentError else { return nil }
    let status: ExitStatus =
        switch error.kind {
        case .refused: .refused
        case .malformed: .malformed
        case .environment: .environment
        }
    return CommandFailure(status, error.message, hint: error.hint, reasons: error.reasons)
}
