import Crypto
import FoundationEssentials
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

@Suite struct BootTests {
    @Test(arguments: BootFile.names)
    func replayOfTheLogIsWhatTheTPMHolds(name: String) async throws {
        try await withDevice { device in
            let file = try BootFile.named(name)
            let log = try await device.boot(file)
            let replay = try LogReplay(log)
            let measured = Set(replay.banks[.sha256, default: [:]].keys)
            switch file {
            case .firmware: #expect(measured == Set(0...9).union([14]))
            case .script(let script): #expect(measured == Set(script.events.map(\.pcr)))
            }
            #expect(Set(replay.banks.keys) == [.sha1, .sha256, .sha384])
            for (bank, replayed) in replay.banks {
                let wanted = try selection(bank, measured)
                let values = try await device.onTPM { connection throws(TPMError) in
                    try connection.pcrRead(wanted)
                }
                #expect(values.banks[bank] == replayed)
            }
            #expect(try [UInt8](Data(contentsOf: URL(filePath: device.logPath))) == log)
        }
    }

    @Test func quoteCoversTheReplayedValues() async throws {
        try await withDevice { device in
            let replay = try LogReplay(try await device.boot(firmware: .named("gateway-os-2.4.0")))
            let pcrs = try selection(.sha256, [0, 2, 4, 7, 8, 9])
            let quote = try await device.onTPM { connection throws(TPMError) in
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                return try connection.quote(pcrs, with: key.object, qualifyingData: [])
            }
            let values = [0, 2, 4, 7, 8, 9].flatMap { replay.banks[.sha256]?[$0] ?? [] }
            #expect(try TPMSAttest(parsing: quote.attest).quote?.pcrDigest == Array(SHA256.hash(data: values)))
        }
    }

    @Test func unitsWithTheSameFirmwareMeasureTheSame() async throws {
        let firmware = try Firmware.named("gateway-os-2.4.0")
        let one = try await withDevice { try await $0.boot(firmware: firmware) }
        let other = try await withDevice { try await $0.boot(firmware: firmware) }
        #expect(one == other)
    }

    @Test(
        arguments: [
            (Tamper.kernel, Set([4, 9])), (.bootloader, [4]), (.firmware, [0]), (.cmdline, [8]), (.secureBootOff, [7]),
        ] as [(Tamper, Set<Int>)]
    )
    func tamperedBootDiffersOnlyWhereItShould(tamper: Tamper, pcrs: Set<Int>) async throws {
        try await withDevice { device in
            let firmware = try Firmware.named("gateway-os-2.4.0")
            let genuine = try LogReplay(try await device.boot(firmware: firmware)).banks[.sha256, default: [:]]
            let changed = try LogReplay(try await device.boot(firmware: firmware, tamper: [tamper]))
                .banks[.sha256, default: [:]]
            #expect(Set(genuine.keys.filter { genuine[$0] != changed[$0] }) == pcrs)
        }
    }

    @Test func versionsDifferInKernelPCRsOnly() async throws {
        try await withDevice { device in
            let old = try LogReplay(try await device.boot(firmware: .named("gateway-os-2.4.0"))).banks[
                .sha256,
                default: [:]
            ]
            let new = try LogReplay(try await device.boot(firmware: .named("gateway-os-2.5.0"))).banks[
                .sha256,
                default: [:]
            ]
            #expect(Set(old.keys.filter { old[$0] != new[$0] }) == [4, 8, 9])
        }
    }

    /// Benchmarks compare themselves with a log of a real machine: 34 KB, 111 events.
    @Test func fillerMakesALogOfTheUsualSize() async throws {
        try await withDevice { device in
            let log = try await device.boot(firmware: .named("bench-110-events"))
            #expect(try LogReplay(log).events == 110)
            #expect((32_000...36_000).contains(log.count), "\(log.count) bytes")
        }
    }

    @Test func powerCycleMovesTheResetCountAndCutMakesTheClockUnsafe() async throws {
        try await withDevice { device in
            let read = { try await device.onTPM { connection throws(TPMError) in try connection.readClock() } }
            let first = try await read()
            try await device.powerCycle()
            let second = try await read()
            #expect(second.clockInfo.resetCount == first.clockInfo.resetCount + 1)
            #expect(second.clockInfo.safe)
            try await device.powerCycle(orderly: false)
            let third = try await read()
            #expect(third.clockInfo.resetCount == second.clockInfo.resetCount + 1)
            // Once the clock has passed the value that was saved last, it is safe again (Part 1, 36.3.2).
            #expect(!third.clockInfo.safe || third.clockInfo.clock >= clockUpdatePeriod)
        }
    }
}

/// TPM_PT_CLOCK_UPDATE of the software TPM in milliseconds: how often it saves its clock.
private let clockUpdatePeriod: UInt64 = 4096
