import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import TPMDevice
import Testing

/// Bundles have numbers that rise by one, whatever happens, and each can be had again as it was.
@Suite struct ExportTests {
    private func list(_ export: Export, _ line: TestLine) throws -> BundleList {
        try BundleList(
            parsing: export.bundle.list.payload(
                type: BundleList.payloadType,
                signedBy: line.station.listed.key
            )
        )
    }

    private func born(_ serials: [String], _ line: TestLine) async throws {
        for serial in serials {
            let outcome = try await line.withDevice("d" + serial) {
                try await line.provision($0, TestLine.order(serial))
            }
            #expect(outcome.text == "born")
        }
    }

    @Test func eachBirthLeavesOnceAndCanLeaveAgain() async throws {
        try await TestLine.with { line in
            let (station, now) = (line.station, TestLine.now)
            #expect(throws: Station.ExportFailure.self) { try station.export(.new, now: now) }
            try await born(["GW-2", "GW-1"], line)
            let first = try station.export(.new, now: now)
            #expect(first.number == 1 && !first.isRepeated && first.left == 0)
            let said = try list(first, line)
            #expect(said.number == 1 && said.station == station.name && said.exportedAt == now)
            #expect(try said.births == first.bundle.births.map { try $0.digest })
            // Nothing was born since: the same bundle, byte for byte, and no number is spent.
            let again = try station.export(.new, now: now + 5)
            #expect(again.isRepeated && again.bundle == first.bundle)

            try await born(["GW-3"], line)
            let second = try station.export(.new, now: now)
            #expect(second.number == 2 && second.bundle.births.count == 1)
            let some = try station.export(.serials([TestLine.label("GW-1"), TestLine.label("GW-3")]), now: now)
            #expect(some.number == 3 && some.bundle.births.count == 2)
            #expect(
                try station.export(.serials([TestLine.label("GW-3"), TestLine.label("GW-1")]), now: now).isRepeated
            )
            for earlier in [first, second, some] {
                #expect(try station.export(.bundle(earlier.number), now: now + 9).bundle == earlier.bundle)
            }
            for number in [0, 4, -1, Int64.max] {
                #expect(throws: Station.ExportFailure.self) { try station.export(.bundle(number), now: now) }
            }
        }
    }

    /// What was signed when a device was restored leaves once, by itself or with its birth.
    @Test func restorationsLeaveOnceAndCanLeaveAgain() async throws {
        try await TestLine.with { line in
            let (station, now) = (line.station, TestLine.now)
            try await line.withDevice { device in
                #expect(try await line.provision(device).text == "born")
                let first = try station.export(.new, now: now)
                #expect(first.bundle.births.count == 1 && first.bundle.restorations == nil)
                try await device.onTPM { tpm throws(TPMError) in try tpm.clear(by: .lockout) }
                #expect(try await line.provision(device, securityFloor: 4).text == "restored")
                let second = try station.export(.new, now: now)
                #expect(second.number == 2 && second.left == 0)
                #expect(second.bundle.births == [] && second.bundle.restorations?.count == 1)
                let said = try list(second, line)
                #expect(said.births == [])
                #expect(try said.restorations == second.bundle.restorations?.map { try $0.digest })
                #expect(try station.export(.new, now: now + 1).bundle == second.bundle)
                let both = try station.export(.serials([TestLine.label("GW-0001")]), now: now)
                #expect(both.bundle.births == first.bundle.births)
                #expect(both.bundle.restorations == second.bundle.restorations)
                #expect(try station.export(.bundle(2), now: now).bundle == second.bundle)
                #expect(try BirthBundle(parsing: CanonicalJSON.encode(both.bundle)) == both.bundle)
            }
        }
    }

    /// A bundle's list that is gone, or another's, is damage: its number is not given again.
    @Test func numbersAreNeverGivenTwice() async throws {
        try await TestLine.with { line in
            let (station, now) = (line.station, TestLine.now)
            for serial in ["GW-1", "GW-2", "GW-3"] {
                try await born([serial], line)
                _ = try station.export(.new, now: now)
            }
            try await born(["GW-4"], line)
            let bundles = station.directory.path + "/bundles/"
            let second = try Data(contentsOf: URL(filePath: bundles + "2.json"))
            let third = try Data(contentsOf: URL(filePath: bundles + "3.json"))
            for damage in [nil, third, Data("{}".utf8), Data()] {
                try FileManager.default.removeItem(atPath: bundles + "2.json")
                if let damage { try damage.write(to: URL(filePath: bundles + "2.json")) }
                #expect(throws: Station.Failure.self) { try station.export(.new, now: now) }
                try second.write(to: URL(filePath: bundles + "2.json"))
            }
            // What a writer that was killed has left is no bundle.
            try Data("half".utf8).write(to: URL(filePath: bundles + "4.json.new.1.2"))
            #expect(try station.export(.new, now: now).number == 4)
            // A birth that is gone is named, too.
            try FileManager.default.removeItem(atPath: station.directory.path + "/births/GW-1.json")
            #expect(throws: Station.Failure.self) { try station.export(.bundle(1), now: now) }
            #expect(try station.export(.bundle(2), now: now).number == 2)
        }
    }

    @Test func manyExportsAtOnceTakeNumbersOfTheirOwn() async throws {
        try await TestLine.with { line in
            try await born(["GW-1", "GW-2"], line)
            let selections: [ExportSelection] = [
                .serials([TestLine.label("GW-1")]), .serials([TestLine.label("GW-2")]), .new,
            ]
            let exports = try await withThrowingTaskGroup(of: Export.self) { group in
                for number in 0..<9 {
                    group.addTask { try line.station.export(selections[number % 3], now: TestLine.now) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let made = exports.filter { !$0.isRepeated }
            #expect(made.map(\.number).sorted() == Array(1...Int64(made.count)))
            let contents = Dictionary(grouping: exports) { $0.number }.values
            for same in contents { #expect(Set(same.map(\.bundle)).count == 1) }
        }
    }

    @Test func anExpiredStationMakesNothingThatNobodyWouldTake() async throws {
        try await TestLine.with { line in
            let station = line.station
            #expect(station.listed.until == station.listed.from + 365 * 86_400)
            try await born(["GW-1"], line)
            let first = try station.export(.new, now: TestLine.now)
            let late = station.listed.until
            let selection = ExportSelection.serials([TestLine.label("GW-1")])
            // What was made before can still be had.
            #expect(try station.export(selection, now: late).bundle == first.bundle)
            try await born(["GW-2"], line)
            #expect(throws: Station.ExportFailure.self) { try station.export(.new, now: late) }
            #expect(throws: Station.ExportFailure.self) { try station.export(.new, now: station.listed.from - 1) }
            // Its time begins anew, its name, key and beginning stay.
            let renewed = try Station.make(in: station.directory, name: station.name, at: late, days: 30)
            #expect(renewed.made && renewed.station.listed.until == late + 30 * 86_400)
            #expect(renewed.station.listed.from == station.listed.from)
            #expect(renewed.station.listed.key == station.listed.key)
            #expect(try renewed.station.export(.new, now: late).number == 2)
            #expect(try !Station.make(in: station.directory, name: station.name, at: late + 5).made)
        }
    }

    @Test func nothingIsBornAtAnExpiredStation() async throws {
        try await TestLine.with { line in
            let expired = try Station.make(
                in: FactoryDirectory(line.directory + "/expired"),
                name: line.station.name,
                at: TestLine.now - 2 * 86_400,
                days: 1
            ).station
            try await line.withDevice { device in
                await #expect(throws: BirthInterruption.self) { _ = try await line.provision(device, at: expired) }
                let contents = try await TPMContents.of(device)
                #expect(contents.persistent == [:])
                #expect(try line.births(at: expired) == [:])
            }
        }
    }
}
