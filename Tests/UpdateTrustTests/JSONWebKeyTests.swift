import Crypto
import Messages
import TPMWire
import Testing

@testable import UpdateTrust

@Suite struct JSONWebKeyTests {
    /// RFC 7638 section 3.1.
    @Test func exampleOfTheStandard() throws {
        let modulus = try #require(
            Base64URL.decode(
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
                    + "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
                    + "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
                    + "pJzKnqDKgw"
            )
        )
        let key = JSONWebKey.rsa(modulus: modulus, exponent: [1, 0, 1])
        #expect(key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        let area = TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: TPMAObject(rawValue: 0x0005_00F2),
            parameters: .rsa(TPMSRSAParms(symmetric: .null, scheme: .rsapss(.sha256), keyBits: 2048), unique: modulus)
        )
        #expect(JSONWebKey(publicArea: area.bytes) == key, "exponent 0 stands for 65537")
    }

    /// RFC 7517 appendix A.1, whose thumbprint is computed independently here from its members.
    @Test func ellipticCurveMembersInTheirOrder() throws {
        let x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
        let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
        let key = JSONWebKey.ellipticCurve(
            curve: "P-256",
            x: try #require(Base64URL.decode(x)),
            y: try #require(Base64URL.decode(y))
        )
        let text = #"{"crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#
        #expect(key.thumbprint == Base64URL.encode(SHA256.hash(data: Array(text.utf8))))
    }

    /// A TPM may leave out leading zeros of a coordinate; the thumbprint must not change with it.
    @Test func coordinatesArePaddedToTheCurve() throws {
        func key(x: [UInt8], y: [UInt8], curve: ECCCurve = .p256) -> JSONWebKey? {
            JSONWebKey(
                publicArea: TPMTPublic(
                    nameAlg: .sha256,
                    objectAttributes: TPMAObject(rawValue: 0x0005_00F2),
                    parameters: .ecc(
                        TPMSECCParms(symmetric: .null, scheme: .ecdsa(.sha256), curveID: curve),
                        unique: TPMSECCPoint(x: x, y: y)
                    )
                ).bytes
            )
        }
        let y = [UInt8](repeating: 7, count: 32)
        let short = [UInt8](repeating: 9, count: 31)
        #expect(key(x: short, y: y) != nil)
        #expect(key(x: short, y: y) == key(x: [0] + short, y: y))
        #expect(key(x: [1] + [UInt8](repeating: 9, count: 32), y: y) == nil)
        #expect(key(x: [], y: y) == nil)
        #expect(key(x: [0, 0], y: y) == nil)
        #expect(key(x: short, y: y, curve: .sm2P256) == nil)
        #expect(key(x: short, y: y, curve: .p384)?.thumbprint != key(x: short, y: y)?.thumbprint)
    }

    @Test func statementKeyAndPublicAreaOfOneKeyAgree() {
        let key = P256.Signing.PrivateKey().publicKey
        #expect(JSONWebKey(publicArea: Sample.publicArea(of: key)) == JSONWebKey(StatementKey(key)))
    }

    @Test func otherBytesAreNoKey() {
        let key = P256.Signing.PrivateKey().publicKey
        let area = Sample.publicArea(of: key)
        #expect(JSONWebKey(publicArea: []) == nil)
        #expect(JSONWebKey(publicArea: area + [0]) == nil)
        for count in 0..<area.count { #expect(JSONWebKey(publicArea: Array(area.prefix(count))) == nil) }
        var statement = StatementKey(key)
        statement.publicKey.bytes[40] ^= 1
        #expect(JSONWebKey(statement) == nil, "not on the curve")
    }
}
