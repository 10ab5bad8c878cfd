import Appraisal
import AttestationResults
public import Endorsement
public import Messages
import TPMCrypto
import TPMWire

/// Judges a birth again from the record's own bytes: the station's signature says who vouches, not that it is so.
public struct BirthJudge: Sendable {
    private let station: StationKey
    private let factories: FactoryPolicy
    private let endorsement: EndorsementPolicy?
    private let allowed: EKAllowList?

    /// - Parameters:
    ///   - station: the one whose bundle it came in.
    ///   - factories: whose certificates of device keys count.
    ///   - endorsement: `nil` when no vendor's roots are given: then the factory's judgement of the endorsement key stands.
    ///   - allowed: endorsement keys that are believed without a certificate; `nil` where no such list is kept.
    public init(
        station: StationKey,
        factories: FactoryPolicy,
        endorsement: EndorsementPolicy?,
        allowed: EKAllowList?
    ) {
        self.station = station
        self.factories = factories
        self.endorsement = endorsement
        self.allowed = allowed
    }

    /// Why a birth is not believed, with what could be read of it.
    public struct Refused: Error {
        /// For programs.
        public var reason = BundleReason.birthNotBelieved
        /// Whose it is, where that could be read.
        public var serial: Label?
        /// For people.
        public var detail: String
    }

    /// Reads and judges one envelope.
    /// - Parameter logs: the event logs that came with it, by digest.
    public func judge(_ envelope: SignedEnvelope, logs: [ContentDigest: [UInt8]]) throws(Refused) -> JudgedBirth {
        let payload: [UInt8]
        let record: BirthRecord
        do {
            payload = try envelope.payload(type: BirthRecord.payloadType, signedBy: station.key)
            record = try BirthRecord(parsing: payload)
        } catch { throw Refused(detail: error.detail) }
        try station.hold(record.facts)
        let faults = faults(of: record, logs: logs)
        guard faults.isEmpty else { throw Refused(serial: record.serial, detail: faults.joined(separator: "; ")) }
        return JudgedBirth(birth: .measured(record), payload: payload, envelope: envelope)
    }

    private func faults(of record: BirthRecord, logs: [ContentDigest: [UInt8]]) -> [String] {
        let areas: Areas
        do {
            areas = try Areas(record)
        } catch { return [error.detail] }
        return endorsementFaults(record, areas) + weaknesses(record, areas) + residencyFaults(record, areas)
            + certificateFaults(record, areas)
            + firstBootFaults(record, logs)
    }

    /// The public areas, each held to the Names that the record gives.
    private struct Areas {
        var ek: TPMTPublic
        var iak: TPMTPublic
        var idevid: TPMTPublic
        var enrolment: TPMTPublic

        init(_ record: BirthRecord) throws(Refused) {
            ek = try Self.area(record.ek, "EK")
            iak = try Self.area(record.iak, "IAK")
            idevid = try Self.area(record.idevid, "IDevID")
            do {
                enrolment = try TPMTPublic(parsing: record.residency.enrolmentKey.bytes)
            } catch { throw Refused(serial: record.serial, detail: "enrolment key: \(error)") }
        }

        private static func area(_ key: BornKey, _ what: String) throws(Refused) -> TPMTPublic {
            do {
                let area = try TPMTPublic(parsing: key.publicArea.bytes)
                let name = try Name(of: area)
                let qualified = try name.qualified(under: Name(handle: .endorsement))
                guard name.contents == key.name.bytes, qualified.contents == key.qualifiedName.bytes else {
                    throw Refused(detail: "\(what): the Names are not those of the public area")
                }
                return area
            } catch let error as Refused {
                throw error
            } catch { throw Refused(detail: "\(what): \(error)") }
        }
    }

    private func endorsementFaults(_ record: BirthRecord, _ areas: Areas) -> [String] {
        guard let template = EndorsementKeyTemplate(rawValue: record.ek.template.text),
            areas.ek.isKey(of: template.area), let key = try? PublicKey(areas.ek)
        else { return ["the endorsement key is not what template \(record.ek.template) says"] }
        guard let bytes = record.ek.certificate?.bytes else {
            // A list says whose key it is, not that hardware keeps it.
            let hardware = record.tier == .tpm ? ["the record says hardware, and no endorsement certificate does"] : []
            return hardware + uncertifiedFaults(areas.ek)
        }
        guard let endorsement else { return unjudgedFaults(areas.ek) }
        do throws(CertificateError) {
            let certificate = try EKCertificate(fromNV: bytes)
            if record.tier == .tpm, certificate.isSoftware {
                return ["the record says hardware, the endorsement certificate says software"]
            }
            let intermediates = try record.endorsementIntermediates.map { blob throws(CertificateError) in
                try ParsedCertificate(der: blob.bytes, allowing: Workaround.all)
            }
            switch endorsement.judge(certificate, for: key, intermediates: intermediates, at: record.bornAt) {
            case .refused(let reasons): return reasons.map { "endorsement certificate: \($0)" }
            case .accepted: return []
            }
        } catch { return ["endorsement certificate: \(error)"] }
    }

