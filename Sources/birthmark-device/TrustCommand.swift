import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages

struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust",
        abstract: "Takes over newer trust bundles.",
        discussion: """
            They come as a file; without one the verifier is asked for them.

            For a device without a network, and for one that was away for long. Each version is believed for the signatures of the people \
            whose keys the one before it names, so the file may come from anybody; versions that the device has passed are passed over. The \
            agent does the same by itself at each attestation. On a network whatever answers at the verifier's address is asked, without a \
            look at its certificate.

            Examples:
              birthmark-device trust /media/stick/successors.json
              birthmark-device trust
            """
    )

    @Argument(help: ArgumentHelp("What birthmark trust export has written.", valueName: "file"))
    var file: String?
    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let followed: FollowedTrust
        if let file {
            let chain = try readChain(file)
            let directory = try StateDirectory(existing: device.state)
            followed = try await directory.follow(chain, try directory.lock())
        } else {
            followed = try await device.holder().followTrust(try StateDirectory(device.state).lock())
        }
        try output.print(followed) {
            followed.hasMoved
                ? "trust:        version \(followed.to), after version \(followed.from)"
                : "trust:        version \(followed.to); there is no newer one"
        }
    }

    private func readChain(_ path: String) throws -> TrustChain {
        let bytes = try InputFile.read(path, limit: TrustChain.maximumSize, what: "the trust bundles")
        do {
            return try TrustChain(parsing: bytes)
        } catch {
            throw CommandFailure(
                .malformed,
                "\(path) holds no successors of a trust bundle: \(error.detail)",
                hint: "give the file that birthmark trust export wrote"
            )
        }
    }
}
