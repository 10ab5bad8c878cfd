import Messages

/// The command that provisions one device, for whoever has to add something to it.
struct ProvisioningWords {
    private let device: LineDevice
    private let directory: FactoryDirectory
    private let passphraseFile: String?

    init(_ device: LineDevice, at directory: FactoryDirectory, passphraseFile: String?) {
        self.device = device
        self.directory = directory
        self.passphraseFile = passphraseFile
    }

    func text(securityFloor: String) -> String {
        let order = device.order
        var words = [
            "birthmark-factory", "provision", directory.path, "--serial", order.serial.text, "--model",
            order.model.text, "--hardware-revision", order.hardwareRevision.text, "--environment",
            order.environment.text, "--tier", order.tier.rawValue, "--profile", device.profile, "--package",
            order.bornWith.name.text, "--package-version", order.bornWith.version.text, "--security-version",
            String(order.bornWith.securityVersion), "--tcti", device.tcti, "--security-floor", securityFloor,
        ]
        if let passphraseFile { words += ["--passphrase-file", passphraseFile] }
        return words.map(Self.forShell).joined(separator: " ")
    }

    private static func forShell(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_./:=,@%+~".utf8.contains(byte)
        }
        return isPlain && !word.hasPrefix("~") && !word.isEmpty
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
