import ArgumentParser
import CommandLineContract
import DurableFiles
import GatewayService
import Messages

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "What the devices behind it asked, and what they got.",
        discussion: """
            A second may pass until what was asked is shown.

            Example: birthmark-gateway status gw
            """
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
        // A child that changed its way shows where it last was.
        var latest: [InstanceID: GatewayStatus.Child] = [:]
        for path in try directory.statuses {
            guard let bytes = try BoundedFile.readIfThere(path, limit: GatewayStatus.maximumSize) else { continue }
            for child in try GatewayStatus(parsing: bytes).children where child.at >= latest[child.instance]?.at ?? 0 {
                latest[child.instance] = child
            }
        }
        let children = latest.values.sorted { $0.instance < $1.instance }
        try output.print(Report(isServing: isServing, children: children)) {
            let asked = children.map { child in
                "\(child.instance)  \(UTCTime.text(child.at))  \(child.purpose.rawValue)  \(child.outcome)"
                    + (child.address.map { "  from \($0)" } ?? "")
            }
            return ([isServing ? "serving" : "not serving"] + (asked.isEmpty ? ["no device has asked yet"] : asked))
                .joined(separator: "\n")
        }
    }
}
