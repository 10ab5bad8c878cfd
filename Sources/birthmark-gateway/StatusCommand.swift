import ArgumentParser
import CommandLineContract
import DurableFiles
import GatewayService
import Messages

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What the devices behind the gateway last asked, and what became of it.",
        discussion: "Example: birthmark-gateway status gw"
    )

    @OptionGroup var place: DirectoryArgument
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var isServing: Bool
        var children: [GatewayStatus.Child]
    }

    func run() throws {
        let directory = place.directory
        _ = try directory.read()
        let lock = try FileLock.trying(directory.lock)
        let isServing = lock == nil
        lock?.release()
        let bytes = try BoundedFile.readIfThere(directory.status, limit: GatewayStatus.maximumSize)
        let children = try bytes.map { try GatewayStatus(parsing: $0).children } ?? []
        try output.print(Report(isServing: isServing, children: children)) {
            ([isServing ? "serving" : "not serving"]
                + children.map { child in
                    "\(child.instance)  \(UTCTime.text(child.at))  \(child.purpose.rawValue)  \(child.outcome)"
                        + (child.address.map { "  from \($0)" } ?? "")
                }).joined(separator: "\n")
        }
    }
}
