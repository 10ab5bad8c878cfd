import TPMCrypto
import TPMWire
import Testing

@Suite struct NameTests {
    /// The qualified Name of a leaf below a primary in the owner hierarchy, and of a leaf one level deeper.
    static let hierarchies: [(chain: [String], qualified: String)] = [
        (
            [
                "000b4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865",
                "000b53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3",
            ], "000b3e01dcd86b0426188bcd54271343a4baf067130f9ae6df0611d474e28b938ec0"
        ),
        (
            [
                "000b4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865",
                "000b53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3",
                "000b1121cfccd5913f0a63fec40a6ffd44ea64f9dc135c66634ba001d10bcf4302a2",
            ], "000b498fc06c91cca8c0a122d2d309f5b2e487c1d57da154d9109240506465c8b6c5"
        ),
    ]

    @Test(arguments: hierarchies)
    func qualifiedNames(chain: [String], qualified: String) throws {
        var name = Name(handle: .owner)
        for link in chain { name = try Name(contents: hex(link)).qualified(under: name) }
        #expect(name.contents == hex(qualified))
    }

    @Test func attack07_theHierarchyIsPartOfTheQualifiedName() throws {
        let name = try Name(contents: KnownAnswers.name)
        let hierarchies: [Handle] = [.owner, .endorsement, .platform, .null]
        let qualified = try hierarchies.map { try name.qualified(under: Name(handle: $0)) }
        #expect(Set(qualified).count == hierarchies.count)
    }

    @Test func aNameIsTheHashOfTheAreaAsItIsWritten() throws {
        let area = DeviceIdentityTemplate.eccP384.iak()
        let name = try Name(of: area)
        #expect(name.kind == .digest(.sha384, HashAlgorithm.sha384.digest(area.bytes)))
        // Not of the TPM2B around it.
        #expect(name.kind != .digest(.sha384, HashAlgorithm.sha384.digest(TPM2B(area).bytes)))
    }

    @Test func attack30_theSameKeyUnderAnotherNameAlgIsAnotherName() throws {
        var area = DeviceIdentityTemplate.eccP256.iak()
        let name = try Name(of: area)
        area.nameAlg = .sha384
        #expect(try Name(of: area) != name)
        area.nameAlg = .null
        #expect(try Name(of: area) == .empty)
        area.nameAlg = .sha3_256
        #expect(throws: TPMCryptoError.self) { try Name(of: area) }
    }

    /// NV index 0x01C07F01 of the EK profile, whose Name PolicyC contains.
    @Test func nvNames() throws {
        #expect(try Name(of: PolicyTests.policyIndex(.sha256)).contents.count == 34)
        var written = try PolicyTests.policyIndex(.sha256)
        let name = try Name(of: written)
        written.attributes.remove(.written)
        #expect(try Name(of: written) != name)
    }

    @Test func thingsWithoutADigestHaveNoQualifiedName() {
        #expect(throws: TPMCryptoError.self) { try Name.empty.qualified(under: Name(handle: .owner)) }
        #expect(throws: TPMCryptoError.self) { try Name(handle: .owner).qualified(under: Name(handle: .owner)) }
    }
}
