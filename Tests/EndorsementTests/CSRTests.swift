import Crypto
import FoundationEssentials
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Endorsement

/// A station's keys without a TPM: the statements are signed in software, as a TPM would.
private struct TestKeys {
    let attestation: P256.Signing.PrivateKey
    let identity: P256.Signing.PrivateKey
    let iak: TPMTPublic
    let idevid: TPMTPublic

    init() {
        attestation = P256.Signing.PrivateKey()
        identity = P256.Signing.PrivateKey()
        iak = Self.area(DeviceIdentityTemplate.eccP256.iak(), attestation.publicKey)
        idevid = Self.area(DeviceIdentityTemplate.eccP256.idevid(), identity.publicKey)
    }

    static func area(_ template: TPMTPublic, _ key: P256.Signing.PublicKey) -> TPMTPublic {
        var area = template
        if case .ecc(let detail, _) = area.parameters {
            let point = Array(key.rawRepresentation)
            area.parameters = .ecc(detail, unique: TPMSECCPoint(x: Array(point.prefix(32)), y: Array(point.suffix(32))))
        }
        return area
    }

    static func signature(_ message: [UInt8], _ key: P256.Signing.PrivateKey) throws -> TPMTSignature {
        let raw = Array(try key.signature(for: message).rawRepresentation)
        return .ecdsa(.sha256, r: Array(raw.prefix(32)), s: Array(raw.suffix(32)))
    }

    func statement(_ form: CSRForm, about name: Name? = nil) throws -> [UInt8] {
        let certified = try name ?? Name(of: idevid)
        let attested: TPMUAttest =
            switch form.certification {
            case .certify:
                .certify(name: certified, qualifiedName: try certified.qualified(under: Name(handle: .endorsement)))
            case .creation: .creation(objectName: certified, creationHash: [UInt8](repeating: 7, count: 32))
            }
        return TPMSAttest(
            qualifiedSigner: try Name(of: iak).qualified(under: Name(handle: .endorsement)),
            extraData: [],
            clockInfo: TPMSClockInfo(clock: 1, resetCount: 1, restartCount: 0, safe: true),
            firmwareVersion: 1,
            attested: attested
        ).bytes
    }

    func content(_ form: CSRForm = .own, about name: Name? = nil) throws -> IDevIDContent {
        let statement = try statement(form, about: name)
        return IDevIDContent(
            hash: .sha256,
            model: Array("gw-100".utf8),
            serial: Array("GW-0001".utf8),
            caData: Array("{}".utf8),
            endorsement: [0x30, 0x00],
            attestationKey: iak,
            attestationStatement: [],
            attestationStatementSignature: [],
            identityKey: idevid,
            identityStatement: statement,
            identityStatementSignature: try Self.signature(statement, attestation).bytes
        )
    }

    func request(_ content: IDevIDContent, form: CSRForm = .own) throws -> IDevIDRequest {
        let contents = content.bytes(form: form)
        let signature = try Self.signature(contents, identity)
        guard form.envelope != .none else {
            let written = form.signature == .tpmt ? signature.bytes : try der(signature)
            return try IDevIDRequest(contents: contents, signature: written, form: form)
        }
        return try IDevIDRequest(
            parsing: IDevIDRequest.bytes(contents: contents, signature: signature, form: form),
            form: form
        )
    }

    private func der(_ signature: TPMTSignature) throws -> [UInt8] {
        guard case .ecdsa(_, let r, let s) = signature else { return [] }
        return Array(try P256.Signing.ECDSASignature(rawRepresentation: r + s).derRepresentation)
    }
}

@Suite struct CSRTests {
    private let keys = TestKeys()

    @Test(arguments: CSRForm.all) func everyFormReadsWhatItWrote(form: CSRForm) throws {
        let content = try keys.content(form)
        let request = try keys.request(content, form: form)
        #expect(request.content == content)
        #expect(request.reasons.isEmpty)
        #expect(request.template == .eccP256)
    }

