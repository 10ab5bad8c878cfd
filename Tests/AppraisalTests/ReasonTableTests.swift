import AttestationResults
import Foundation
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal
@testable import SoftwareDevice

/// Every reason that can be given, with evidence that gives it.
@Suite struct ReasonTableTests {
    /// What was judged, and the values that the verdict must not tell.
    private struct Judged {
        var verdict: Verdict
        var expected: [[UInt8]]
    }

    private static func judge(_ scene: Scene, _ change: (inout TPMSAttest) throws -> Void = { _ in }) throws -> Judged {
        var expected = [DecisionRequest.qualifyingData(for: scene.request), scene.enrolled.qualifiedName.contents]
        for expectation in scene.expectations { expected += expectation.profile.exact.values.values }
        return Judged(verdict: try scene.verdict(change), expected: expected)
    }

    private static func withKey(_ change: (inout TPMTPublic) -> Void) throws -> Judged {
        var scene = try Scene()
        change(&scene.key.area)
        let enrolled = try EnrolledKey(
            unjudged: scene.key.area,
            scene.key.area.bytes,
            template: DeviceIdentityTemplate.eccP256.iak()
        )
        scene.enrolled = enrolled
        return try judge(scene)
    }

    private static func bytes(_ change: (inout [UInt8], inout [UInt8]) -> Void) throws -> Judged {
        let scene = try Scene()
        var attest = try scene.attest.bytes
        var signature: [UInt8] = []
        change(&attest, &signature)
        let input = try scene.input(attest, signature: signature.isEmpty ? nil : signature)
        return Judged(verdict: Appraiser.appraise(input), expected: [input.qualifyingData])
    }

    private static func booted(
        _ events: [MeasuredEvent]? = nil,
        facts: BootFactRequirements = BootFactRequirements(secureBoot: true),
        _ change: (inout Scene) throws -> Void = { _ in }
    ) throws -> Judged {
        var scene = try Scene(booted: BootLog(try events ?? BootLog.events()), facts: facts)
        try change(&scene)
        return try judge(scene)
    }

    /// A list with one file, beside a quote that it leads to.
    private static func measured(
        _ listed: [String] = ["/bin/sh"],
        allowing names: [String] = ["/bin/sh"],
        _ change: (inout [UInt8]) -> Void = { _ in }
    ) throws -> Judged {
        let scene = try Scene(measuring: IMAList(["/bin/sh"]))
        var list = IMAList(listed).bytes
        change(&list)
        let input = try scene.input(list, allowing: names)
        return Judged(verdict: Appraiser.appraise(input), expected: [input.qualifyingData])
    }

    private static func evidence(for code: ReasonCode) throws -> Judged {
        switch code {
        case .keyParameters: return try withKey { $0.nameAlg = .sha384 }
        case .keyAttributes: return try withKey { $0.objectAttributes.remove(.restricted) }
        case .keyScheme:
            return try withKey { area in
                guard case .ecc(var detail, let point) = area.parameters else { return }
                detail.scheme = .ecdsa(.sha384)
                area.parameters = .ecc(detail, unique: point)
            }
        case .keyPolicy: return try withKey { $0.authPolicy = [] }
        case .signatureMalformed: return try bytes { _, signature in signature = [0] }
        case .signatureScheme:
            return try bytes { _, signature in
                signature = TPMTSignature.rsapss(.sha256, [UInt8](repeating: 1, count: 256)).bytes
            }
        case .signatureInvalid:
            return try bytes { _, signature in signature = TPMTSignature.ecdsa(.sha256, r: [1], s: [1]).bytes }
        case .attestMalformed: return try bytes { attest, _ in attest.append(0) }
        case .notFromTPM: return try bytes { attest, _ in attest[0] = 0 }
        case .notAQuote: return try bytes { attest, _ in attest[5] = 0x17 }
        case .signerMismatch: return try judge(Scene()) { $0.qualifiedSigner = .empty }
        case .notThisRequest: return try judge(Scene()) { $0.extraData[0] ^= 1 }
        case .clockWentBack:
            var scene = try Scene()
            scene.lastClock = ClockReading(scene.clock)
            return try judge(scene)
        case .tpmClearedOrReplaced:
            var scene = try Scene()
            scene.lastClock = ClockReading(clock: 1, resetCount: 41, restartCount: 0, safe: true)
            return try judge(scene)
        case .firmwareChanged:
            var scene = try Scene()
            scene.firmwareVersions = [1]
            return try judge(scene)
        case .selectionMismatch:
            var scene = try Scene()
            let honest = try scene.attest
            scene.selection = try #require(PCRSet(bank: .sha256, pcrs: 0..<9))
            return try judge(scene) { $0 = honest }
        case .pcrDigestMismatch:
            var scene = try Scene()
            let honest = try scene.attest
            scene.values[0] = Scene.value(1)
            return try judge(scene) { $0 = honest }
        case .logMissing: return try booted { $0.log = .none }
        case .logMalformed: return try booted { $0.log = .bytes([1, 2, 3], digest: ContentDigest(of: [1, 2, 3])) }
        case .logReplayMismatch:
            return try booted { $0.values = try BootLog(tamper: [.kernel]).values.filter { $0.key < 10 } }
        case .imaMissing:
            var input = try Scene(measuring: IMAList(["/bin/sh"])).input([], allowing: [])
            input.ima?.list = nil
            return Judged(verdict: Appraiser.appraise(input), expected: [input.qualifyingData])
        case .imaMalformed: return try measured { $0.removeLast() }
        case .imaReplayMismatch: return try measured(["/bin/never-measured"])
        case .imaPolicy: return try measured(allowing: [])
        case .logOrder: return try booted(BootLog.events() + [MeasuredEvent(7, .separator, [0, 0, 0, 0])])
        case .bootUnexpected:
            return try booted(BootLog.events(tamper: [.secureBootOff])) { scene in
                let honest = try BootLog().values.filter { $0.key == 7 }
                scene.expectations[0].profile.exact = try #require(PCRValues(bank: .sha256, values: honest))
            }
        }
    }

