import FactoryLine
import Foundation
import MachineFaults
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// The real program at a hot station: boards come and go at its slots while it runs.
@Suite(.timeLimit(.minutes(20))) struct HotLineTests {
    private func orders(_ serials: [String]) -> String { (["serial"] + serials).joined(separator: "\n") + "\n" }

    @Test func whateverIsPutInNextIsBorn() async throws {
        try await TestLine.with { line in
            let station = try HotStation(line, slots: ["l", "r"], orders: orders(["GW-1", "GW-2", "GW-3"]))
            try await station.makeBoards(["a", "b", "c"])
            try await station.makeBoards(["bad"], endorsementKeys: [])
            try station.start()
            _ = try await station.event("waiting", in: "l")
            _ = try await station.event("waiting", in: "r")

            // A board that is refused does not use up the order, and is left alone while it stays.
            let bad = try await station.plug("bad", into: "l")
            let refused = try await station.event("ended", in: "l")
            #expect(refused.result?.outcome == .refused)
            #expect(refused.result?.reasons == ["endorsement-certificate-missing"])
            #expect(refused.serial == "GW-1" && refused.born == 0)
            let a = try await station.plug("a", into: "r")
            let first = try await station.event("ended", in: "r")
            #expect(first.serial == "GW-1" && first.result?.outcome == .born && first.born == 1)
            try await Task.sleep(for: HotLine.interval * 5)
            #expect(station.events.count { $0.event == "begun" } == 2, "\(station.events)")

            // Taken out and another one put in.
            var known = station.events.count
            try await station.unplug(a, as: "a")
            _ = try await station.event("waiting", in: "r", after: known)
            known = station.events.count
            let b = try await station.plug("b", into: "r")
            #expect(try await station.event("ended", in: "r", after: known).serial == "GW-2")

            // A board that was born is recognised, wherever it is put in.
            try await station.unplug(bad, as: "bad")
            known = station.events.count
            let again = try await station.plug("a", into: "l")
            let recognised = try await station.event("known", in: "l", after: known)
            #expect(recognised.serial == "GW-1" && recognised.detail == "born")

            // Another TPM answers at the same place before anybody looked.
            try await station.unplug(again, as: "a")
            known = station.events.count
            let c = try await station.plug("c", into: "l")
            #expect(try await station.event("ended", in: "l", after: known).serial == "GW-3")

            // All are born: the program ends by itself.
            let ended = try await station.end()
            #expect(ended.status == 0)
            let report = try #require(ended.report)
            #expect(report.isComplete)
            #expect(report.devices.map(\.serial.text) == ["GW-1", "GW-2", "GW-3"])
            #expect(report.setAside.map(\.outcome) == [.refused])
            #expect(Set(report.devices.compactMap(\.instance)).count == 3)
            #expect(try line.births().count == 3)
            for device in [b, c] { try await device.stop(orderly: false) }
        }
    }

    /// Killed at a moment of a birth, the station goes on; the order that was begun waits for the board it was begun on.
    @Test(arguments: [60, 95, 140, 150, 160]) func killedItGoesOn(moment: Int) async throws {
        try await TestLine.with { line in
            let station = try HotStation(line, slots: ["l"], orders: orders(["GW-1", "GW-2"]))
            try await station.makeBoards(["a", "b"])
            let a = try await station.plug("a", into: "l")
            try await station.start(environment: MachineFaults(in: line.directory).killing(at: moment))
            #expect(try await station.end().killed)
            let keys = try await TPMContents.of(a).persistent
            try await station.unplug(a, as: "a")
            #expect(try line.births().isEmpty)

            // It has begun when certificates were issued: the CA writes that down first, the journal after it.
            let isBegun = try ["/journal", "/ca/issued"].contains { place in
                try FileManager.default.contentsOfDirectory(atPath: line.station.directory.path + place)
                    .contains { $0.hasPrefix("tpm-") && $0.hasSuffix(".json") }
            }
            let b = try await station.plug("b", into: "l")
            try station.start()
            let other = try await station.event("ended", in: "l")
            #expect(other.result?.outcome == .born && other.serial == (isBegun ? "GW-2" : "GW-1"), "\(station.events)")
            try await station.unplug(b, as: "b")
            _ = try await station.event("waiting", in: "l")
            let known = station.events.count
            let back = try await station.plug("a", into: "l")
            let last = try await station.event("ended", in: "l", after: known)
            try #require(last.serial == (isBegun ? "GW-1" : "GW-2"), "\(station.events)")
            let ended = try await station.end()
            #expect(ended.status == 0 && ended.report?.setAside.isEmpty == true)
            let contents = try await TPMContents.of(back)
            #expect(keys.allSatisfy { contents.persistent[$0] == $1 })
            #expect(contents.loaded == [])
            #expect(try line.births().count == 2)
            try await back.stop(orderly: false)
        }
    }

    /// A board that is taken out too early is finished when it is put in again, under the same number.
    @Test func takenOutTooEarly() async throws {
        try await TestLine.with { line in
            let list = orders(["GW-1", "GW-2"])
            let station = try HotStation(line, slots: ["l"], orders: list)
            try await station.makeBoards(["a"])
            let a = try await station.plug("a", into: "l")
            let tpm = try #require(a.process)
            try await station.start(environment: MachineFaults(in: line.directory).killing(tpm, at: 140))
            let failed = try await station.event("ended", in: "l")
            #expect(failed.result?.outcome == .failed && failed.serial == "GW-1")
            try await station.unplug(a, as: "a")
            _ = try await station.event("waiting", in: "l")
            let known = station.events.count
            let back = try await station.plug("a", into: "l")
            let born = try await station.event("ended", in: "l", after: known)
            #expect(born.serial == "GW-1" && born.result?.outcome == .born, "\(station.events)")

            // Asked to end, it ends with its report: not all are born.
            station.signal(SIGTERM)
            let ended = try await station.end()
            #expect(ended.status == 3)
            let report = try #require(ended.report)
            #expect(report.notBegun == 1 && report.devices.map(\.serial.text) == ["GW-1"])
            #expect(report.setAside.map(\.outcome) == [.failed])
            try await back.stop(orderly: false)

            // The next day: what is born is on record, and what is left is said.
            try station.start()
            _ = try await station.event("waiting", in: "l")
            #expect(station.events.last?.born == 1)
            station.signal(SIGINT)
            let next = try await station.end()
            #expect(next.report?.devices.map(\.outcome) == [.bornBefore])
        }
    }

    /// A swapped board is not born again, and its number goes to the next one.
    @Test func aSwappedBoardIsRecognised() async throws {
        try await TestLine.with { line in
            let station = try HotStation(line, slots: ["l"], orders: orders(["GW-1"]))
            try await station.makeBoards(["a", "b"])
            let a = try await station.plug("a", into: "l")
            let born = try await FactoryProcess.run(FactoryProcess.provision(line.station, a, serial: "GW-1"))
            try #require(born.status == 0, "\(born.errors)")
            let swap = ["rework", line.station.directory.path, "--serial", "GW-1", "--reason", "broken", "--by", "bob"]
            let swapped = try await FactoryProcess.run(swap)
            try #require(swapped.status == 0, "\(swapped.errors)")

            try station.start()
            let known = try await station.event("known", in: "l")
            #expect(known.serial == "GW-1" && known.detail == "retired")
            try await station.unplug(a, as: "a")
            let b = try await station.plug("b", into: "l")
            #expect(try await station.event("ended", in: "l").result?.outcome == .born)
            let ended = try await station.end()
            #expect(ended.status == 0 && ended.report?.devices.map(\.serial.text) == ["GW-1"])
            try await b.stop(orderly: false)
        }
    }

    /// The serial number of an order is another board's, as only the CA host knows: the board gets the next order.
    @Test func anOrderThatTheCAGivesToNobodyIsSetAside() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let other = try await host.station("line-7", in: line)
            let own = try await host.station("line-8", in: line)
            let station = try HotStation(line, slots: ["l"], orders: orders(["GW-1", "GW-2", "GW-3"]), at: own)
            try await station.makeBoards(["a", "b", "c"])
            let a = try await station.plug("a", into: "l")
            let born = try await FactoryProcess.run(FactoryProcess.provision(at: other, a, serial: "GW-1"))
            try #require(born.status == 0, "\(born.errors)")
            try await station.unplug(a, as: "a")

            try station.start()
            let b = try await station.plug("b", into: "l")
            let aside = try await station.event("set-aside", in: "l")
            #expect(aside.serial == "GW-1" && aside.result?.reasons == ["serial-taken"])
            #expect(aside.result?.hint?.contains("rework") == true)
            let second = try await station.event("ended", in: "l")
            #expect(second.serial == "GW-2" && second.result?.outcome == .born, "\(station.events)")
            // The next board is not refused for it again.
            var known = station.events.count
            try await station.unplug(b, as: "b")
            let c = try await station.plug("c", into: "l")
            #expect(try await station.event("ended", in: "l", after: known).serial == "GW-3")
            #expect(station.events.count { $0.event == "begun" && $0.serial == "GW-1" } == 1, "\(station.events)")
            // The board that has the number was born at the other station.
            known = station.events.count
            try await station.unplug(c, as: "c")
            let back = try await station.plug("a", into: "l")
            _ = try await station.event("ended", in: "l", after: known)
            #expect(station.events.count { $0.event == "set-aside" } == 1)
            station.signal(SIGTERM)
            let ended = try await station.end()
            #expect(ended.status == 1)
            let report = try #require(ended.report)
            #expect(report.notBegun == 1 && report.devices.map(\.serial.text) == ["GW-2", "GW-3"])
            #expect(report.setAside.first?.serial.text == "GW-1")
            try await back.stop(orderly: false)
        }
    }

    /// A station is killed between the CA's writing down and its own: the order finds its board again, in any order.
    @Test(arguments: [["GW-3"], []]) func anOrderThatWasSetAsideFindsItsBoard(more: [String]) async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let own = try await host.station("line-8", in: line)
            let station = try HotStation(line, slots: ["l"], orders: orders(["GW-1", "GW-2"] + more), at: own)
            try await station.makeBoards(["a", "b"])
            let a = try await station.plug("a", into: "l")
            let born = try await FactoryProcess.run(FactoryProcess.provision(at: own, a, serial: "GW-1"))
            try #require(born.status == 0, "\(born.errors)")
            // What the station had not yet written, and the tag that the TPM had not yet got.
            for folder in ["births", "journal"] {
                for file in try FileManager.default.contentsOfDirectory(atPath: "\(own)/\(folder)")
                where file.hasSuffix(".json") || file.hasPrefix("serial-") {
                    try FileManager.default.removeItem(atPath: "\(own)/\(folder)/\(file)")
                }
            }
            try await a.onTPM { tpm throws(TPMError) in try tpm.clear(by: .lockout) }
            try await station.unplug(a, as: "a")

            try station.start()
            let b = try await station.plug("b", into: "l")
            #expect(try await station.event("ended", in: "l").serial == "GW-2")
            #expect(station.events.contains { $0.event == "set-aside" && $0.serial == "GW-1" })
            let known = station.events.count
            try await station.unplug(b, as: "b")
            let back = try await station.plug("a", into: "l")
            let last = try await station.event("ended", in: "l", after: known)
            #expect(last.serial == "GW-1" && last.result?.outcome == .born, "\(station.events)")
            if !more.isEmpty { station.signal(SIGTERM) }
            let ended = try await station.end()
            #expect(ended.status == (more.isEmpty ? 0 : 1))
            #expect(ended.report?.devices.map(\.serial.text) == ["GW-1", "GW-2"])
            try await back.stop(orderly: false)
        }
    }

    /// A board that was born and cleared since: what needs nobody is put back, and otherwise the command is said.
    @Test(arguments: [true, false]) func aClearedBoardIsNoticed(outlives: Bool) async throws {
        try await TestLine.with { line in
            let profile = line.directory + "/profile.json"
            var content = try TestLine.profile()
            content.nvAuthority = outlives ? .platform : nil
            try JSONEncoder().encode(content).write(to: URL(filePath: profile))
            let station = try HotStation(line, slots: ["l"], orders: orders(["GW-1", "GW-2"]))
            try await station.makeBoards(["a"])
            let a = try await station.plug("a", into: "l")
            try station.start(profile: profile)
            try #require(try await station.event("ended", in: "l").result?.outcome == .born)
            let whole = try await TPMContents.of(a)
            try await a.onTPM { tpm throws(TPMError) in try tpm.clear(by: .lockout) }
            var known = station.events.count
            try await station.unplug(a, as: "a")
            _ = try await station.event("waiting", in: "l", after: known)
            known = station.events.count
            var back = try await station.plug("a", into: "l")
            if outlives {
                let restored = try await station.event("restored", in: "l", after: known)
                #expect(restored.serial == "GW-1")
                #expect(restored.result?.restored == ["endorsement key", "attestation key", "identity key"])
                #expect(try await TPMContents.of(back) == whole)
            } else {
                let lost = try await station.event("not-whole", in: "l", after: known)
                #expect(lost.result?.reasons == ["security-floor-unknown"])
                let hint = try #require(lost.result?.hint)
                let command = try #require(hint.firstRange(of: "birthmark-factory ")).upperBound
                #expect(hint.hasSuffix(" --security-floor N"), "\(hint)")
                // The command is taken as it stands.
                let words = hint[command...].split(separator: " ").map(String.init).dropLast() + ["4"]
                let ended = try await FactoryProcess.run(Array(words))
                #expect(ended.status == 0, "\(ended.errors)")
            }
            // Put in once more, it is a born board as any other.
            try await station.unplug(back, as: "a")
            _ = try await station.event("waiting", in: "l", after: known)
            known = station.events.count
            back = try await station.plug("a", into: "l")
            #expect(try await station.event("known", in: "l", after: known).detail == "born")
            station.signal(SIGTERM)
            let report = try #require(try await station.end().report)
            #expect(report.devices.map(\.serial.text) == ["GW-1"])
            #expect(report.setAside.map(\.reasons) == (outlives ? [] : [["security-floor-unknown"]]))
            try await back.stop(orderly: false)
        }
    }

    @Test func anOrderMayNameItsSlot() async throws {
        try await TestLine.with { line in
            let station = try HotStation(
                line,
                slots: ["l", "r"],
                orders: "serial,slot\nGW-1,r\nGW-2,\nGW-3,r\n"
            )
            try await station.makeBoards(["a", "b"])
            try station.start()
            let a = try await station.plug("a", into: "l")
            #expect(try await station.event("ended", in: "l").serial == "GW-2")
            // Nothing is left for the left slot.
            var known = station.events.count
            try await station.unplug(a, as: "a")
            _ = try await station.event("waiting", in: "l", after: known)
            known = station.events.count
            let b = try await station.plug("b", into: "l")
            _ = try await station.event("no-order", in: "l", after: known)
            try await station.unplug(b, as: "b")
            let right = try await station.plug("b", into: "r")
            #expect(try await station.event("ended", in: "r").serial == "GW-1")
            station.signal(SIGTERM)
            #expect(try await station.end().report?.notBegun == 1)
            try await right.stop(orderly: false)
        }
    }

    @Test(arguments: [
        ("serial,tcti\nGW-1,a\n", "slot,tcti\nl,a\n", "at a hot station the slots say it"),
        ("serial,slot\nGW-1,m\n", "slot,tcti\nl,a\n", "device 1: the station has no slot m"),
        ("serial\nGW-1\n", "slot,tcti\nl,a\nr,a\n", "slot r: the TPM a stands twice"),
        ("serial\nGW-1\n", "slot,tcti\nl,a\nl,b\n", "the slot l stands twice"),
        ("serial\nGW-1\n", "slot,tcti,colour\nl,a,red\n", "\"colour\" in the first line is no part of a slot"),
        ("serial\nGW-1\n", "slot,tcti\n<b>,a\n", "line 2: a slot has a name of its own"),
        ("serial\nGW-1\n", #"{"formatVersion":2,"slots":[]}"#, "only 1 is known"),
        ("serial\nGW-1\n", #"{"formatVersion":1,"slots":[]}"#, "no slots are named"),
    ])
    func whatIsNotUnderstoodIsNamed(orders: String, slots: String, says: String) async throws {
        try await TestLine.with { line in
            let files = (line.directory + "/m.csv", line.directory + "/s.csv")
            try Data(orders.utf8).write(to: URL(filePath: files.0))
            try Data(slots.utf8).write(to: URL(filePath: files.1))
            let ended = try await FactoryProcess.run(
                ["line", line.station.directory.path, files.0, "--watch", "--slots", files.1] + FactoryProcess.shared()
            )
            #expect(ended.status == 2)
            #expect(ended.errors.contains(says), "\(ended.errors)")
        }
    }
}
