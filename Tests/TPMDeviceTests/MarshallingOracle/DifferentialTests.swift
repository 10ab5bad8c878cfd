import TPMWire
import Testing

/// TPMWire against libtss2-mu: what both read they read alike, and where they do not agree a rule says who is right.
@Suite struct DifferentialTests {
    /// Why TPMWire refuses what libtss2-mu reads. Each is strictness of ours, wanted and tested by itself elsewhere.
    enum Strictness: String, Hashable, CaseIterable {
        /// libtss2-mu reads a structure from the front of a buffer and leaves the rest to its caller.
        case trailingBytes
        /// TPMI_YES_NO is 0 or 1 (Part 2, 9.2); libtss2-mu takes any byte.
        case yesNo
        /// A buffer above the bound of its field; libtss2's buffers are sized for the largest use anywhere.
        case bound
        /// A selector that this project has no use for, or that Part 2 does not allow in this place.
        case selector
        /// The magic says that no TPM made this; libtss2-mu does not look.
        case magic
        /// A Name that is neither empty, nor a handle, nor a digest of the length of its algorithm (Part 1, 16).
        case name
        /// A handle that is no NV index, or a ticket that is none of creation.
        case kind

        init?(_ error: WireError) {
            switch (error.code, error.field) {
            case (.trailingBytes, _): self = .trailingBytes
            case (.illegalValue, "clockInfo.safe"), (.illegalValue, "exclusiveSession"): self = .yesNo
            case (.tooLong, _): self = .bound
            case (.unsupported, _), (.illegalValue, "rsaDetail.scheme"), (.illegalValue, "eccDetail.scheme"):
                self = .selector
            case (.notGenerated, _): self = .magic
            case (.illegalValue, "TPM2B_NAME"): self = .name
            case (.illegalValue, "nvIndex"), (.illegalValue, "ticket.tag"): self = .kind
            default: return nil
            }
        }
    }

    @Test(arguments: Oracle.all.map(\.name))
    func generatedStructuresAreReadAndWrittenAlike(name: String) throws {
        let oracle = try #require(Oracle.all.first { $0.name == name })
        var generator = Generator(seed: 1)
        for round in 0..<2000 {
            let bytes = oracle.generate(&generator)
            #expect(try oracle.wire(bytes) == bytes, "round \(round)")
            let verdict = oracle.library(bytes)
            if verdict != .accepted(consumed: bytes.count, written: bytes) {
                Issue.record("round \(round): libtss2-mu says \(verdict) of \(bytes.hexadecimal)")
            }
        }
    }

    @Test(arguments: Oracle.all.map(\.name))
    func mutatedStructuresAreRefusedAlikeOrByARule(name: String) throws {
        let oracle = try #require(Oracle.all.first { $0.name == name })
        var generator = Generator(seed: 2)
        var rules: [Strictness: Int] = [:]
        var agreed = 0
        for round in 0..<20_000 {
            var bytes = generator.mutated(oracle.generate(&generator), with: oracle.generate(&generator))
            if generator.pick([true, false, false]) {
                bytes = generator.mutated(bytes, with: oracle.generate(&generator))
            }
            let verdict = oracle.library(bytes)
            do {
                #expect(try oracle.wire(bytes) == bytes)
                // Accepting more than libtss2-mu would be a finding.
                if verdict != .accepted(consumed: bytes.count, written: bytes) {
                    Issue.record("round \(round): accepted, but libtss2-mu says \(verdict) of \(bytes.hexadecimal)")
                }
                agreed += 1
            } catch {
                guard case .accepted(let consumed, _) = verdict else {
                    agreed += 1
                    continue
                }
                guard let rule = Strictness(error) else {
                    Issue.record("round \(round): libtss2-mu reads \(bytes.hexadecimal), but: \(error)")
                    continue
                }
                #expect((rule == .trailingBytes) == (consumed < bytes.count) || rule != .trailingBytes)
                rules[rule, default: 0] += 1
            }
        }
        #expect(agreed > 2000, "\(rules)")
        #expect(rules[.trailingBytes, default: 0] > 0)
    }
}
