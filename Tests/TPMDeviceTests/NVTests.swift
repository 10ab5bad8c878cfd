import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@Suite struct NVTests {
    static let handle = Handle(rawValue: 0x01D1_0300)
    static let ordinary = area([], size: 34)
    static let counter = area(TPMANV.IndexType.counter.attribute, size: 8)

    static func area(_ attributes: TPMANV, size: UInt16) -> TPMSNVPublic {
        TPMSNVPublic(
            nvIndex: handle,
            nameAlg: .sha256,
            attributes: attributes.union([.authRead, .authWrite, .ownerRead, .ownerWrite, .noDA]),
            dataSize: size
        )
    }

    /// swtpm moves 1,024 bytes at once, so this takes two commands either way.
    @Test func contentsLargerThanTheBufferComeBack() async throws {
        try await withDevice { device in
            let contents = (0..<1700).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            try await device.onTPM { connection throws(TPMError) in
                let index = try connection.nvDefineSpace(Self.area([], size: 1700))
                try connection.nvWrite(contents, to: index)
                #expect(try connection.nvRead(index, count: contents.count) == contents)
                #expect(try connection.nvRead(index, count: 600, offset: 1100, as: .owner) == Array(contents[1100...]))
            }
        }
    }

    @Test func indexIsFoundAndUndefined() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                if case .some = try connection.nvIndex(at: Self.handle) {
                    Issue.record("an index before it is defined")
                }
                let index = try connection.nvDefineSpace(Self.ordinary)
                #expect(try connection.handles(.nvIndex) == [Self.handle])
                try connection.nvUndefineSpace(index)
                #expect(try connection.handles(.nvIndex) == [])
            }
        }
    }

    @Test func counterOnlyRisesEvenWhenDefinedAgain() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let index = try connection.nvDefineSpace(Self.counter)
                try connection.nvIncrement(index)
                let first = try connection.nvReadCounter(index)
                try connection.nvIncrement(index)
                #expect(try connection.nvReadCounter(index) == first + 1)
                try connection.nvUndefineSpace(index)
                let again = try connection.nvDefineSpace(Self.counter)
                try connection.nvIncrement(again)
                #expect(try connection.nvReadCounter(again) > first + 1)
            }
        }
    }

    @Test func writeLockHoldsUntilTheNextReset() async throws {
        try await withDevice { device in
            let write = { (value: UInt8) in
                try await device.onTPM { connection throws(TPMError) in
                    guard let index = try connection.nvIndex(at: Self.handle) else { return }
                    try connection.nvWrite([UInt8](repeating: value, count: 8), to: index)
                }
            }
            try await device.onTPM { connection throws(TPMError) in
                let index = try connection.nvDefineSpace(Self.area([.writeSTClear], size: 8))
                try connection.nvWrite([UInt8](repeating: 1, count: 8), to: index)
                try connection.nvWriteLock(index)
            }
            let error = await #expect(throws: TPMError.self) { try await write(2) }
            #expect(error?.code == .nvLocked)
            try await device.powerCycle()
            try await write(3)
        }
    }

    @Test func certifiedContentsAreSigned() async throws {
        try await withDevice { device in
            let (area, name, certified) = try await device.onTPM { connection throws(TPMError) in
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                let index = try connection.nvDefineSpace(Self.counter)
                try connection.nvIncrement(index)
                return (
                    key.object.publicArea, try connection.nvReadPublic(index).name,
                    try connection.nvCertify(index, count: 8, with: key.object, qualifyingData: [4, 2])
                )
            }
            let attest = try TPMSAttest(parsing: certified.attest)
            guard case .nv(name, 0, let contents) = attest.attested else {
                Issue.record("\(attest.attested)")
                return
            }
            #expect(contents.count == 8)
            #expect(
                try VerifyingKey(area).verify(TPMTSignature(parsing: certified.signature), over: certified.attest)
                    == .valid
            )
        }
    }

    @Test func makersCertificatesSurviveClear() async throws {
        try await withDevice(endorsementKeys: [.p256]) { device in
            try await device.onTPM { connection throws(TPMError) in
                let before = try connection.handles(.nvIndex)
                #expect(before == [EndorsementKey.p256.certificateIndex])
                _ = try connection.nvDefineSpace(Self.ordinary)
                try connection.clear()
                #expect(try connection.handles(.nvIndex) == before)
            }
        }
    }
}
