import ArgumentParser
import CommandLineContract
import Crypto
import FactoryLine
import Messages

struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Gives birth to one device without a TPM.",
        discussion: """
            Done twice it changes nothing.

            The key comes in a request that the device has made (birthmark-device enrol --out). Nothing can be proven of such a device: the \
            station's word is that this key belongs to the one in front of it. A verifier serves it by rules with "controls" only.

            For a device that cannot make a key at the line the station makes it (--inject): the file is the device's identity, for \
            birthmark-device enrol --injected, and no copy stays here. Whoever reads it can be the device until the device's first contact, \
            which commits a key that was made there; the record says that the key is the station's. The same command after a kill \
            gives the same birth.

            Examples:
              birthmark-factory enrol line-1 SENSOR-0007.request.json \\
                  --serial SENSOR-0007 --model sn-10 --hardware-revision A \\
                  --environment production --product sensor --package sensor-os \\
                  --package-version 1.7.0 --security-version 3 --require-claim mmc-cid \\
                  --out SENSOR-0007.birth.json
              birthmark-factory enrol line-1 \\
                  --inject /media/stick/SENSOR-0008.identity.json \\
                  --claim mmc-cid=15010038474e4434 --serial SENSOR-0008 --model sn-10 \\
                  --hardware-revision A --environment production --product sensor \\
                  --package sensor-os --package-version 1.7.0 --security-version 3
            """
    )

    @Argument(help: ArgumentHelp("The station's directory.", valueName: "dir"))
    var directory: String
    @Argument(help: ArgumentHelp("The device's request; not with --inject.", valueName: "file"))
    var request: String?
    @Option(
        help: ArgumentHelp(
            "Makes the first key here, and writes the device's identity to this file, 0600.",
            valueName: "file"
        )
    )
    var inject: String?
    @Option(
        help: ArgumentHelp(
            "With --inject: what the device will say of its hardware; repeat for several.",
            valueName: "name=value"
        )
    )
    var claim: [ClaimValue] = []
    @Option(help: "The serial number: \(Label.rule).")
    var serial: Label
    @Option(help: "The model.")
    var model: Label
    @Option(name: .customLong("hardware-revision"), help: "The hardware revision.")
    var hardwareRevision: Label
    @Option(help: "Where it may run, for instance production or lab.")
    var environment: Label
    @Option(help: "What the product is called, as the birth record says it.")
    var product: Label
    @Option(help: "The package it leaves the line with.")
    var package: Label
    @Option(name: .customLong("package-version"), help: "That package's version.")
    var packageVersion: Label
    @Option(name: .customLong("security-version"), help: "That package's security version: the security floor.")
    var securityVersion: UInt64
    @Option(help: ArgumentHelp("A claim that the device must make; repeat for several.", valueName: "name"))
    var requireClaim: [Label] = []
    @Option(help: ArgumentHelp("Where the signed birth goes, for the device.", valueName: "file"))
    var out: String?
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (request == nil) != (inject == nil) else {
            throw ValidationError("give the device's request, or --inject to make the key here")
        }
        guard inject != nil || claim.isEmpty else {
            throw ValidationError("--claim belongs to --inject: a request has the device's own claims")
        }
        guard Set(claim.map(\.name)).count == claim.count, claim.count <= HardwareClaims.maximumCount else {
            throw ValidationError("--claim names each claim once, and \(HardwareClaims.maximumCount) at most")
        }
    }

    func run() async throws {
        let station = try Station(
            opening: FactoryDirectory(directory),
            passphrase: passphrase.passphrase(),
            certifying: false
        )
        if let inject {
            try makeKey(inject, station)
        } else if let request {
            try finish(station.enrol(order, try asked(request), origin: .device, now: UTCTime.now), station)
        }
    }

    private var order: CompensatedOrder {
        CompensatedOrder(
            serial: serial,
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            profile: product,
            bornWith: BornWith(name: package, version: packageVersion, securityVersion: securityVersion),
            requiredClaims: requireClaim
        )
    }

    private func asked(_ request: String) throws -> KeyRequest {
        let bytes = try InputFile.read(request, limit: KeyRequest.maximumSize, what: "the key request")
        do {
            return try KeyRequest(parsing: bytes)
        } catch {
            throw CommandFailure(
                .malformed,
                "\(request) is no key request: \(error.detail)",
                hint: "give the file that birthmark-device enrol --out wrote"
            )
        }
    }

    private func makeKey(_ path: String, _ station: Station) throws {
        guard let claims = HardwareClaims(Dictionary(claim.map { ($0.name, $0.value) }) { first, _ in first }) else {
            throw ValidationError("--claim names \(HardwareClaims.maximumCount) claims at most")
        }
        switch try station.inject(order, claims, into: path, now: UTCTime.now) {
        case .enrolled(let outcome): try finish(outcome, station, identity: path)
        case .delivered(let record): try report("already-born", record, station)
        case .otherIdentity(let parts):
            throw refusal(
                "\(path) is the identity of something else: \(parts.joined(separator: ", "))",
                "other-identity",
                "name another file; a key is never written over"
            )
        }
    }
}
