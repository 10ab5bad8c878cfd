import AttestationResults
import Crypto
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

/// One instance with everything in order; a test changes one thing and looks what the appraisal says.
struct Scene {
    var key: SoftKey
    var enrolled: EnrolledKey
    var values: [Int: [UInt8]]
    var selection: PCRSet
    var request: [UInt8] = Array(#"{"instance":"of the test","version":1}"#.utf8)
    var clock = TPMSClockInfo(clock: 5_000_000, resetCount: 40, restartCount: 2, safe: true)
    var firmwareVersion: UInt64 = 0x2019_1023_0016_3636
    var lastClock: ClockReading?
    var firmwareVersions: [UInt64] = [0x2019_1023_0016_3636]
    var expectations: [BootExpectation]
    var log = LogEvidence.none

    init(_ template: DeviceIdentityTemplate = .eccP256, bank: PCRBank = .sha256) throws {
        key = try SoftKey.iak(template)
        enrolled = try key.enrolled(template: template)
        values = Dictionary(uniqueKeysWithValues: (0..<10).map { ($0, Self.value($0, bank)) })
        selection = try #require(PCRSet(bank: bank, pcrs: 0..<10))
        let exact = try #require(PCRValues(bank: bank, values: values))
        expectations = [
            BootExpectation(name: .current, profile: BootProfile(exact: exact, facts: BootFactRequirements()))
        ]
    }

    /// A value that no other PCR has.
    static func value(_ pcr: Int, _ bank: PCRBank = .sha256) -> [UInt8] {
        Array(SHA512.hash(data: Array("PCR \(pcr)".utf8)).prefix(bank.digestSize))
    }

    /// What the instance's TPM would say.
    var attest: TPMSAttest {
        get throws {
            TPMSAttest(
                qualifiedSigner: enrolled.qualifiedName,
                extraData: DecisionRequest.qualifyingData(for: request),
                clockInfo: clock,
                firmwareVersion: firmwareVersion,
                attested: .quote(try quoted(selection.pcrs.map { (selection.bank.algorithm, [$0]) }))
            )
        }
    }

    /// A quote over the scene's values of these PCRs, banks in order.
    func quoted(_ parts: [(AlgorithmID, [Int])]) throws -> TPMSQuoteInfo {
        var banks: [(AlgorithmID, Set<Int>)] = []
        for (bank, pcrs) in parts {
            if banks.last?.0 == bank {
                banks[banks.count - 1].1.formUnion(pcrs)
            } else {
                banks.append((bank, Set(pcrs)))
            }
        }
        var selections: [TPMSPCRSelection] = []
        for bank in banks { selections.append(try #require(TPMSPCRSelection(bank: bank.0, pcrs: bank.1))) }
        let concatenated = banks.flatMap { bank in bank.1.sorted().flatMap { values[$0] ?? [] } }
        return TPMSQuoteInfo(
            pcrSelect: try #require(TPMLPCRSelection(selections)),
            pcrDigest: try HashAlgorithm(enrolled.hash).digest(concatenated)
        )
    }

    /// Evidence with an attest of the caller's choice, signed by the instance's own key.
    func input(_ attest: [UInt8], signature: [UInt8]? = nil) throws -> AppraisalInput {
        AppraisalInput(
            instance: InstanceID(iakName: enrolled.name.contents),
            key: enrolled,
            attest: attest,
            signature: try signature ?? key.sign(attest).bytes,
            pcrs: try #require(PCRValues(bank: selection.bank, values: values)),
            log: log,
            request: ContentDigest(of: request),
            qualifyingData: DecisionRequest.qualifyingData(for: request),
            selection: selection,
            lastClock: lastClock,
            firmwareVersions: firmwareVersions,
            expectations: expectations
        )
    }

    /// Evidence in order.
    func input() throws -> AppraisalInput { try input(attest.bytes) }

    /// The verdict on evidence whose attest was changed before the instance's own key signed it.
    func verdict(_ change: (inout TPMSAttest) throws -> Void = { _ in }) throws -> Verdict {
        var attest = try attest
        try change(&attest)
        return Appraiser.appraise(try input(attest.bytes))
    }
}
