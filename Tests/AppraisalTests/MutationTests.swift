import AttestationResults
import Messages
import SeededRandom
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

/// Evidence with random changes: never accepted where it should not be, and never the end of the process.
@Suite struct MutationTests {
    private static let edges: [UInt8] = [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF]

    /// Changes bytes until they differ.
    private static func mutate(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var changed = bytes
        while changed == bytes {
            for _ in 0...Int.random(in: 0...2, using: &random) {
                guard let index = changed.indices.randomElement(using: &random) else { return [0] }
                switch Int.random(in: 0..<6, using: &random) {
                case 0: changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: changed[index] = edges.randomElement(using: &random) ?? 0
                case 2: changed.insert(UInt8.random(in: 0...255, using: &random), at: index)
                case 3: changed.remove(at: index)
                case 4: changed.removeSubrange(index...)
                default: changed.append(contentsOf: bytes.dropFirst(index % bytes.count))
                }
            }
        }
        return changed
    }

    @Test(arguments: 0..<8 as Range<UInt64>, [DeviceIdentityTemplate.eccP256, .rsa2048])
    func whatWasSignedCannotBeChanged(seed: UInt64, template: DeviceIdentityTemplate) throws {
        var random = SplitMix64(seed: seed)
        let honest = try Scene(template).input()
        #expect(Appraiser.appraise(honest).state != nil)
        for _ in 0..<250 {
            var input = honest
            if Bool.random(using: &random) {
                input.attest = Self.mutate(honest.attest, &random)
            } else {
                input.signature = Self.mutate(honest.signature, &random)
            }
            let verdict = Appraiser.appraise(input)
            #expect(!verdict.codes.isEmpty)
            #expect(verdict.authentic == nil)
        }
    }

    @Test func everySingleBitOfTheEvidenceCounts() throws {
        let honest = try Scene().input()
        for index in honest.attest.indices {
            var input = honest
            input.attest[index] ^= 1 << UInt8(index % 8)
            expectStranger(Appraiser.appraise(input), .signatureInvalid)
        }
        for index in honest.signature.indices {
            var input = honest
            input.signature[index] ^= 1 << UInt8(index % 8)
            let verdict = Appraiser.appraise(input)
            #expect(!verdict.codes.isEmpty && verdict.authentic == nil)
        }
        for pcr in honest.pcrs.values.keys {
            var values = honest.pcrs.values
            values[pcr]?[Int(pcr)] ^= 1
            var input = honest
            input.pcrs = try #require(PCRValues(bank: .sha256, values: values))
            expectOwnKey(Appraiser.appraise(input), .pcrDigestMismatch)
        }
        for index in honest.qualifyingData.indices {
            var input = honest
            input.qualifyingData[index] ^= 0x80
            expectStranger(Appraiser.appraise(input), .notThisRequest)
        }
    }

    /// Structures that the key did sign: the parser sees all of them, and what is accepted is what they say.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func whatTheKeySignsIsTakenAsItIs(seed: UInt64) throws {
        var random = SplitMix64(seed: 1000 + seed)
        let scene = try Scene()
        let honest = try scene.attest.bytes
        for _ in 0..<100 {
            let bytes = Self.mutate(honest, &random)
            let verdict = Appraiser.appraise(try scene.input(bytes))
            if let state = verdict.state {
                let attest = try TPMSAttest(parsing: bytes)
                #expect(state.observation.clock == ClockReading(attest.clockInfo))
                #expect(attest.extraData == DecisionRequest.qualifyingData(for: scene.request))
                #expect(state.attest == ContentDigest(of: bytes))
            }
            let report = QuoteJudgement.judgeQuote(
                key: JudgedKey(publicArea: scene.key.area),
                attest: bytes,
                signature: try scene.key.sign(bytes).bytes,
                nonce: nil,
                pcrs: nil
            )
            #expect((report.verdict == .accepted) == report.reasons.isEmpty)
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func aChangedLogForgesNothing(seed: UInt64) throws {
        var random = SplitMix64(seed: 2000 + seed)
        let boot = try BootLog()
        var scene = try Scene(booted: boot, facts: BootFactRequirements(secureBoot: true))
        let honest = try scene.input()
        let facts = try #require(Appraiser.appraise(honest).state?.facts)
        for _ in 0..<100 {
            let bytes = Self.mutate(boot.bytes, &random)
            var input = honest
            input.log = .bytes(bytes, digest: ContentDigest(of: bytes))
            let verdict = Appraiser.appraise(input)
            guard let state = verdict.state else {
                #expect(verdict.authentic != nil)
                continue
            }
            // Types and data that nothing measured can change; what is said of the boot can only become less.
            #expect(state.facts?.secureBoot == true)
            #expect([facts.firmwareVersion, nil].contains(state.facts?.firmwareVersion))
        }
        scene.values[4]?[0] ^= 1
        expectOwnKey(try scene.verdict(), .logReplayMismatch)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func aChangedKeyIsRefusedOrAnotherKey(seed: UInt64) throws {
        var random = SplitMix64(seed: 3000 + seed)
        let scene = try Scene()
        let area = scene.key.area.bytes
        let honest = try scene.input()
        for _ in 0..<100 {
            let bytes = Self.mutate(area, &random)
            guard let enrolled = try? EnrolledKey(publicArea: bytes, template: nil) else { continue }
            var input = honest
            input.key = enrolled
            #expect(Appraiser.appraise(input).codes.first?.check.first.map { "CD".contains($0) } == true)
        }
        for _ in 0..<100 { _ = try? JudgedKey(file: Self.mutate(area, &random)) }
    }
}