    /// One request is read in one form: no other form reads it, but for forms that differ in nothing that it holds.
    @Test(arguments: CSRForm.all) func noOtherFormReadsIt(form: CSRForm) throws {
        let contents = try keys.content(form).bytes(form: form)
        let signature = try TestKeys.signature(contents, keys.identity)
        guard form.envelope != .none else { return }
        let bytes = try IDevIDRequest.bytes(contents: contents, signature: signature, form: form)
        for other in CSRForm.all where other != form && other.envelope != .none {
            let read = try? IDevIDRequest(parsing: bytes, form: other)
            guard let read else { continue }
            // What a statement says is no matter of reading, but of judging.
            var same = other
            same.certification = form.certification
            #expect(same == form)
            #expect(read.reasons == [.statementOfAnotherType])
        }
    }

    @Test func attack49_everySizeFieldLies() throws {
        let contents = try keys.content().bytes(form: .own)
        let signature = try TestKeys.signature(contents, keys.identity)
        let honest = try IDevIDRequest.bytes(contents: contents, signature: signature, form: .own)
        _ = try IDevIDRequest(parsing: honest, form: .own)
        // The three sizes of the request, hashSz, and the thirteen of the contents.
        let sizes = [4, 8, 20] + (0..<13).map { 12 + 12 + 32 + 4 * $0 }
        for offset in sizes {
            for lie in Self.lies(honest, at: offset) {
                var bytes = honest
                bytes.replaceSubrange(offset..<offset + 4, with: lie)
                #expect(throws: CSRError.self) { try IDevIDRequest(parsing: bytes, form: .own) }
                // The same with the digest made right, so that the sizes themselves are judged.
                let digest = SHA256.hash(data: bytes[56..<12 + contents.count])
                bytes.replaceSubrange(24..<56, with: Array(digest))
                if let read = try? IDevIDRequest(parsing: bytes, form: .own) { #expect(!read.reasons.isEmpty) }
            }
        }
    }

    private static func lies(_ bytes: [UInt8], at offset: Int) -> [[UInt8]] {
        let size = bytes[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return [size &+ 1, size &- 1, .max, .max - 1, 1 << 31, UInt32.max / 13, 0].filter { $0 != size }.map { lie in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: lie >> $0) }
        }
    }

    /// Two fields whose sizes add up as before: the bytes fit, and are other fields.
    @Test func attack49_sizesThatAddUp() throws {
        var content = try keys.content()
        content.model = Array("gw-10".utf8)
        content.serial = Array("0GW-0001".utf8)
        let shifted = try keys.request(content)
        let honest = try keys.request(keys.content())
        #expect(shifted.content.caData == honest.content.caData)
        #expect(shifted.contentBytes != honest.contentBytes)
        // It is another request, and the signature of the first is not its own.
        let forged = try IDevIDRequest(
            contents: shifted.contentBytes,
            signature: honest.signature.bytes,
            form: .own
        )
        #expect(forged.reasons == [.requestSignatureInvalid])
    }

    @Test func attack49_hashPresentOrAbsent() throws {
        var absent = CSRForm.own
        absent.contentHash = .absent
        let bytes = { (form: CSRForm) throws -> [UInt8] in
            let contents = try keys.content(form).bytes(form: form)
            let signature = try TestKeys.signature(contents, keys.identity)
            return try IDevIDRequest.bytes(contents: contents, signature: signature, form: form)
        }
        #expect(throws: CSRError.self) { try IDevIDRequest(parsing: try bytes(.own), form: absent) }
        #expect(throws: CSRError.self) { try IDevIDRequest(parsing: try bytes(absent), form: .own) }
        var wrong = try bytes(.own)
        wrong[24] ^= 1
        #expect(throws: CSRError.self) { try IDevIDRequest(parsing: wrong, form: .own) }
    }

    @Test func attack02_everyTruncationOfARequestIsRefused() throws {
        let contents = try keys.content().bytes(form: .own)
        let bytes = try IDevIDRequest.bytes(
            contents: contents,
            signature: TestKeys.signature(contents, keys.identity),
            form: .own
        )
        for count in bytes.indices {
            #expect(throws: CSRError.self) { try IDevIDRequest(parsing: Array(bytes.prefix(count)), form: .own) }
        }
        #expect(throws: CSRError.self) { try IDevIDRequest(parsing: bytes + [0], form: .own) }
    }

