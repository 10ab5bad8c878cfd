import Crypto
import MeasuredBoot
import TPMWire
import Testing

/// Replay of a list, and how far it is trusted.
@Suite struct IMAReplayTests {
    typealias Item = IMAListBuilder.Item

    static let banks: [AlgorithmID] = [.sha1, .sha256, .sha384, .sha512]

    private static func follow(
        _ bytes: [UInt8],
        to quoted: [UInt8],
        bank: AlgorithmID = .sha256,
        form: IMAListForm = .binary(),
        pieces: Int = .max,
        extensions: [IMAExtension] = IMAExtension.allCases,
        judge: (IMAEntry) -> Void = { _ in }
    ) throws -> IMACheckpoint? {
        var prefix = try IMAPrefix(form, to: quoted, bank: bank, extensions: extensions)
        var rest = bytes[...]
        while !rest.isEmpty, try prefix.read(rest.prefix(pieces), judge) { rest = rest.dropFirst(pieces) }
        try prefix.finish()
        return prefix.reached
    }

    @Test(arguments: banks, IMAExtension.allCases)
    func everyBankIsReachedByTheExtensionThatWasUsed(bank: AlgorithmID, mode: IMAExtension) throws {
        for seed in 0..<4 {
            let list = IMAListBuilder.random(seed: UInt64(seed), entries: 40)
            let quoted = list.value(bank, mode)
            for listed in [AlgorithmID.sha1, bank] {
                let reached = try #require(
                    try Self.follow(list.binary(listed), to: quoted, bank: bank, form: .binary(listedDigest: listed))
                )
                #expect(reached.mode == (bank == .sha1 ? .perBank : mode))
                #expect(reached.entries == 40)
                #expect(reached.violations == list.items.filter(\.isViolation).count)
                #expect(reached.value == quoted)
                #expect(reached.offset == UInt64(list.binary(listed).count))
            }
        }
    }

    @Test func onlyTheExtensionsThatAreAllowedAreFollowed() throws {
        let list = IMAListBuilder.random(seed: 3, entries: 20)
        let padded = list.value(.sha256, .paddedSHA1)
        #expect(try Self.follow(list.binary(), to: padded, extensions: [.perBank]) == nil)
        #expect(try Self.follow(list.binary(), to: list.value(), extensions: [.paddedSHA1]) == nil)
        #expect(try Self.follow(list.binary(), to: padded, extensions: [.paddedSHA1])?.mode == .paddedSHA1)
        var replay = try IMAReplay(bank: .sha256, extensions: [.perBank])
        #expect(replay.value(.paddedSHA1) == nil)
        for entry in try IMAReading(list.binary()).entries { try replay.extend(entry) }
        #expect(replay.value(.perBank) == list.value())
        #expect(throws: ReplayError.bankNotSupported(.sm3_256)) { try IMAReplay(bank: .sm3_256) }
    }

    @Test func everyPrefixThatReachesIsTakenAndNothingBehindIt() throws {
        let list = IMAListBuilder.random(seed: 11, entries: 30)
        let (bytes, ends) = (list.binary(), list.ends())
        for (count, quoted) in list.values().enumerated() {
            var judged = 0
            let reached = try #require(
                try Self.follow(bytes, to: quoted, pieces: 1 + count * 53) { _ in judged += 1 }
            )
            #expect(reached.entries == count)
            #expect(reached.offset == UInt64(ends[count]))
            #expect(judged == count)
            // What stands behind is not even parsed, and may end anywhere.
            let rubbish = Array(bytes[..<ends[count]]) + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
            #expect(try Self.follow(rubbish, to: quoted) == reached)
        }
    }

    @Test func aSecondAttestationCostsOnlyWhatIsNew() throws {
        for mode in IMAExtension.allCases {
            let list = IMAListBuilder.random(seed: 5, entries: 24)
            let (bytes, ends, values) = (list.binary(), list.ends(), list.values(.sha256, mode))
            // Of no entries it cannot be told which extension was used.
            for first in 1...24 {
                let start = try #require(try Self.follow(bytes, to: values[first]))
                for second in first...24 {
                    var prefix = try #require(IMAPrefix(.binary(), to: values[second], from: start))
                    var judged: [Int] = []
                    let new = bytes[ends[first]...]
                    let cut = new.startIndex + new.count / 2
                    if try prefix.read(new[..<cut], { judged.append($0.index) }) {
                        try prefix.read(new[cut...]) { judged.append($0.index) }
                    }
                    let reached = try #require(prefix.reached)
                    #expect(judged == Array(first..<second))
                    let whole = try #require(try Self.follow(bytes, to: values[second]))
                    #expect(reached.mode == mode)
                    #expect(reached.entries == whole.entries)
                    #expect(reached.offset == whole.offset)
                    #expect(reached.violations == whole.violations)
                    #expect(reached.value == whole.value)
                }
            }
        }
    }

    @Test func theDigestOfACheckpointIsOverTheOneBeforeAndTheNewBytes() throws {
        let list = IMAListBuilder.random(seed: 8, entries: 12)
        let (bytes, ends, values) = (list.binary(), list.ends(), list.values())
        let first = try #require(try Self.follow(bytes, to: values[7], pieces: 13))
        let zeros = [UInt8](repeating: 0, count: 32)
        #expect(first.digest == Array(SHA256.hash(data: zeros + bytes[..<ends[7]])))
        var prefix = try #require(IMAPrefix(.binary(), to: values[12], from: first))
        try prefix.read(bytes[ends[7]...])
        #expect(prefix.reached?.digest == Array(SHA256.hash(data: first.digest + bytes[ends[7]...])))
    }

    @Test func aCheckpointThatContradictsItselfIsNotGoneOnFrom() throws {
        let list = IMAListBuilder.random(seed: 8, entries: 4)
        let genuine = try #require(try Self.follow(list.binary(), to: list.value()))
        func goesOn(_ change: (inout IMACheckpoint) -> Void) -> Bool {
            var checkpoint = genuine
            change(&checkpoint)
            return IMAPrefix(.binary(), to: list.value(), from: checkpoint) != nil
        }
        #expect(goesOn { _ in })
        #expect(!goesOn { $0.value.removeLast() })
        #expect(!goesOn { $0.bank = .sha384 })
        #expect(!goesOn { $0.bank = .sm3_256 })
        #expect(!goesOn { $0.entries = -1 })
        #expect(!goesOn { $0.violations = -1 })
        #expect(!goesOn { $0.digest = [] })
    }

    @Test func theBootAggregateIsOverThePCRsBeforeLinux() {
        let values = Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, [UInt8](repeating: UInt8($0), count: 32)) })
        let all = (0..<10).flatMap { [UInt8](repeating: UInt8($0), count: 32) }
        let digests = IMABootAggregate.digests(of: values, bank: .sha256)
        #expect(
            digests.map(\.bytes) == [
                IMAListBuilder.hash(.sha256, all), IMAListBuilder.hash(.sha256, Array(all[..<256])),
            ]
        )
        #expect(digests.map(\.algorithm) == ["sha256", "sha256"])
        #expect(IMABootAggregate.digests(of: values.filter { $0.key < 8 }, bank: .sha256).count == 1)
        #expect(IMABootAggregate.digests(of: values.filter { $0.key > 0 }, bank: .sha256).isEmpty)
        #expect(IMABootAggregate.digests(of: values, bank: .sha1).isEmpty)
    }

    @Test func signatureHeadersAreReadWholeOrNotAtAll() throws {
        let field: [UInt8] = [3, 2, 4, 0xD3, 0x32, 4, 0x49, 0, 3, 7, 8, 9]
        let signature = try #require(IMASignature(field[...]))
        #expect(signature.hash == .sha256)
        #expect(signature.keyID == [0xD3, 0x32, 4, 0x49])
        #expect(signature.bytes == [7, 8, 9])
        for count in 0..<field.count { #expect(IMASignature(field[..<count]) == nil) }
        #expect(IMASignature((field + [0])[...]) == nil)
        for (index, value) in [(0, 6), (0, 5), (1, 1), (1, 3), (2, 3), (2, 7)] as [(Int, UInt8)] {
            var other = field
            other[index] = value
            #expect(IMASignature(other[...]) == nil)
        }
    }
}
