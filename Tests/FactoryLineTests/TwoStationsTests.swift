import FactoryLine
import Foundation
import SoftwareDevice
import Testing

/// Two stations, each with a directory of its own, are given one device at the same time.
@Suite(.timeLimit(.minutes(20))) struct TwoStationsTests {
    private func arguments(_ station: Station, _ serial: String, _ device: SoftwareDevice) -> [String] {
        FactoryProcess.provision(station, device, serial: serial) + ["--json"]
    }

    /// Whoever comes first has it: never two births of one TPM, and never a device that nobody can finish.
    ///
    /// A software TPM serves one connection after the other, as `/dev/tpm0` does; how commands of both would mix behind a
    /// resource manager is not shown here.
    @Test(arguments: [0, 5, 15, 40, 80])
    func aDeviceIsBornOnce(headStart: Int) async throws {
        try await TestLine.with { line in
            let other = try line.otherStation()
            try await line.withDevice { device in
                async let first = FactoryProcess.run(arguments(line.station, "GW-0001", device))
                try await Task.sleep(for: .milliseconds(headStart))
                async let second = FactoryProcess.run(arguments(other, "GW-0002", device))
                let ended = try await [first, second]
                let atOnce = try line.births().count + line.births(at: other).count
                #expect(atOnce <= 1, "\(ended.map(\.output)) \(ended.map(\.errors))")
                // Each tries again, alone.
                let again = [
                    try await FactoryProcess.run(arguments(line.station, "GW-0001", device)),
                    try await FactoryProcess.run(arguments(other, "GW-0002", device)),
                ]
                let births = try line.births().count + line.births(at: other).count
                let told = again.map { "\($0.status) \($0.output)" }
                #expect(births == 1, "\(ended.map { "\($0.status) \($0.output)" }) \(told)")
                #expect(again.map(\.status).sorted() == [0, 1], "\(told)")
            }
        }
    }
}
