import AttestationResults
import FoundationEssentials
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@testable import Appraisal

/// Runs a test with a software TPM of its own, and leaves nothing behind.
func withGenuineTPM<Result: Sendable>(_ body: (SoftwareDevice) async throws -> Result) async throws -> Result {
    let directory = "/tmp/appr-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await SoftwareDevice.with(
        in: DeviceDirectory(directory + "/d"),
        ca: try LocalCA(directory: directory + "/ca"),
        endorsementKeys: [],
        body
    )
}

extension SoftwareDevice {
    /// Makes the key of a template anew and quotes with it.
    func quote(
        _ selection: PCRSet? = nil,
        template: TPMTPublic = DeviceIdentityTemplate.eccP256.iak(),
        in hierarchy: Hierarchy = .endorsement,
        qualifyingData: [UInt8] = Genuine.qualifyingData
    ) async throws -> Genuine {
        let selection = try selection ?? Genuine.selection
        let wire = TPMLPCRSelection(
            try #require(TPMSPCRSelection(bank: selection.bank.algorithm, pcrs: Set(selection.pcrs)))
        )
        return try await onTPM { tpm throws(TPMError) in
            let key = try tpm.createPrimary(template, in: hierarchy)
            let signed = try tpm.quote(wire, with: key.object, qualifyingData: qualifyingData)
            let values = try tpm.pcrRead(wire).banks[selection.bank.algorithm] ?? [:]
            return Genuine(key.object.publicArea, signed, values)
        }
    }
}

/// A quote of a genuine TPM, and the question that a verifier has to it.
struct Genuine {
    static let request: [UInt8] = Array("what a genuine TPM is asked".utf8)
    static let qualifyingData = DecisionRequest.qualifyingData(for: request)
    static var selection: PCRSet {
        get throws { try #require(PCRSet(bank: .sha256, pcrs: 0..<10)) }
    }

    var area: TPMTPublic
    var attest: [UInt8]
    var signature: [UInt8]
    var values: [Int: [UInt8]]

    init(_ area: TPMTPublic, _ signed: SignedAttestation, _ values: [Int: [UInt8]]) {
        self.init(area, attest: signed.attest, signature: signed.signature, values)
    }

    init(_ area: TPMTPublic, attest: [UInt8], signature: [UInt8], _ values: [Int: [UInt8]]) {
        self.area = area
        self.attest = attest
        self.signature = signature
        self.values = values
    }

    /// The evidence, judged with this key, or with the one that signed.
    func input(
        enrolled: EnrolledKey? = nil,
        template: DeviceIdentityTemplate? = .eccP256,
        selection: PCRSet? = nil,
        log: LogEvidence = .none,
        lastClock: ClockReading? = nil,
        expectations: [BootExpectation]? = nil
    ) throws -> AppraisalInput {
        let selection = try selection ?? Self.selection
        let key = try enrolled ?? EnrolledKey(publicArea: area.bytes, template: template?.iak())
        let values = try #require(PCRValues(bank: selection.bank, values: self.values))
        return AppraisalInput(
            instance: InstanceID(iakName: key.name.contents),
            key: key,
            attest: attest,
            signature: signature,
            pcrs: values,
            log: log,
            request: ContentDigest(of: Self.request),
            qualifyingData: Self.qualifyingData,
            selection: selection,
            lastClock: lastClock,
            firmwareVersions: [try TPMSAttest(parsing: attest).firmwareVersion],
            expectations: try expectations ?? [Self.expecting(values.values)]
        )
    }

    static func expecting(
        _ values: [Int: [UInt8]],
        _ name: BootName = .current,
        facts: BootFactRequirements = BootFactRequirements()
    ) throws -> BootExpectation {
        let exact = try #require(PCRValues(bank: .sha256, values: values))
        return BootExpectation(name: name, profile: BootProfile(exact: exact, facts: facts))
    }
}
