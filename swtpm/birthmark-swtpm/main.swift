import CommandLineContract
import SoftwareDevice
import TPMDevice

await CommandLineProgram.main(
    SwtpmCommand.self,
    explain: { error in
        switch error {
        case let error as SoftwareDeviceError:
            CommandFailure(error.kind == .input ? .malformed : .environment, error.message, hint: error.hint)
        case let error as TPMError:
            CommandFailure(.environment, error.description, hint: error.hint)
        default: nil
        }
    }
)
