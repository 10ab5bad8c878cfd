import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// The code that somebody at the device was told: right, wrong, late, twice, elsewhere, and after a crash.
@Suite struct WitnessCodeTests {
    private static let wanting = #"{"releases":"*","approvals":0,"claims":false,"witness":true}"#

    private func world() throws -> CompensatedWorld {
        try CompensatedWorld(policy: CompensatedWorld.policy(controls: Self.wanting))
    }

    private func known(_ version: String = "1.1.0") throws -> KnownRelease {
        try Sample.known(Sample.release(version, securityVersion: 4) { $0.boot = nil })
    }

    private func code(_ number: UInt64) throws -> WitnessCode { try #require(WitnessCode(number: number)) }

    @Test func theRightCodeIsGoodOnceAndNamesItsEntry() throws {
        var world = try world()
        var disk = world.born
        let known = try known()
        #expect(try world.ask(&disk, .update, package: known).reasonCodes == ["controls-unmet"])
        let code = try #require(try world.call(known))
        let act = try #require(world.state.lastEntry)
        let grant = try world.grant(try world.ask(&disk, .update, package: known, witness: code))
        let shown = try #require(grant.claims.controls.first { $0.control == .witness })
        #expect(shown.isMet && shown.evidence == [act])
        #expect(try world.ask(&disk, .update, package: known, witness: code).reasonCodes == ["controls-unmet"], "twice")
        #expect(try world.ask(&disk).isAnswered, "a lease needs no witness")
    }

    /// The ledger has who, for what, why and until when, and nothing from which the code follows.
    @Test func theCodeStandsNowhere() throws {
        var world = try world()
        let known = try known()
        let code = try #require(try world.call(known))
        let written = try #require(world.log.entries.last)
        guard case .witnessCode(let entry) = written.entry.body else {
            Issue.record("no entry")
            return
        }
        #expect(written.entry.actor == Actor(.operator, Sample.label("alice")))
        #expect(entry.release == known.manifest && entry.until == world.now + 900)
        let text = String(decoding: written.bytes, as: UTF8.self)
        let digits = code.spoken.filter { $0 != "-" }
        #expect(!text.contains(digits) && !text.contains("\(world.state.witness?.code ?? world.record.key.thumbprint)"))
        #expect(!"\(code)".contains(digits) && !String(reflecting: code).contains(digits))
        var dumped = ""
        dump(code, to: &dumped)
        #expect(!dumped.contains(digits))
    }

    @Test func fiveWrongCodesMakeItWorthless() throws {
        for wrong in 0...5 {
            var world = try world()
            var disk = world.born
            let known = try known()
            let right = try #require(try world.call(known, try code(42)))
            for guess in 0..<wrong {
                let decision = try world.ask(&disk, .update, package: known, witness: try code(UInt64(guess)))
                #expect(decision.reasonCodes == ["controls-unmet"])
                #expect(world.state.witness?.wrong == guess + 1, "counted with the refusal")
            }
            let last = try world.ask(&disk, .update, package: known, witness: right)
            #expect(last.reasonCodes == (wrong < 5 ? [] : ["controls-unmet"]), "\(wrong) wrong")
            #expect(world.state.witness?.wrong == wrong)
            if wrong == 5 {
                let again = try #require(try world.call(known, try code(43)))
                #expect(try world.ask(&disk, .update, package: known, witness: again).isAnswered)
            }
        }
    }

    @Test func itsTimeEndsAtExactlyTheSecond() throws {
        for (later, isGood) in [(Int64(899), true), (900, false)] {
            var world = try world()
            var disk = world.born
            let known = try known()
            let code = try #require(try world.call(known))
            world.now += later
            #expect(try world.ask(&disk, .update, package: known, witness: code).isAnswered == isGood)
            #expect(world.state.witness?.wrong == 0, "late is not wrong")
        }
    }

    @Test func itIsForOneReleaseAndOneDevice() throws {
        var world = try world()
        var disk = world.born
        let (known, other) = (try known(), try self.known("1.2.0"))
        let code = try #require(try world.call(known))
        #expect(try world.ask(&disk, .update, package: other, witness: code).reasonCodes == ["controls-unmet"])
        var sister = try self.world()
        var sisterDisk = sister.born
        let another = try #require(try sister.call(known, try self.code(7)))
        #expect(try sister.ask(&sisterDisk, .update, package: known, witness: code).reasonCodes == ["controls-unmet"])
        #expect(sister.state.witness?.wrong == 1 && world.state.witness?.wrong == 0)
        #expect(try sister.ask(&sisterDisk, .update, package: known, witness: another).isAnswered)
        #expect(
            code.digest(for: world.record.instance, known.manifest)
                != code.digest(for: sister.record.instance, known.manifest)
        )
        #expect(try world.ask(&disk, .update, package: known, witness: code).isAnswered)
    }

