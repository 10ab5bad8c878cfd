import AttestationResults
import Crypto
import MeasuredBoot
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

@Suite("E6: the IMA list beside a quote")
struct IMATests {
    private static let files = ["/bin/sh", "/bin/ls", "/usr/bin/agent"]

    @Test func aListThatLeadsToTheQuoteIsFollowedAndRemembered() throws {
        let list = IMAList(Self.files)
        let scene = try Scene(measuring: list)
        let state = try #require(Appraiser.appraise(scene.input(list.bytes, allowing: Self.files)).state)
        let progress = try #require(state.ima)
        #expect(progress.entries == 4 && progress.offset == UInt64(list.bytes.count) && progress.mode == .perBank)
    }

    @Test func aSecondAttestationNeedsOnlyWhatIsNew() throws {
        var list = IMAList(Self.files)
        let first = try Scene(measuring: list)
        let progress = try #require(Appraiser.appraise(first.input(list.bytes, allowing: Self.files)).state?.ima)
        let known = list.bytes.count
        list.append("/bin/new", IMAList.digest(of: "/bin/new"))
        let second = try Scene(measuring: list)
        let news = Array(list.bytes[known...])
        let input = try second.input(news, from: UInt64(known), after: progress, allowing: Self.files + ["/bin/new"])
        #expect(Appraiser.appraise(input).state?.ima?.entries == 5)

        // Nobody vouches for the beginning when nothing is remembered, or when it was another boot's.
        let forgotten = try second.input(news, from: UInt64(known), allowing: Self.files + ["/bin/new"])
        expectOwnKey(Appraiser.appraise(forgotten), .imaMissing)
        var rebooted = second
        rebooted.clock.resetCount += 1
        let stale = try rebooted.input(news, from: UInt64(known), after: progress, allowing: Self.files + ["/bin/new"])
        expectOwnKey(Appraiser.appraise(stale), .imaMissing)
    }

    /// Power that fails in sleep restarts the TPM and does not reset it: the list begins anew under the same reset count.
    @Test func aListThatBeganAnewAfterSleepIsToldFromOneThatWasCut() throws {
        let allowed = Self.files + ["/bin/new"]
        let before = IMAList(allowed)
        let first = try Scene(measuring: before)
        let progress = try #require(Appraiser.appraise(first.input(before.bytes, allowing: allowed)).state?.ima)
        let list = IMAList(Self.files)
        var scene = try Scene(measuring: list)
        scene.lastClock = ClockReading(scene.clock)
        scene.clock.clock += 1
        let cut = try scene.input(list.bytes, after: progress, allowing: allowed)
        expectOwnKey(Appraiser.appraise(cut), .imaReplayMismatch)

        scene.clock.restartCount += 1
        // Whatever stands where the list before went on, it says nothing against the instance.
        for bytes in [[], Array(list.bytes.dropFirst(9))] {
            let news = try scene.input(bytes, from: progress.offset, after: progress, allowing: allowed)
            expectOwnKey(Appraiser.appraise(news), .imaMissing)
        }
        let whole = try scene.input(list.bytes, after: progress, allowing: allowed)
        #expect(Appraiser.appraise(whole).state?.ima?.entries == 4)
        // Out of sleep it goes on as before, and is judged as before.
        var implanted = before
        implanted.append("/tmp/implant", IMAList.digest(of: "/tmp/implant"))
        scene.values[10] = implanted.value
        let bytes = Array(implanted.bytes[before.bytes.count...])
        let resumed = try scene.input(bytes, from: progress.offset, after: progress, allowing: allowed)
        expectOwnKey(Appraiser.appraise(resumed), .imaPolicy)
    }

    /// A device can invent signatures by the thousand: those of a list that leads nowhere cost nothing.
    @Test func signaturesAreLookedAtWhenTheListHasLedToTheQuote() throws {
        let key = P256.Signing.PrivateKey()
        let keyID: [UInt8] = [1, 2, 3, 4]
        var list = IMAList([])
        let signature = try key.signature(for: SHA256.hash(data: Array("/bin/ls".utf8))).derRepresentation
        list.append("/bin/ls", signature: Array(signature), by: keyID)
        var forged = list
        forged.append("/bin/sh", signature: Array(signature), by: keyID)
        forged.append("/bin/new", IMAList.digest(of: "/bin/new"))
        let policy = IMAPolicy(
            identity: ContentDigest(of: Array("policy".utf8)),
            signers: [IMASigner(keyID: keyID, key: try PublicKey(pem: key.publicKey.pemRepresentation))]
        )
        for (list, isAllowed) in [(list, true), (forged, false)] {
            let scene = try Scene(measuring: list)
            var input = try scene.input(list.bytes, allowing: [])
            input.ima?.policy = policy
            let verdict = Appraiser.appraise(input)
            #expect((verdict.state != nil) == isAllowed)
            if !isAllowed { expectOwnKey(verdict, .imaPolicy) }
        }

        var reader = try IMAListReader(.binary())
        var judge = IMAJudge(policy, aggregates: [])
        try reader.read(forged.bytes[...]) { entry, _ in
            judge.judge(entry)
            return true
        }
        #expect(judge.refused == 1 && judge.findings.count == 1)
        let concluded = judge.concluded()
        #expect(concluded.refused == 2 && concluded.findings.count == 2)
        #expect(concluded.findings.first?.hasSuffix("has a signature that does not verify") == true)
        #expect(concluded.findings.last?.hasSuffix("is not allowed") == true)
    }

