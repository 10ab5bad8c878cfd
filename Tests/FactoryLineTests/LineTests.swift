import FactoryAuthority
import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import Synchronization
import Testing

/// Many devices at once.
@Suite(.timeLimit(.minutes(20))) struct LineTests {
    private func list(_ tctis: [(serial: String, tcti: String)]) throws -> OrderList {
        var entry = LineEntry()
        entry.model = TestLine.label("gw-100")
        entry.hardwareRevision = TestLine.label("B")
        entry.environment = TestLine.label("production")
        entry.tier = .vtpm
        entry.package = TestLine.label("gateway-os")
        entry.packageVersion = TestLine.label("2.4.0")
        entry.securityVersion = 3
        entry.profile = "p256"
        let rows = tctis.map { "\($0.serial),\"\($0.tcti)\"" }
        return try OrderList(parsing: Array((["serial,tcti"] + rows).joined(separator: "\n").utf8), defaults: entry)
    }

    private func run(
        _ line: TestLine,
        _ list: OrderList,
        recheck: Bool = false,
        isStopped: @escaping @Sendable () -> Bool = { false },
        tell: @escaping @Sendable (LineResult) -> Void = { _ in }
    ) async throws -> LineReport {
        await Line(line.station, workers: 3, isRecheck: recheck).run(
            list,
            profiles: ["p256": try TestLine.profile()],
            logs: { [UInt8](try Data(contentsOf: URL(filePath: $0))) },
            now: { TestLine.now },
            isStopped: isStopped,
            tell: tell
        )
    }

    private func withDevices(
        _ line: TestLine,
        _ names: ArraySlice<String>,
        _ made: [SoftwareDevice] = [],
        _ body: ([SoftwareDevice]) async throws -> Void
    ) async throws {
        guard let name = names.first else { return try await body(made) }
        // The second has no certificate for its endorsement key.
        try await line.withDevice(name, endorsementKeys: made.count == 1 ? [] : [.p256]) { device in
            try await withDevices(line, names.dropFirst(), made + [device], body)
        }
    }

    @Test func oneDevicesFailureStopsNoOther() async throws {
        try await TestLine.with { line in
            try await withDevices(line, ["a", "b", "c", "d"]) { devices in
                let missing = "swtpm:path=\(line.directory)/<b>none</b>"
                let places =
                    zip(["GW-1", "GW-2", "GW-3", "GW-4"], devices.map(\.tcti)).map { ($0, $1) } + [("GW-5", missing)]
                let heard = Mutex<[String]>([])
                let report = try await run(
                    line,
                    list(places),
                    tell: { result in heard.withLock { $0.append(result.serial.text) } }
                )
                #expect(report.devices.map(\.outcome) == [.born, .refused, .born, .born, .failed])
                #expect(Set(heard.withLock(\.self)) == Set(places.map(\.0)))
                #expect(report.devices[1].reasons == ["endorsement-certificate-missing"])
                #expect(report.failures.map(\.cause) == ["endorsement-certificate-missing", "malfunction"])
                #expect(!report.isComplete)
                #expect(report.yield == 0.6)
                #expect(report.steps.map(\.step) == BirthStep.allCases)
                #expect(try line.births().count == 3)

                let page = LinePage(report) { "\($0)" }.html
                #expect(page.contains("&lt;b&gt;none") && !page.contains("<b>none"))

                // What is born need not be plugged in any more; what is not is tried again.
                let before = try line.births()
                for device in devices { try await device.stop(orderly: false) }
                let again = try await run(line, list(places))
                #expect(again.devices.map(\.outcome) == [.bornBefore, .failed, .bornBefore, .bornBefore, .failed])
                #expect(again.devices[0].instance == report.devices[0].instance)
                let looked = try await run(line, list(places), recheck: true)
                #expect(looked.devices.allSatisfy { $0.outcome == .failed })
                #expect(try line.births() == before)
            }
        }
    }

    @Test func aStoppedLineFinishesWhatItHasBegun() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let places = [("GW-1", first.tcti), ("GW-2", second.tcti), ("GW-3", "swtpm:path=/none")]
                    let asked = Atomic(0)
                    let report = try await run(
                        line,
                        list(places),
                        isStopped: { asked.add(1, ordering: .relaxed).oldValue >= 2 }
                    )
                    #expect(report.devices.map(\.outcome) == [.born, .born])
                    #expect(report.notBegun == 1)
                    #expect(!report.isComplete)
                }
            }
        }
    }

    @Test func aSerialOfAnotherTPMIsRefusedAndNothingIsDoubled() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    _ = try await run(line, list([("GW-1", first.tcti)]))
                    let swapped = try await run(
                        line,
                        list([("GW-2", first.tcti), ("GW-1", second.tcti)]),
                        recheck: true
                    )
                    #expect(swapped.devices.map(\.reasons) == [["born-as-another"], ["serial-taken"]])
                    #expect(try line.births().count == 1)
                }
            }
        }
    }
}
