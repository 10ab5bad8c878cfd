import Crypto
import Endorsement
import FactoryAuthority
import FactoryLine
import FoundationEssentials
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@Suite struct BirthTests {
    /// Everything a verifier will hold against the record, checked with its means: roots and keys out of files.
    private func judge(_ record: BirthRecord, on line: TestLine, template: DeviceIdentityTemplate) throws {
        let iak = try TPMTPublic(parsing: record.iak.publicArea.bytes)
        let idevid = try TPMTPublic(parsing: record.idevid.publicArea.bytes)
        let proof = ResidencyProof(
            endorsementKey: try TPMTPublic(parsing: record.ek.publicArea.bytes),
            enrolmentKey: try TPMTPublic(parsing: record.residency.enrolmentKey.bytes),
            iak: .init(
                publicArea: iak,
                attest: record.residency.iakCreation.bytes,
                signature: record.residency.iakSignature.bytes
            ),
            idevid: .init(
                publicArea: idevid,
                attest: record.residency.idevidCreation.bytes,
                signature: record.residency.idevidSignature.bytes
            )
        )
        #expect(proof.reasons(template: template) == [])

        let factory = FactoryPolicy(
            anchors: TrustAnchors(try TrustDirectory.readFile(line.station.directory.factoryRoots, allowing: []))
        )
        let verdict = factory.judge(
            iak: (try ParsedCertificate(der: try #require(record.iak.certificate).bytes), iak),
            idevid: (try ParsedCertificate(der: try #require(record.idevid.certificate).bytes), idevid),
            model: "gw-100",
            serial: "GW-0001",
            at: record.bornAt
        )
        guard case .accepted(let subject) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        let ek = try EKCertificate(fromNV: try #require(record.ek.certificate).bytes)
        #expect(
            subject.permanentIdentifier
                == ek.certificate.sha256.map { byte in
                    (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                }.joined()
        )
        let endorsement = EndorsementPolicy(try TrustDirectory.contents(of: line.station.directory.ekRoots))
        let key = try PublicKey(proof.endorsementKey)
        guard case .accepted = endorsement.judge(ek, for: key, at: record.bornAt) else {
            Issue.record("the endorsement key is not accepted again")
            return
        }
    }

    @Test(arguments: [
        ("p256", EndorsementKey.p256, DeviceIdentityTemplate.eccP256),
        ("rsa2048", EndorsementKey.rsa2048, DeviceIdentityTemplate.rsa2048),
    ])
    func aDeviceIsBornOnceAndItsRecordHolds(
        _ name: String,
        _ endorsementKey: EndorsementKey,
        _ template: DeviceIdentityTemplate
    ) async throws {
        try await TestLine.with { line in
            try await line.withDevice(endorsementKeys: [endorsementKey]) { device in
                let profile = try TestLine.profile(name)
                let outcome = try await line.provision(device, profile: profile)
                #expect(outcome.text == "born")
                let record = try #require(outcome.record)
                try judge(record, on: line, template: template)
                #expect(record.bornAt == TestLine.now)
                #expect(record.station.text == "line-1")
                #expect(record.iak.template.text == template.rawValue)

                let after = try await TPMContents.of(device)
                #expect(after.persistent[Handle(rawValue: record.iak.handle)]?.contents == record.iak.name.bytes)
                #expect(after.persistent[Handle(rawValue: record.ek.handle)]?.contents == record.ek.name.bytes)
                #expect(after.nv[profile.nv.iakCertificate.handle] == record.iak.certificate?.bytes)
                #expect(after.nv[profile.nv.idevidCertificate.handle] == record.idevid.certificate?.bytes)
                let tag = try BirthTag(parsing: try #require(after.nv[profile.nv.birthTag.handle]))
                #expect(tag.instance == record.instance)
                #expect(tag.counters == record.counters)
                let floor = try #require(after.nv[profile.nv.securityFloor.handle]).reduce(0) { $0 << 8 | UInt64($1) }
                #expect(floor - record.counters.securityFloor.base == 3)
                #expect(after.loaded == [])

                // Twice changes nothing, anywhere.
                let births = try line.births()
                let again = try await line.provision(device, profile: profile)
                #expect(again.text == "already-born")
                #expect(again.record == record)
                #expect(try await TPMContents.of(device) == after)
                #expect(try line.births() == births)
                #expect(births.count == 1)
            }
        }
    }

    @Test func theSignedRecordIsReadByItsKeysOnly() async throws {
        try await TestLine.with { line in
            let record = try await line.withDevice { try await line.provision($0).record }
            let bundle = try BirthBundle(parsing: CanonicalJSON.encode(line.station.export([])))
            let envelope = try #require(bundle.births.first)
            let keys = try StationKeys(
                parsing: Array(try Data(contentsOf: URL(filePath: line.station.directory.birthKeys)))
            )
            let listed = try #require(keys.stations.first)
            #expect(keys.stations.count == 1 && listed.name == line.station.name)
            let payload = try envelope.payload(type: BirthRecord.payloadType, signedBy: listed.key)
            #expect(try BirthRecord(parsing: payload) == record)
            let others = try line.otherStation().listed.key
            #expect(throws: MessageError.self) {
                try envelope.payload(type: BirthRecord.payloadType, signedBy: others)
            }
        }
    }

    @Test func certificatesAndTagCannotBeChangedAfterwards() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                #expect(try await line.provision(device).text == "born")
                let nv = try TestLine.profile().nv
                for handle in [nv.iakCertificate, nv.idevidCertificate, nv.birthTag] {
                    let error = await #expect(throws: TPMError.self) {
                        try await device.onTPM { tpm throws(TPMError) in
                            guard let index = try tpm.nvIndex(at: handle.handle) else { return }
                            try tpm.nvWrite([0], to: index, as: .owner)
                        }
                    }
                    #expect(error?.code == .nvLocked)
                }
            }
        }
    }

    @Test func theFirstBootIsTheOneThatRuns() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let log = try await device.boot(firmware: .named("gateway-os-2.4.0"))
                let record = try #require(try await line.provision(device, eventLog: log).record)
                #expect(record.firstBoot.log == ContentDigest(of: log))
                #expect(record.firstBoot.pcrs.values.values.contains { $0 != [UInt8](repeating: 0, count: 32) })
                let bundle = try line.station.export([])
                #expect(bundle.logs == [Blob(log)])
            }
        }
    }

    @Test func aLogOfAnotherBootIsRefusedAndTheRightOneFinishesTheBirth() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let old = try await device.boot(firmware: .named("gateway-os-2.4.0"))
                let log = try await device.boot(firmware: .named("gateway-os-2.5.0"))
                #expect(try await line.provision(device, eventLog: old).text == "log-does-not-match")
                #expect(try await line.provision(device, eventLog: Array(log.dropLast(3))).text == "log-unreadable")
                #expect(try await line.provision(device, eventLog: []).text == "log-unreadable")
                #expect(try line.births() == [:])
                #expect(try await line.provision(device, eventLog: log).text == "born")
            }
        }
    }

    @Test func manyAreBornAtOnce() async throws {
        try await TestLine.with { line in
            let instances = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 1...6 {
                    group.addTask {
                        try await line.withDevice("d\(number)") { device in
                            try await line.provision(device, TestLine.order("GW-\(number)")).record?.instance.text
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(instances.compactMap { $0 }).count == 6)
            #expect(try line.births().count == 6)
            let bundle = try line.station.export([TestLine.label("GW-2"), TestLine.label("GW-5")])
            #expect(bundle.births.count == 2)
            #expect(throws: Station.ExportFailure.self) { try line.station.export([TestLine.label("GW-9")]) }
        }
    }

    @Test func anAllowedKeyNeedsNoCertificate() async throws {
        try await TestLine.with { line in
            // A certificate for the RSA key only: the profile wants the other.
            try await line.withDevice(endorsementKeys: [.rsa2048]) { device in
                #expect(try await line.provision(device).text == "endorsement-certificate-missing")
                #expect(try await TPMContents.of(device).persistent == [:])
                let template = EndorsementKeyTemplate.eccP256.area
                let area = try await device.onTPM { tpm throws(TPMError) in
                    try tpm.createPrimary(template, in: .endorsement).object.publicArea
                }
                let line1 = "\(ContentDigest(of: area.bytes))  # board 7\n"
                try Data(line1.utf8).write(to: URL(filePath: line.station.directory.path + "/ek-allowed.txt"))
                // A list says whose key it is, and never that hardware keeps it.
                let hardware = try await line.provision(device, TestLine.order(tier: .tpm))
                #expect(hardware.text == "tier-unendorsed")
                guard case .refused(let reasons) = hardware else {
                    Issue.record("not refused")
                    return
                }
                #expect(reasons.first?.hint.contains("--tier vtpm") == true)
                #expect(try await TPMContents.of(device).persistent == [:])
                let record = try #require(try await line.provision(device).record)
                #expect(record.ek.certificate == nil)
                #expect(record.tier == .vtpm)
            }
        }
    }

    @Test func inspectionSaysWhatIsThereAndChangesNothing() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let before = try await TPMContents.of(device)
                func inspect() async throws -> TPMInspection {
                    let inspection = try await withTPM(tcti: device.tcti) { tpm in
                        try await TPMInspection.of(tpm, profile: TestLine.profile())
                    }
                    return inspection
                }
                let fresh = try await inspect()
                #expect(fresh.problems == [])
                #expect(fresh.iak == nil && fresh.born == nil && fresh.endorsementKey.handle == nil)
                #expect(fresh.endorsementKey.issuer?.contains("Intermediate CA") == true)
                #expect(try await TPMContents.of(device) == before)

                let record = try #require(try await line.provision(device).record)
                let born = try await inspect()
                #expect(born.problems == [])
                #expect(born.born?.instance == record.instance.text)
                #expect(born.born?.complete == true)
                #expect(born.iak?.name == record.iak.name.description)
            }
        }
    }

    @Test func theRecordSaysWhatStoodInTheTemplate() async throws {
        try await TestLine.with { line in
            var areas: Set<[UInt8]> = []
            for (name, unique) in [("a", ECCUniqueY.empty), ("b", .repeated)] {
                let text = String(decoding: try TestLine.profileBytes(), as: UTF8.self)
                let changed = text.replacing("\"empty\"", with: "\"\(unique.rawValue)\"")
                let profile = try ProvisioningProfile(parsing: Array(changed.utf8))
                try await line.withDevice(name) { device in
                    let order = TestLine.order("GW-\(name)")
                    let record = try #require(try await line.provision(device, order, profile: profile).record)
                    #expect(record.eccUniqueY == unique)
                    areas.insert(record.iak.publicArea.bytes)
                    let again = try await line.provision(device, order, profile: profile)
                    #expect(again.text == "already-born")
                }
            }
            #expect(areas.count == 2)
        }
    }

    @Test func anRSARecordSaysNothingOfIt() async throws {
        try await TestLine.with { line in
            try await line.withDevice(endorsementKeys: [.rsa2048]) { device in
                let outcome = try await line.provision(device, profile: TestLine.profile("rsa2048"))
                let record = try #require(outcome.record)
                #expect(record.eccUniqueY == nil)
                #expect(record.endorsementIntermediates == [])
            }
        }
    }
}
