import ArgumentParser
import CommandLineContract
import EnrolmentService
import FactoryAuthority

/// Where the CA is.
struct CADirectoryArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The CA's directory; of a station that is its own CA, its ca/.", valueName: "dir"))
    var directory: String

    var authority: AuthorityDirectory { AuthorityDirectory(directory) }
    var host: HostDirectory { HostDirectory(directory) }
}

/// What the CA's key files are encrypted with.
struct PassphraseOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file, yours alone, whose first line encrypts the CA's key files; not for keys in tokens and TPMs.",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    func passphrase() throws(CommandFailure) -> Passphrase? {
        guard let passphraseFile else { return nil }
        let bytes = try InputFile.readPrivate(passphraseFile, limit: 4096, what: "the passphrase")
        guard let passphrase = Passphrase(file: bytes) else {
            throw CommandFailure(.malformed, "\(passphraseFile) holds no passphrase", hint: "put it on the first line")
        }
        return passphrase
    }
}

/// Where a new CA's keys are.
struct KeyLocationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The root's key: file, pkcs11:token=…;object=…?module-path=…&pin-source=…, or tpm:0x81……,TCTI.",
            valueName: "place"
        )
    )
    var rootKey: KeyLocation = .file
    @Option(help: ArgumentHelp("The issuing level's key, likewise.", valueName: "place"))
    var issuingKey: KeyLocation = .file
}