    /// A key that anybody can compute from its public half shows nothing, unless the factory says by name why it may.
    private func weaknesses(_ record: BirthRecord, _ areas: Areas) -> [String] {
        TPMAdvisoryFinding.weaknesses(
            of: ["endorsement key": areas.ek, "IAK": areas.iak, "IDevID": areas.idevid],
            waived: (record.waivedAdvisories ?? []).advisories
        )
        .filter { $0.consequence == .refused }
        .map(\.description)
    }

    /// Without a certificate nobody vouches but the factory; who keeps roots or a list wants more.
    private func uncertifiedFaults(_ area: TPMTPublic) -> [String] {
        guard endorsement != nil || allowed != nil, !isListed(area) else { return [] }
        return ["the endorsement key has no certificate, and does not stand on this verifier's allow list"]
    }

    /// A certificate that nobody here can judge is as good as none.
    private func unjudgedFaults(_ area: TPMTPublic) -> [String] {
        guard allowed != nil, !isListed(area) else { return [] }
        return [
            "the endorsement certificate cannot be judged without vendors' roots, and its key does not stand on this verifier's allow list"
        ]
    }

    private func isListed(_ area: TPMTPublic) -> Bool {
        let policy = EndorsementPolicy(anchors: TrustAnchors([]))
        return switch policy.judge(uncertified: area, allowed: allowed ?? EKAllowList()) {
        case .accepted: true
        case .refused: false
        }
    }

    private func residencyFaults(_ record: BirthRecord, _ areas: Areas) -> [String] {
        guard let template = DeviceIdentityTemplate(rawValue: record.iak.template.text),
            record.iak.template == record.idevid.template
        else { return ["the keys name no template of ours"] }
        let residency = record.residency
        let proof = ResidencyProof(
            endorsementKey: areas.ek,
            enrolmentKey: areas.enrolment,
            iak: .init(
                publicArea: areas.iak,
                attest: residency.iakCreation.bytes,
                signature: residency.iakSignature.bytes
            ),
            idevid: .init(
                publicArea: areas.idevid,
                attest: residency.idevidCreation.bytes,
                signature: residency.idevidSignature.bytes
            )
        )
        return proof.reasons(template: template).map(\.description)
    }

    private func certificateFaults(_ record: BirthRecord, _ areas: Areas) -> [String] {
        guard let iak = record.iak.certificate?.bytes, let idevid = record.idevid.certificate?.bytes else {
            return ["the IAK or the IDevID has no certificate"]
        }
        do throws(CertificateError) {
            let verdict = factories.judge(
                iak: (try ParsedCertificate(der: iak), areas.iak),
                idevid: (try ParsedCertificate(der: idevid), areas.idevid),
                model: record.model.text,
                serial: record.serial.text,
                at: record.bornAt
            )
            switch verdict {
            case .accepted(let subject):
                // Only the CA saw the endorsed TPM answer for these keys, and of that its certificates alone tell.
                guard let key = try? PublicKey(areas.ek),
                    subject.isDevice(with: key, certificate: record.ek.certificate?.bytes)
                else { return ["device certificates: they name a device with another endorsement key"] }
                return []
            case .refused(let reasons): return reasons.map { "device certificates: \($0)" }
            }
        } catch { return ["device certificates: \(error)"] }
    }

    /// The first quote is the IAK's own word that it works, in the boot that the record begins with.
    private func firstBootFaults(_ record: BirthRecord, _ logs: [ContentDigest: [UInt8]]) -> [String] {
        let key: EnrolledKey
        do {
            key = try EnrolledKey(record.iak)
        } catch { return ["IAK: \(error)"] }
        var log = LogEvidence.none
        if let digest = record.firstBoot.log, let bytes = logs[digest] { log = .bytes(bytes, digest: digest) }
        let verdict = Appraiser.appraise(
            AppraisalInput(
                instance: record.instance,
                key: key,
                attest: record.firstBoot.attest.bytes,
                signature: record.firstBoot.signature.bytes,
                pcrs: record.firstBoot.pcrs,
                log: log,
                request: ContentDigest(of: []),
                qualifyingData: FirstBoot.qualifyingData(
                    ekName: record.ek.name.bytes,
                    iakName: record.iak.name.bytes
                ),
                selection: record.selection,
                lastClock: nil,
                firmwareVersions: [record.tpm.firmwareVersion],
                expectations: [
                    BootExpectation(
                        name: .current,
                        profile: BootProfile(exact: record.firstBoot.pcrs, facts: BootFactRequirements())
                    )
                ]
            )
        )
        switch verdict {
        case .accepted: return []
        case .undecided(let cause): return ["first boot: \(cause)"]
        case .refused(let refusal): return refusal.reasons.map { "first boot: \($0.code.sentence) \($0.detail)" }
        }
    }
}