    @Test(arguments: ["", "a\nb", "a\0", "\u{202E}1000-WG", "a b", String(repeating: "x", count: 65)])
    func attack50_productText(text: String) throws {
        for path in [\IDevIDContent.model, \IDevIDContent.serial] {
            var content = try keys.content()
            content[keyPath: path] = Array(text.utf8)
            do throws(CSRError) {
                let bytes = content.bytes(form: .own)
                let request = try IDevIDRequest(
                    contents: bytes,
                    signature: (try? TestKeys.signature(bytes, keys.identity).bytes) ?? [],
                    form: .own
                )
                #expect(request.reasons == [.productUnsuitable])
            } catch {
                // Longer than the field may be: not even read.
                #expect(text.utf8.count > 64)
            }
        }
        #expect(throws: CSRError.self) {
            var content = try keys.content()
            content.serial = [UInt8](repeating: 0x41, count: 1 << 20)
            _ = try IDevIDContent(parsing: content.bytes(form: .own), form: .own)
        }
    }

    @Test func attack32_theCertifiedKeyIsAnother() throws {
        let other = TestKeys()
        let content = try keys.content(about: Name(of: other.idevid))
        #expect(try keys.request(content).reasons == [.statementOfAnotherKey])
        // And with the other's key in the request: its owner has not signed it.
        var swapped = try keys.content()
        swapped.identityKey = other.idevid
        #expect(try keys.request(swapped).reasons == [.requestSignatureInvalid, .statementOfAnotherKey])
    }

    @Test(arguments: CSRForm.all) func aDiagnosisNamesTheForm(form: CSRForm) throws {
        let contents = try keys.content(form).bytes(form: form)
        let signature = try TestKeys.signature(contents, keys.identity)
        let diagnosis: CSRDiagnosis
        if form.envelope == .none {
            guard form.signature == .tpmt else { return }
            diagnosis = CSRDiagnosis(of: contents, signature: signature.bytes, asked: form)
        } else {
            let bytes = try IDevIDRequest.bytes(contents: contents, signature: signature, form: form)
            diagnosis = CSRDiagnosis(of: bytes, signature: nil, asked: form)
        }
        #expect(diagnosis.kind == "TCG-CSR-IDEVID")
        #expect(diagnosis.forms == [form])
        #expect(diagnosis.problems.isEmpty)
    }

    @Test func garbageIsNoRequest() {
        for bytes in [[], [0x30, 0x03, 0x02, 0x01, 0x00], [UInt8](repeating: 0, count: 4096)] {
            let diagnosis = CSRDiagnosis(of: bytes, signature: nil, asked: .own)
            #expect(diagnosis.kind == "unknown")
            #expect(!diagnosis.problems.isEmpty)
        }
    }

    @Test func attack25_theStatementIsAnothers() throws {
        var content = try keys.content()
        content.identityStatementSignature = try TestKeys.signature(
            content.identityStatement,
            P256.Signing.PrivateKey()
        ).bytes
        #expect(try keys.request(content).reasons == [.statementSignatureInvalid])
    }

    @Test func attack26_everyAttributeOfEitherKey() throws {
        for bit in 0..<32 {
            for path in [\IDevIDContent.attestationKey, \IDevIDContent.identityKey] {
                var content = try keys.content()
                content[keyPath: path].objectAttributes.formSymmetricDifference(TPMAObject(rawValue: 1 << bit))
                let bytes = content.bytes(form: .own)
                do throws(CSRError) {
                    let signature = (try? TestKeys.signature(bytes, keys.identity).bytes) ?? []
                    let request = try IDevIDRequest(contents: bytes, signature: signature, form: .own)
                    #expect(request.reasons == [.keysUnsuitable])
                } catch {
                    // A reserved bit: no public area at all.
                    #expect(error.description.contains("TPMT_PUBLIC"))
                }
            }
        }
    }
}
