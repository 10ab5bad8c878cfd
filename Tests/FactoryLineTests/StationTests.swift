import FactoryLine
import Foundation
import Messages
import Testing

@Suite struct StationTests {
    private func files(_ station: Station) throws -> [String: Data] {
        let path = station.directory.path
        var files: [String: Data] = [:]
        for name in [
            "config.json", "ca/config.json", "ca/root.pem", "ca/ca.pem", "ca/factory-roots.pem", "ca/keys/root.key",
            "ca/keys/ca.key", "keys/station.key", "birth-keys.json", "factory-roots.pem",
        ] {
            files[name] = try Data(contentsOf: URL(filePath: path + "/" + name))
        }
        return files
    }

    @Test func makingItAgainChangesNothing() async throws {
        try await TestLine.with { line in
            let before = try files(line.station)
            let again = try Station.make(in: line.station.directory, name: TestLine.label("line-1"), at: 5)
            #expect(!again.made)
            #expect(try files(again.station) == before)
            #expect(throws: Station.Failure.self) {
                try Station.make(in: line.station.directory, name: TestLine.label("line-2"), at: 5)
            }
        }
    }

    @Test func keysAreTheOwnersAlone() async throws {
        try await TestLine.with { line in
            let path = line.station.directory.path
            func mode(_ file: String) throws -> Int {
                let attributes = try FileManager.default.attributesOfItem(atPath: path + file)
                return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
            }
            #expect(try mode("/ca/keys/ca.key") == 0o600)
            #expect(try mode("/keys/station.key") == 0o600)
            for directory in ["", "/keys", "/ca", "/ca/keys", "/ca/issued", "/journal", "/births", "/ek-roots"] {
                #expect(try mode(directory) == 0o700)
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path + "/keys")
            #expect(throws: Station.Failure.self) { try Station(opening: line.station.directory) }
        }
    }

    /// An interrupted `init` is finished with the keys that it had made.
    @Test(arguments: ["config.json", "birth-keys.json", "factory-roots.pem", "ca/config.json"])
    func whatAnInterruptionLeftOutIsMadeUp(_ file: String) async throws {
        try await TestLine.with { line in
            let before = try files(line.station)
            try FileManager.default.removeItem(atPath: line.station.directory.path + "/" + file)
            let again = try Station.make(in: line.station.directory, name: TestLine.label("line-1"), at: 5)
            #expect(again.made)
            #expect(try files(again.station) == before)
        }
    }

    @Test(arguments: ["config.json", "ca/ca.pem", "ca/keys/ca.key", "keys/station.key", "birth-keys.json"])
    func damageIsNamedNotRepaired(_ file: String) async throws {
        try await TestLine.with { line in
            let path = line.station.directory.path + "/" + file
            try Data("damaged\n".utf8).write(to: URL(filePath: path))
            do {
                _ = try Station(opening: line.station.directory)
                Issue.record("a damaged \(file) was used")
            } catch {
                #expect("\(error)".contains(file))
            }
            #expect(throws: Station.Failure.self) {
                try Station.make(in: line.station.directory, name: TestLine.label("line-1"), at: 5)
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("damaged\n".utf8))
        }
    }

    @Test func anotherStationsKeyIsNoticed() async throws {
        try await TestLine.with { line in
            let other = try line.otherStation()
            for file in ["ca/keys/ca.key", "keys/station.key"] {
                let path = line.station.directory.path + "/" + file
                let own = try Data(contentsOf: URL(filePath: path))
                try Data(contentsOf: URL(filePath: other.directory.path + "/" + file)).write(to: URL(filePath: path))
                #expect(throws: Station.Failure.self) { try Station(opening: line.station.directory) }
                try own.write(to: URL(filePath: path))
            }
            #expect(throws: Never.self) { try Station(opening: line.station.directory) }
        }
    }

    @Test(arguments: [
        "", "a\nb", "a\0b", "../x", "\u{202E}x", " x", "x y", ".x", String(repeating: "x", count: 1 << 20),
    ])
    func attack50_hostileSerialsAreNoLabels(_ text: String) {
        #expect(Label(text) == nil)
    }
}
