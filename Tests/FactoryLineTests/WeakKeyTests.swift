import Crypto
import Endorsement
import FactoryAuthority
import Foundation
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import FactoryLine

/// RSA keys that were made by firmware which has been updated since: the key itself tells.
@Suite struct WeakKeyTests {
    /// 65537^4242 modulo every prime up to 167.
    private static let modulus = """
        ea9eba0cdf561d802a759159fb7ff337f5cae3bf3729c619c60a3cab359eeefb015c33b2df1461aaf8eb18b900745130
        21da8978206f5c6671e0c07e9e115e4b9e30691c238642ea126a1e48cc11d357c30d8b7628dbd25e63b229f1c4069545
        de11cc9dea959c212e9c82b1478c281d687c966c377b9aa2bb2edb20035b73993fd4235992edcf451a1afe878b33e968
        617959ce3f1f65a8de5271007814e8a25f2dd97f1cfb10f62827688de6a16a3b0d464138a62332553fc1ea36f17fd374
        c6a5387777330bdbd7210dff076ce2ef87b0b125ec1d7da0a6eb8c9ebd69fe29d76d4330f16ab64336d13ac7299c38e6
        0092901ed884a8863af0415d49d97c95
        """

    private func weak(_ template: TPMTPublic) throws -> TPMTPublic {
        let modulus = try #require([UInt8](hexadecimal: Self.modulus.filter { !$0.isWhitespace }))
        guard case .rsa(let detail, _) = template.parameters else { return template }
        return TPMTPublic(
            nameAlg: template.nameAlg,
            objectAttributes: template.objectAttributes,
            authPolicy: template.authPolicy,
            parameters: .rsa(detail, unique: modulus)
        )
    }

    @Test func aWeakKeyIsRefusedAndWaivedByName() throws {
        var profile = try TestLine.profile("rsa2048")
        let area = try weak(EndorsementKeyTemplate.rsa2048.area)
        let found = profile.weaknesses(of: ["endorsement key": area])
        #expect(found.refusals.map(\.code) == ["key-untrusted"])
        #expect(found.refusals.first?.description.contains("endorsement key: CVE-2017-15361 (ROCA)") == true)
        let template = DeviceIdentityTemplate.rsa2048
        let (iak, idevid) = (template.iak(uniqueY: .empty), template.idevid(uniqueY: .empty))
        for (one, other) in [(try weak(iak), idevid), (iak, try weak(idevid))] {
            #expect(throws: BirthRefusal.self) { try profile.judge(iak: one, idevid: other) }
        }
        let reason = try #require(Remark("boards of the lab"))
        profile.waivedAdvisories = [AdvisoryWaiver(advisory: TestLine.label("CVE-2017-15361"), reason: reason)]
        let waived = try profile.judge(iak: weak(iak), idevid: idevid)
        #expect(waived.map(\.consequence) == [.waived])
        #expect(waived.needed(of: profile.waivers) == profile.waivedAdvisories)
    }

    private func enrolmentKey() throws -> TPMTPublic {
        var area = ResidencyProof.enrolmentTemplate
        guard case .ecc(let detail, _) = area.parameters else { return area }
        let point = Array(P256.Signing.PrivateKey().publicKey.rawRepresentation)
        area.parameters = .ecc(detail, unique: TPMSECCPoint(x: Array(point[..<32]), y: Array(point[32...])))
        return area
    }

    /// The CA asks the key itself, whatever the station has judged.
    @Test func theCAJudgesTheKeyToo() async throws {
        try await TestLine.with { line in
            let area = try weak(EndorsementKeyTemplate.rsa2048.area)
            let authority = try FactoryAuthority(opening: line.station.directory.authority)
            let digest = LowercaseHex.encode(EKAllowList.digest(of: area))
            try Data(digest.utf8).write(to: URL(filePath: authority.directory.ekAllowList))
            let desk = EnrolmentDesk(authority, now: { TestLine.now })
            var request = EnrolmentRequest(
                serial: TestLine.label("GW-0001"),
                model: TestLine.label("gw-100"),
                tier: .vtpm,
                endorsementKey: Blob(area.bytes),
                certificateIndex: 0x01C0_0002,
                certificate: nil,
                intermediates: [],
                enrolmentKey: Blob(try enrolmentKey().bytes)
            )
            let refusal = await #expect(throws: BirthRefusal.self) {
                try await desk.challenge(request, from: TestLine.label("line-1"))
            }
            #expect(refusal?.reasons.map(\.code) == ["key-untrusted"])
            let reason = try #require(Remark("boards of the lab"))
            request.waivedAdvisories = [AdvisoryWaiver(advisory: TestLine.label("CVE-2019-16863"), reason: reason)]
            await #expect(throws: BirthRefusal.self) {
                try await desk.challenge(request, from: TestLine.label("line-1"))
            }
            request.waivedAdvisories?.append(AdvisoryWaiver(advisory: TestLine.label("CVE-2017-15361"), reason: reason))
            _ = try await desk.challenge(request, from: TestLine.label("line-1"))
        }
    }
}
