import DurableFiles
import Foundation
import Glibc
import Messages
import SoftwareDevice
import Subprocess
import TPMCrypto
import TPMDevice
import TPMWire
import Testing
import UpdateTrust

@testable import DeviceAgent

/// The device's part of the end of its life, with the real program, a real TPM and a verifier that answers.
@Suite(.timeLimit(.minutes(20))) struct RetireTests {
    private func retiring(_ body: (Bench) async throws -> Void) async throws {
        try await Bench.with { bench in
            try await bench.bearAgain()
            try await bench.verifier.act(.retire)
            try await body(bench)
        }
    }

    private func steps(_ ended: Program.Ended) throws -> [[String]] {
        struct Report: Decodable {
            struct Step: Decodable { var what, place, outcome: String }
            var steps: [Step]
        }
        return try JSONDecoder().decode(Report.self, from: Data(ended.output.utf8)).steps
            .map { [$0.what, $0.place, $0.outcome] }
    }

    @Test func everythingGoesKeysFirstAndNothingIsLeft() async throws {
        try await retiring { bench in
            let ended = try await bench.program("retire", ["--yes", "--json"])
            #expect(ended.status == .exited(0), "\(ended)")
            let steps = try steps(ended)
            #expect(steps.allSatisfy { $0[2] == "removed" })
            #expect(
                steps.map { $0[0] } == [
                    "attestation-key", "identity-key", "certificate", "certificate", "grants-counter", "security-floor",
                    "birth-tag",
                ] + Array(repeating: "file", count: steps.count - 7)
            )
            #expect(steps.last?[1] == "retirement.json")
            #expect(try await bench.remains().isEmpty)
            #expect(await bench.verifier.kinds.suffix(1) == ["farewell"])
            #expect(await bench.verifier.state.farewell != nil)
            let again = try await bench.program("retire", ["--yes"])
            #expect(again.status == .exited(0) && again.output.contains("nothing is left"), "\(again)")
        }
    }

    /// The agent as a service is not stopped by it, and asks on.
    @Test func aServiceThatRunsOnLeavesNothingBehind() async throws {
        try await retiring { bench in
            try await bench.running { agent in
                _ = try await eventually("an event") { try agent.events.first }
                var retired = try await bench.program("retire", ["--yes"])
                while retired.error.contains("another birthmark-device") {
                    retired = try await bench.program("retire", ["--yes"])
                }
                #expect(retired.status == .exited(0), "\(retired)")
                let count = try agent.events.count
                agent.signal(SIGHUP)
                try await agent.next("undecided", after: count)
                #expect(try await bench.remains().isEmpty)
            }
        }
    }

    @Test func nothingIsDestroyedBeforeAnOperatorHasAgreed() async throws {
        try await Bench.with { bench in
            try await bench.bearAgain()
            // The first request of an installation makes its key.
            #expect(try await bench.program("attest").status == .exited(0))
            let before = try await bench.remains()
            let ended = try await bench.program("retire", ["--yes", "--json"])
            #expect(ended.status == .exited(1) && ended.output.contains("not-retired"), "\(ended)")
            #expect(ended.error.contains("birthmark device retire"))
            #expect(try await bench.remains() == before)
            #expect(try await bench.program("attest").status == .exited(0), "it lives on")
        }
    }

    @Test func nobodyIsAskedWhoIsNotThere() async throws {
        try await retiring { bench in
            let before = try await bench.remains()
            let ended = try await bench.program("retire")
            #expect(ended.status == .exited(2) && ended.error.contains("--yes"), "\(ended)")
            #expect(try await bench.remains() == before)
            #expect(await bench.verifier.state.farewell == nil)
        }
    }

    @Test func aVerifierThatIsGoneIsLeftOutOnlyWhenThatIsSaid() async throws {
        try await retiring { bench in
            await bench.verifier.setTrouble(.down)
            let before = try await bench.remains()
            let ended = try await bench.program("retire", ["--yes"])
            #expect(ended.status == .exited(3) && ended.error.contains("--without-verifier"), "\(ended)")
            #expect(try await bench.remains() == before)
            let alone = try await bench.program("retire", ["--yes", "--without-verifier"])
            #expect(alone.status == .exited(0) && alone.output.contains("not said"), "\(alone)")
            #expect(try await bench.remains().isEmpty)
        }
    }

    /// Nobody whose device has come to its end is sent back to the factory line with it.
    @Test func ofAClearedTPMItIsSaidThatTheDirectoryIsLeft() async throws {
        try await retiring { bench in
            try await bench.device.software.onTPM { tpm throws(TPMError) in try tpm.clear() }
            let ended = try await bench.program("retire", ["--yes"])
            #expect(ended.status == .exited(3) && ended.error.contains("remove \(bench.state) by hand"), "\(ended)")
            #expect(!ended.error.contains("birthmark-factory"))
            #expect(try await !bench.remains().isEmpty)
        }
    }

    /// What somebody else has put at a handle since is not the birth's, and stays.
    @Test func anotherKeyAtTheHandleStays() async throws {
        try await retiring { bench in
            let lock = try bench.lock()
            let retirement = Retirement(try StateDirectory(bench.state), tcti: bench.device.tcti, owner: nil)
            let plan = try #require(try await retirement.plan())
            let record = try retirement.begin(plan, farewell: nil, lock)
            try await bench.device.software.onTPM { tpm throws(TPMError) in
                let handle = Handle(rawValue: Bench.keyHandles[1])
                if let key = try tpm.persistentObject(at: handle) { try tpm.evict(key) }
                let other = try tpm.createPrimary(DeviceIdentityTemplate.eccP256.idevid(), in: .owner)
                _ = try tpm.persist(other.object, at: handle)
            }
            let outcome = try await retirement.carryOut(record, lock)
            #expect(outcome.steps.filter { $0.outcome == "another" }.map(\.what) == ["identity-key"])
            #expect(try await bench.remains() == ["key \(Bench.keyHandles[1])"])
        }
    }

    @Test func anOwnerWithAValueIsAskedForItFirst() async throws {
        try await retiring { bench in
            let value = [UInt8](repeating: 0xA5, count: 32)
            try await bench.device.software.onTPM { tpm throws(TPMError) in
                try tpm.hierarchyChangeAuth(of: .owner, to: value)
            }
            func file(_ name: String, _ byte: String) throws -> String {
                let path = bench.device.directory + "/" + name
                let text = #"{"formatVersion":1,"owner":"\#(String(repeating: byte, count: 32))"}"#
                try AtomicFile.write(Array(text.utf8), to: path)
                return path
            }
            let before = try await bench.remains()
            let exposed = try file("exposed", "a5")
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: exposed)
            let unread = try await bench.program("retire", ["--yes", "--owner-authorization", exposed])
            #expect(unread.status == .exited(3) && unread.error.contains("chmod 600 \(exposed)"), "\(unread)")
            for arguments in [[], ["--owner-authorization", try file("wrong", "00")]] {
                let ended = try await bench.program("retire", ["--yes", "--json"] + arguments)
                #expect(ended.status == .exited(1) && ended.output.contains("owner-authorization"), "\(ended)")
            }
            #expect(try await bench.remains() == before)
            #expect(await bench.verifier.state.farewell == nil, "nothing was said that could not be done")
            let right = ["--yes", "--owner-authorization", try file("right", "a5")]
            let ended = try await bench.program("retire", right)
            #expect(ended.status == .exited(0), "\(ended)")
            #expect(try await bench.remains().isEmpty)
        }
    }

    /// It would be found out at the first key, when a part is destroyed already.
    @Test func aValueThatTheOwnerHasNotIsSentBackFirst() async throws {
        try await retiring { bench in
            let path = bench.device.directory + "/needless"
            let text = #"{"formatVersion":1,"owner":"\#(String(repeating: "a5", count: 32))"}"#
            try AtomicFile.write(Array(text.utf8), to: path)
            let before = try await bench.remains()
            let ended = try await bench.program("retire", ["--yes", "--json", "--owner-authorization", path])
            #expect(ended.status == .exited(1) && ended.output.contains("owner-authorization"), "\(ended)")
            #expect(ended.error.contains("leave --owner-authorization out"), "\(ended)")
            #expect(try await bench.remains() == before)
            #expect(await bench.verifier.state.farewell == nil)
        }
    }
}