    @Test(arguments: ReasonCode.allCases)
    func everyReasonIsGiven(code: ReasonCode) throws {
        #expect(try Self.evidence(for: code).verdict.codes.contains(code))
    }

    /// Until D4 has passed nothing shows who speaks; from D6 on it is the instance's own key in answer to us.
    @Test(arguments: ReasonCode.allCases)
    func onlyTheInstancesOwnAnswerIsAuthentic(code: ReasonCode) throws {
        let verdict = try Self.evidence(for: code).verdict
        let anybody: Set<ReasonCode> = [
            .keyParameters, .keyAttributes, .keyScheme, .keyPolicy, .signatureMalformed, .signatureScheme,
            .signatureInvalid, .attestMalformed, .notFromTPM, .notAQuote, .signerMismatch, .notThisRequest,
        ]
        #expect((verdict.authentic == nil) == anybody.contains(code))
    }

    @Test(arguments: ReasonCode.allCases)
    func attack72_refusalsNeverTellWhatWasExpected(code: ReasonCode) throws {
        let judged = try Self.evidence(for: code)
        guard case .refused(let refusal) = judged.verdict else { return }
        #expect(!judged.expected.isEmpty)
        for reason in refusal.reasons {
            for value in judged.expected where value.count >= 8 {
                #expect(!reason.detail.lowercased().contains(value.hexadecimal))
            }
        }
    }

    @Test func everyReasonSpeaksForItself() {
        #expect(Set(ReasonCode.allCases.map(\.sentence)).count == ReasonCode.allCases.count)
        let form = /[a-z]+(-[a-z]+)*/
        for code in ReasonCode.allCases {
            #expect(code.rawValue.wholeMatch(of: form) != nil)
            #expect(code.sentence.hasSuffix("."))
            #expect(code.check.wholeMatch(of: /[B-E][0-9]+/) != nil)
        }
        // The list is in the order of the checks' groups, as a refusal's reasons are.
        let groups = ReasonCode.allCases.compactMap(\.check.first)
        #expect(groups == groups.sorted())
    }

    @Test func thePageNamesEveryReason() throws {
        let path = URL(filePath: #filePath).appending(path: "../../../Sources/Appraisal/Appraisal.docc/Appraisal.md")
        let page = try String(contentsOf: path.standardized, encoding: .utf8)
        for code in ReasonCode.allCases { #expect(page.contains("`\(code.rawValue)`"), "\(code.rawValue)") }
    }

    @Test func attack61_oneQuoteAndThePolicyDataOfAnother() throws {
        let (quoted, claimed) = (try BootLog(tamper: [.kernel]), try BootLog())
        var scene = try Scene(booted: quoted)
        let expected = try #require(PCRValues(bank: .sha256, values: claimed.values.filter { $0.key < 10 }))
        scene.expectations = [
            BootExpectation(
                name: .current,
                profile: BootProfile(exact: expected, facts: BootFactRequirements())
            )
        ]
        let honest = try scene.attest.bytes
        var input = try scene.input(honest)
        // The quote of the tampered boot, with values, log or both of the right one.
        input.pcrs = expected
        expectOwnKey(Appraiser.appraise(input), .pcrDigestMismatch)
        input.log = .bytes(claimed.bytes, digest: claimed.digest)
        let both = Appraiser.appraise(input)
        expectOwnKey(both, .pcrDigestMismatch)
        #expect(both.authentic?.pcrs == nil)
        input.pcrs = try #require(PCRValues(bank: .sha256, values: scene.values))
        expectOwnKey(Appraiser.appraise(input), .logReplayMismatch)
    }
}