    /// A refusal for another reason leaves the right code as it is.
    @Test func aRefusalSpendsNothing() throws {
        var world = try world()
        var disk = world.born
        var withdrawn = try known()
        let code = try #require(try world.call(withdrawn))
        withdrawn.standing = .withdrawn
        #expect(try world.ask(&disk, .update, package: withdrawn, witness: code).reasonCodes == ["release-withdrawn"])
        #expect(world.state.witness?.spent == nil)
        withdrawn.standing = .registered
        #expect(try world.ask(&disk, .update, package: withdrawn, witness: code).isAnswered)
    }

    /// Cut off between request and answer: the same request again is given what was given, and no longer.
    @Test func aLostAnswerIsGivenAgain() throws {
        var world = try world()
        var disk = world.born
        let known = try known()
        let code = try #require(try world.call(known))
        let first = try world.grant(
            try world.ask(&disk, .update, package: known, witness: code, isAnswerLost: true)
        )
        world.now += 300
        let again = try world.grant(
            try world.ask(&disk, .update, package: known, witness: code, isAnswerLost: true)
        )
        #expect(again.claims.exp == first.claims.exp && again.claims.position == first.claims.position)
        #expect(again.claims.cnf == first.claims.cnf && again.claims.package == first.claims.package)
        world.now = first.claims.exp - 1
        #expect(
            try world.grant(try world.ask(&disk, .update, package: known, witness: code, isAnswerLost: true)).claims.exp
                == first.claims.exp
        )
        var thief = disk
        #expect(
            try world.ask(&thief, .update, package: known, witness: try self.code(1)).reasonCodes == ["controls-unmet"]
        )
        world.now += 1
        #expect(try world.ask(&disk, .update, package: known, witness: code).reasonCodes == ["controls-unmet"], "over")
    }

    /// What an operator has ended meanwhile is not given again.
    @Test func whatWasEndedIsNotGivenAgain() throws {
        var world = try world()
        var disk = world.born
        let known = try known()
        let code = try #require(try world.call(known))
        _ = try world.grant(try world.ask(&disk, .update, package: known, witness: code, isAnswerLost: true))
        _ = try world.act(.suspend)
        _ = try world.act(.reinstate)
        #expect(try world.ask(&disk, .update, package: known, witness: code).reasonCodes == ["controls-unmet"])
    }

    @Test func nobodyIsToldACodeForWhatMayHaveNothing() throws {
        var world = try world()
        _ = try world.act(.suspend)
        #expect(try world.call(try known()) == nil)
        let measured = try World()
        let call = WitnessCodeAct(
            try known().manifest,
            seconds: 60,
            by: Sample.label("alice"),
            reason: try #require(Remark("on site"))
        )
        #expect(try call.apply(try code(1), to: measured.state, at: measured.now) == nil)
    }

    @Test func whatPeopleType() throws {
        for text in ["12345-67890", "1234567890", "123 456 7890", "12-34-56-78-90"] {
            #expect(WitnessCode(typed: text)?.spoken == "12345-67890", "\(text)")
        }
        for text in [
            "", "123456789", "12345678901", "12345-6789O", "１２３４５６７８９０", "1234567890\n", "--------------------1",
        ] {
            #expect(WitnessCode(typed: text) == nil, "\(text)")
        }
        #expect(try code(7).spoken == "00000-00007")
        #expect(WitnessCode(number: WitnessCode.count) == nil)
        #expect(WitnessCode(number: WitnessCode.count - 1)?.spoken == "99999-99999")
    }

    /// Only a request for a package has a place for it.
    @Test func aCodeGoesWithAnUpdateOnly() throws {
        let world = try world()
        let request = world.request(world.born, .attest, witness: try code(1))
        #expect(throws: MessageError.self) { try CompensatedRequest(parsing: try request.bytes) }
    }
}