    /// The kernel's own entry is over PCRs 0 to 9; a machine that does not quote the last two has it all the same.
    @Test func aBootAggregateOverMoreThanIsQuotedIsTheKernels() throws {
        var list = IMAList(Self.files)
        let pcrs = Array(0..<8) + [10]
        func scene() throws -> Scene {
            var scene = try Scene(measuring: list)
            scene.values = scene.values.filter { pcrs.contains($0.key) }
            scene.selection = try #require(PCRSet(bank: .sha256, pcrs: pcrs))
            let exact = try #require(PCRValues(bank: .sha256, values: scene.values)).without(10)
            let profile = BootProfile(exact: exact, facts: BootFactRequirements())
            scene.expectations = [BootExpectation(name: .current, profile: profile)]
            return scene
        }
        let verdict = Appraiser.appraise(try scene().input(list.bytes, allowing: Self.files))
        #expect(verdict.state?.ima?.entries == 4)
        // A file may be called so too, and is none of the kernel's entries.
        list.append("boot_aggregate", IMAList.digest(of: "/tmp/implant"))
        expectOwnKey(Appraiser.appraise(try scene().input(list.bytes, allowing: Self.files)), .imaPolicy)
    }

    @Test func attack60_fileThatNobodyAllowed() throws {
        let list = IMAList(Self.files + ["/tmp/implant"])
        let verdict = Appraiser.appraise(try Scene(measuring: list).input(list.bytes, allowing: Self.files))
        expectOwnKey(verdict, .imaPolicy)
        guard case .refused(let refusal) = verdict else { return }
        #expect(refusal.reasons.first?.detail.contains("/tmp/implant") == true)
    }

    /// A key on a keyring of the kernel's has files run that nobody allowed: it is no file, and has to be allowed as what it is.
    @Test func attack60_keyOnAKeyringThatNobodyAllowed() throws {
        let key = "somebody's certificate"
        var list = IMAList(Self.files)
        list.append(data: Array(key.utf8), as: ".ima")
        let verdict = Appraiser.appraise(
            try Scene(measuring: list).input(list.bytes, allowing: Self.files + [key, ".ima"])
        )
        expectOwnKey(verdict, .imaPolicy)
    }

    /// A violation says nothing authentic of the file that changed: the policy lets all of them be, or none.
    @Test func attack60_violationIsRefusedUnlessThePolicyToleratesThem() throws {
        var list = IMAList(Self.files)
        list.appendViolation(of: "/bin/sh")
        var input = try Scene(measuring: list).input(list.bytes, allowing: Self.files)
        let strict = Appraiser.appraise(input)
        expectOwnKey(strict, .imaPolicy)
        guard case .refused(let refusal) = strict else { return }
        let detail = refusal.reasons[0].detail
        #expect(detail.contains("entry 4 is a violation") && !detail.contains("/bin/sh"), "\(detail)")

        input.ima?.policy?.violations = .tolerated(reason: "a log that is written to")
        let progress = try #require(Appraiser.appraise(input).state?.ima)
        #expect(progress.entries == 5 && progress.violations == 1)

        // What is tolerated has to be shown all the same.
        var hiding = try Scene(measuring: list).input(IMAList(Self.files).bytes, allowing: Self.files)
        hiding.ima?.policy?.violations = .tolerated(reason: "a log that is written to")
        expectOwnKey(Appraiser.appraise(hiding), .imaReplayMismatch)
    }

    @Test func attack60_listShortenedToWhatIsAllowed() throws {
        let measured = IMAList(Self.files + ["/tmp/implant"])
        let shown = IMAList(Self.files)
        let verdict = Appraiser.appraise(try Scene(measuring: measured).input(shown.bytes, allowing: Self.files))
        expectOwnKey(verdict, .imaReplayMismatch)
        expectOwnKey(
            Appraiser.appraise(try Scene(measuring: measured).input([], allowing: Self.files)),
            .imaReplayMismatch
        )
    }

    @Test func attack60_tailThatWasNeverMeasuredIsNotBelieved() throws {
        let measured = IMAList(Self.files)
        let claimed = IMAList(Self.files + ["/bin/patched"])
        // What was not measured can be added to any list; what was is judged as it is.
        let verdict = Appraiser.appraise(try Scene(measuring: measured).input(claimed.bytes, allowing: Self.files))
        #expect(verdict.state?.ima?.entries == 4)
    }

    @Test func whatIsExcludedIsBelowThatDirectoryAndNowhereElse() throws {
        func verdict(_ name: String) throws -> Verdict {
            let list = IMAList(Self.files + [name])
            var input = try Scene(measuring: list).input(list.bytes, allowing: Self.files)
            input.ima?.policy?.exclusions = [
                IMAExclusion(path: "/var/", reason: "data"), IMAExclusion(path: "/etc/motd", reason: "a text"),
            ]
            return Appraiser.appraise(input)
        }
        for name in ["/var/log/a", "/etc/motd"] {
            let state = try verdict(name).state
            #expect(state != nil, "\(name)")
        }
        for name in ["/var", "/variable", "/usr/var/a", "/etc/motd2", "/etc/motd/a", "/var/..", "/var/../bin/implant"] {
            expectOwnKey(try verdict(name), .imaPolicy)
        }
    }

    /// A file may be called anything.
    @Test func aFileThatCallsItselfTheBootAggregateIsAFile() throws {
        var list = IMAList(Self.files)
        list.append("boot_aggregate", IMAList.digest(of: "/tmp/implant"))
        let verdict = Appraiser.appraise(try Scene(measuring: list).input(list.bytes, allowing: Self.files))
        expectOwnKey(verdict, .imaPolicy)
    }

    @Test func aPolicyForAPCRThatIsNotQuotedDecidesNothing() throws {
        let input = try Scene().input(IMAList(Self.files).bytes, allowing: Self.files)
        guard case .undecided = Appraiser.appraise(input) else {
            Issue.record("the list of a PCR that is not quoted was judged")
            return
        }
    }
}
