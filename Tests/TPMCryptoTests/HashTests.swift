import TPMCrypto
import TPMWire
import Testing

@Suite struct HashTests {
    /// FIPS 180-4 examples for "abc".
    static let abc: [(HashAlgorithm, [UInt8])] = [
        (.sha1, hex("a9993e364706816aba3e25717850c26c9cd0d89d")),
        (.sha256, hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        (
            .sha384,
            hex(
                """
                cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7
                """
            )
        ),
        (
            .sha512,
            hex(
                """
                ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
                2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
                """
            )
        ),
    ]

    @Test(arguments: abc)
    func digestsConcatenateTheirParts(hash: HashAlgorithm, expected: [UInt8]) {
        #expect(hash.digest(Array("abc".utf8)) == expected)
        #expect(hash.digest(Array("a".utf8), [], Array("bc".utf8)) == expected)
        #expect(expected.count == hash.digestSize)
        #expect(hash.id.digestSize == hash.digestSize)
        #expect((try? HashAlgorithm(hash.id)) == hash)
    }

    /// RFC 4231, test case 2.
    @Test func hmac() {
        let code = HashAlgorithm.sha256.hmac(
            key: Array("Jefe".utf8),
            Array("what do ya want ".utf8),
            Array("for nothing?".utf8)
        )
        #expect(code == hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"))
    }

    @Test(arguments: [AlgorithmID.sha3_256, .sha3_384, .sha3_512, .sm3_256, .null, .rsa, AlgorithmID(rawValue: 0xFFFF)])
    func otherAlgorithmsAreRefused(id: AlgorithmID) {
        #expect(throws: TPMCryptoError.self) { try HashAlgorithm(id) }
    }

    @Test(arguments: KnownAnswers.kdfa)
    func kdfa(derivation: Derivation) {
        #expect(derivation.kdfa == derivation.result)
    }

    @Test(arguments: KnownAnswers.kdfe)
    func kdfe(derivation: Derivation) {
        #expect(derivation.kdfe == derivation.result)
    }

    @Test func constantTimeComparison() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(constantTimeEqual([], []))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(!constantTimeEqual([0x80], [0]))
    }
}
