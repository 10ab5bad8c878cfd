import CommandLineContract
import FactoryLine
import Messages

/// Reads a profile file.
func readProfile(_ path: String) throws(CommandFailure) -> ProvisioningProfile {
    let bytes = try InputFile.read(path, limit: ProvisioningProfile.maximumSize, what: "the profile")
    do throws(MessageError) {
        return try ProvisioningProfile(parsing: bytes)
    } catch {
        throw CommandFailure(
            .malformed,
            "\(path): \(error.detail)",
            hint: "compare it with the examples in Provisioning/profiles"
        )
    }
}
