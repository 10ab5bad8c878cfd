import FactoryLine
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// A birth that is cut off anywhere ends as the same birth.
@Suite struct InterruptionTests {
    private struct Cut: Error {}

    enum Kind: CaseIterable, Sendable {
        /// The station's program ends.
        case program
        /// The board loses its power, in order or without.
        case power
        case powerWithoutShutdown
    }

    private func cut(at cut: BirthStep, _ kind: Kind) async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                await #expect(throws: Cut.self) {
                    _ = try await line.provision(device) { step in
                        if step == cut { throw Cut() }
                    }
                }
                switch kind {
                case .program: break
                case .power: try await device.powerCycle()
                case .powerWithoutShutdown: try await device.powerCycle(orderly: false)
                }
                #expect(try line.births() == [:])
                let half = try await TPMContents.of(device)

                let outcome = try await line.provision(device)
                #expect(outcome.text == "born")
                let record = try #require(outcome.record)
                let whole = try await TPMContents.of(device)
                // What was there stays: the same keys, and certificates that were stored once.
                for (handle, name) in half.persistent { #expect(whole.persistent[handle] == name) }
                let profile = try TestLine.profile()
                for index in [profile.nv.iakCertificate, profile.nv.idevidCertificate, profile.nv.birthTag] {
                    if let content = half.nv[index.handle] { #expect(whole.nv[index.handle] == content) }
                }
                #expect(whole.nv[profile.nv.iakCertificate.handle] == record.iak.certificate?.bytes)
                #expect(whole.loaded == [])
                #expect(try await line.provision(device).text == "already-born")
                #expect(try line.births().count == 1)
            }
        }
    }

    @Test(arguments: BirthStep.allCases, Kind.allCases)
    func attack46_abortedBetweenEachPairOfSteps(_ step: BirthStep, _ kind: Kind) async throws {
        try await cut(at: step, kind)
    }

    /// Power is lost when NV has been written and the record has not: nothing is born yet, and nothing is born twice.
    @Test func attack51_powerLossAfterNVWriteBeforeRecord() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                // Not three times: after three unorderly ends swtpm locks keys that are under dictionary-attack protection.
                for step in [BirthStep.lock, .sign] {
                    await #expect(throws: Cut.self) {
                        _ = try await line.provision(device) { if $0 == step { throw Cut() } }
                    }
                    try await device.powerCycle(orderly: false)
                    #expect(try line.births() == [:])
                }
                // Another serial number for the half-born board is refused, and so is another station.
                #expect(try await line.provision(device, TestLine.order("GW-0002")).text == "born-as-another")
                #expect(try await line.provision(device, at: line.otherStation()).text == "born-elsewhere")
                #expect(try await line.provision(device).text == "born")
                #expect(try line.births().count == 1)
            }
        }
    }

    /// A certificate that was half written, or written for an attempt that left no trace, is written again.
    @Test func halfWrittenIndicesAreFinished() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let profile = try TestLine.profile()
                await #expect(throws: Cut.self) {
                    _ = try await line.provision(device) { if $0 == .defineCounters { throw Cut() } }
                }
                try await device.onTPM { tpm throws(TPMError) in
                    guard let index = try tpm.nvIndex(at: profile.nv.idevidCertificate.handle) else {
                        Issue.record("the index is not there yet")
                        return
                    }
                    try tpm.nvWrite([0, 0, 0, 0], to: index, offset: 100, as: .owner)
                }
                #expect(try await line.provision(device).text == "born")
            }
        }
    }

    /// Cut at every step in turn, one after the other, on one device.
    @Test func cutAgainAndAgain() async throws {
        try await TestLine.with { line in
            try await line.withDevice(endorsementKeys: [.rsa2048]) { device in
                let profile = try TestLine.profile("rsa2048")
                var certificate: [UInt8]?
                for step in BirthStep.allCases {
                    do {
                        _ = try await line.provision(device, profile: profile) { if $0 == step { throw Cut() } }
                        // Steps that an earlier attempt has finished are not entered again.
                        #expect([.proveResidency, .certify].contains(step))
                    } catch is Cut {
                        let content = try await TPMContents.of(device).nv[profile.nv.iakCertificate.handle]
                        if let certificate { #expect(content == certificate) }
                        certificate = content
                    }
                }
                let record = try #require(try await line.provision(device, profile: profile).record)
                #expect(record.iak.certificate?.bytes == certificate)
            }
        }
    }
}
