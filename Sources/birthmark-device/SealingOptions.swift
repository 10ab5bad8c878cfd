import ArgumentParser
import DeviceAgent

/// How the identity of a device without a TPM is sealed while it lies on the disk.
struct SealingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Seals the identity: for /bin/sh -c, from standard input to standard output, within 60 s.",
            valueName: "command"
        )
    )
    var sealCommand: String?

    @Option(
        help: ArgumentHelp("Unseals it again; run for each command that needs the keys.", valueName: "command")
    )
    var unsealCommand: String?

    func validate() throws {
        guard (sealCommand == nil) == (unsealCommand == nil), sealCommand?.isEmpty != true,
            unsealCommand?.isEmpty != true
        else { throw ValidationError("--seal-command and --unseal-command belong together") }
    }

    var sealing: Sealing? {
        guard let sealCommand, let unsealCommand else { return nil }
        return Sealing(seal: sealCommand, unseal: unsealCommand)
    }
}
