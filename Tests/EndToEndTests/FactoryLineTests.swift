import FoundationEssentials
import Testing

/// A fleet of software devices goes down a line, as somebody does who tests with many.
@Suite(.timeLimit(.minutes(20))) struct FactoryLineTests {
    private static let count = 8

    @Test func aFleetIsMadeBornAndStopped() async throws {
        try await Turns.shared.take {
            try await withDirectory { directory in
                let transcript = Transcript()
                let outcome: Result<Void, any Error>
                do {
                    outcome = .success(try await story(in: directory, transcript))
                } catch {
                    outcome = .failure(error)
                }
                // Devices that a program started outlive it, and must not outlive the test.
                _ = try await Program.swtpm.run(["fleet", "stop", directory + "/f"], in: transcript)
                try outcome.get()
            }
        }
    }

    private func story(in directory: String, _ transcript: Transcript) async throws {
        let (fleet, station, vendor) = (directory + "/f", directory + "/line", directory + "/ca")
        let make = ["fleet", "make", fleet, "--ca", vendor, "--firmware", Fleet.bornWith, "--json", "--count"]
        try await expect(0, Program.swtpm.run(make + ["3"], in: transcript))
        let first = try contents(of: fleet + "/manifest.csv")
        // It grows, and those that were there stay.
        let made = try await expect(0, Program.swtpm.run(make + ["\(Self.count)"], in: transcript))
        let manifest = try #require(try made.json["manifest"].text)
        #expect(try contents(of: manifest).starts(with: first))

        try await expect(0, Program.factory.run(["init", station, "--name", "line-1"], in: transcript))
        for file in ["root.pem", "intermediate.pem"] {
            try write(contents(of: vendor + "/" + file), to: station + "/ek-roots/" + file)
        }
        let line = [
            "line", station, manifest, "--tier", "vtpm", "--model", "gw-100", "--hardware-revision", "B",
            "--environment", "production", "--profile", "Provisioning/profiles/p256.json", "--package",
            "gateway-os", "--package-version", "2.4.0", "--security-version", "7", "--json",
        ]
        let born = try await expect(0, Program.factory.run(line, in: transcript)).json
        #expect(born["devices"].list.map { $0["outcome"].text } == Array(repeating: "born", count: Self.count))
        #expect(Set(born["devices"].list.compactMap { $0["instance"].text }).count == Self.count)
        let export = ["export", station, "--out", directory + "/births.json"]
        try await expect(0, Program.factory.run(export, in: transcript))

        let stopped = try await expect(
            0,
            Program.swtpm.run(["fleet", "stop", fleet, "--json"], in: transcript)
        )
        #expect(try stopped.json["stopped"].number == Int64(Self.count))
        // Their TPMs are gone, and what is on record is enough.
        let again = try await expect(0, Program.factory.run(line, in: transcript)).json
        #expect(Set(again["devices"].list.map { $0["outcome"].text }) == ["born-before"])
    }
}
