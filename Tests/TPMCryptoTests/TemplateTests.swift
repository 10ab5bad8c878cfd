import TPMCrypto
import TPMWire
import Testing

@Suite struct TemplateTests {
    @Test(arguments: DeviceIdentityTemplate.allCases)
    func identityKeys(template: DeviceIdentityTemplate) {
        #expect(template.iak().objectAttributes.rawValue == 0x0005_00F2)
        #expect(template.idevid().objectAttributes.rawValue == 0x0004_00F2)
        #expect(template.enrolmentKey.objectAttributes.rawValue == 0x0005_0072)
        #expect(template.enrolmentKey.authPolicy.isEmpty)
        for area in [template.iak(), template.idevid()] {
            #expect(area.nameAlg == template.nameAlg)
            #expect(area.authPolicy.count == template.nameAlg.digestSize)
        }
        #expect(template.iak().scheme?.hashAlgorithm == template.nameAlg)
        #expect(template.enrolmentKey.scheme == template.iak().scheme)
        #expect(template.idevid().scheme == (template == .rsa2048 ? .null : template.iak().scheme))
    }

    @Test func attack36_uniqueYVariantsDiffer() {
        for template in [DeviceIdentityTemplate.eccP256, .eccP384] {
            #expect(template.iak(uniqueY: .empty) != template.iak(uniqueY: .repeated))
            #expect(template.idevid(uniqueY: .empty) != template.idevid(uniqueY: .repeated))
        }
        #expect(
            DeviceIdentityTemplate.rsa2048.iak(uniqueY: .empty)
                == DeviceIdentityTemplate.rsa2048.iak(uniqueY: .repeated)
        )
    }

    /// The bytes of one template written down by hand from the standard's fields.
    @Test func theBytesOfTheP256AttestationKey() {
        let policy = "5437182326e414fca797d5f174615a1641f61255797c3a2b22c21d120b2d1e07"
        let head = "0023 000b 000500f2 0020" + policy + "0010 0018 000b 0003 0010 0003 49414b"
        #expect(DeviceIdentityTemplate.eccP256.iak().bytes == hex(head + "0000"))
        #expect(DeviceIdentityTemplate.eccP256.iak(uniqueY: .repeated).bytes == hex(head + "0003 49414b"))
        let idevid = "ad6b3a2284fd698a0710bf5cc1b9bdf15e2532e3f601fa4b93a6a8fa8de579ea"
        #expect(
            DeviceIdentityTemplate.rsa2048.idevid().bytes
                == hex("0001 000b 000400f2 0020" + idevid + "0010 0010 0800 00000000 0006 494445564944")
        )
    }

    @Test func storageKeys() {
        #expect(EndorsementKeyTemplate.rsa2048.area.objectAttributes.rawValue == 0x0003_00B2)
        #expect(EndorsementKeyTemplate.eccP256.area.objectAttributes.rawValue == 0x0003_00B2)
        #expect(EndorsementKeyTemplate.eccP384.area.objectAttributes.rawValue == 0x0003_00F2)
        #expect(EndorsementKeyTemplate(rawValue: "L-2") == .eccP256)
    }

    @Test func everyTemplateIsWrittenAsItIsRead() throws {
        let areas =
            DeviceIdentityTemplate.allCases.flatMap { [$0.iak(), $0.idevid(uniqueY: .repeated), $0.enrolmentKey] }
            + EndorsementKeyTemplate.allCases.map(\.area)
        for area in areas { #expect(try TPMTPublic(parsing: area.bytes) == area) }
        #expect(Set(areas).count == areas.count)
    }
}
