import CommandLineContract
import SoftwareDevice

await CommandLineProgram.main(
    Bench.self,
    explain: { error in
        (error as? SoftwareDeviceError).map { CommandFailure(.environment, $0.message, hint: $0.hint) }
    }
)
