import CryptoExtras
import Foundation
import SeededRandom
import TPMCrypto
import TPMWire
import Testing

@testable import Endorsement

@Suite struct FastPrimeFingerprintTests {
    /// A number of 256 bytes, highest and lowest bit set, that is 65537^exponent modulo each prime of the test and modulo 2.
    private func number(_ exponent: Int, changing change: (prime: UInt, rest: UInt)? = nil) -> [UInt8] {
        let bytes = 256
        var random = SplitMix64(seed: UInt64(exponent))
        var number: [UInt8] = [UInt8(0xC0)] + (1..<bytes).map { _ in .random(in: 0...255, using: &random) }
        number[bytes - 1] |= 1
        func rest(_ prime: UInt) -> UInt { number.reduce(0) { ($0 << 8 | UInt($1)) % prime } }
        // Adding multiples of the product of those that fit already keeps them: the Chinese remainder theorem by hand.
        var step: [UInt8] = [2]
        for prime in FastPrimeFingerprint.primes {
            var wanted = (0..<exponent).reduce(UInt(1)) { power, _ in power * (65537 % prime) % prime }
            if let change, change.prime == prime { wanted = change.rest }
            while rest(prime) != wanted {
                var carry = 0
                for place in 0..<bytes {
                    let sum =
                        Int(number[bytes - 1 - place]) + (place < step.count ? Int(step[step.count - 1 - place]) : 0)
                        + carry
                    number[bytes - 1 - place] = UInt8(sum & 0xFF)
                    carry = sum >> 8
                }
            }
            var carry: UInt = 0
            for place in step.indices.reversed() {
                let product = UInt(step[place]) * prime + carry
                step[place] = UInt8(product & 0xFF)
                carry = product >> 8
            }
            while carry > 0 {
                step.insert(UInt8(carry & 0xFF), at: 0)
                carry >>= 8
            }
        }
        return number
    }

    @Test func thePrimesAreThoseOfThePublishedTest() {
        #expect(FastPrimeFingerprint.primes.count == 38)
        #expect(FastPrimeFingerprint.primes.prefix(4) == [3, 5, 7, 11] && FastPrimeFingerprint.primes.last == 167)
    }

    @Test(arguments: [0, 1, 2, 17, 65_536, 123_457]) func aPowerOf65537IsFound(exponent: Int) throws {
        let modulus = number(exponent)
        #expect(modulus.count == 256)
        let key = try PublicKey(rsaModulus: modulus)
        #expect(FastPrimeFingerprint.isOn(key))
        guard case .rsa(let detail, _) = EndorsementKeyTemplate.rsa2048.area.parameters else {
            Issue.record("the template is not of RSA")
            return
        }
        var area = EndorsementKeyTemplate.rsa2048.area
        area.parameters = .rsa(detail, unique: modulus)
        let keys: KeyValuePairs = ["endorsement key": area, "template": EndorsementKeyTemplate.eccP256.area]
        let found = try #require(TPMAdvisoryFinding.weaknesses(of: keys, waived: ["CVE-1"]).first)
        #expect(found.consequence == .refused && found.key == "endorsement key")
        #expect(found.description.hasPrefix("endorsement key: CVE-2017-15361 (ROCA): "))
        let waived = TPMAdvisoryFinding.weaknesses(of: keys, waived: ["CVE-2017-15361"])
        #expect(waived.map(\.consequence) == [.waived])
    }

    /// One prime that disagrees is enough: 5 is no power of 65537 modulo 11, and 0 is none modulo any.
    @Test(arguments: [(11, 5), (3, 0), (167, 0)] as [(UInt, UInt)]) func onePrimeClears(prime: UInt, rest: UInt) {
        #expect(!FastPrimeFingerprint.isOn(modulus: number(29, changing: (prime, rest))))
    }

    /// One in some hundred million is on it by chance: the numbers are the same each time, and of the keys, which are others each time, two
    /// would be no chance.
    @Test func otherModuliAreNot() throws {
        var random = SplitMix64(seed: 0x524F_4341)
        for count in [256, 384, 512] {
            for _ in 0..<2_000 {
                var modulus = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
                modulus[count - 1] |= 1
                #expect(!FastPrimeFingerprint.isOn(modulus: modulus))
            }
        }
        let keys = try (0..<4).map { _ in
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048).publicKey
            return try PublicKey(rsaModulus: key.getKeyPrimitives().modulus.map(\.self))
        }
        #expect(keys.count { FastPrimeFingerprint.isOn($0) } < 2)
        #expect(!FastPrimeFingerprint.isOn(modulus: []))
    }

    /// Certificates of real TPMs: none of the corpus was made by affected firmware.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"] != nil))
    func theKeysOfTheCorpusAreNot() throws {
        let root = try #require(ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"])
        let files = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        var seen = 0
        for file in files where ["der", "crt", "cer", "bin", "pem"].contains((file as NSString).pathExtension) {
            guard let data = FileManager.default.contents(atPath: root + "/" + file),
                let key = try? EKCertificate(fromNV: [UInt8](data)).certificate.subjectKey,
                case .rsa = key.numbers
            else { continue }
            seen += 1
            #expect(!FastPrimeFingerprint.isOn(key), "\(file)")
        }
        #expect(seen > 0)
    }
}
