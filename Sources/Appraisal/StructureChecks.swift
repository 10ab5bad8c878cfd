import AttestationResults
import TPMCrypto
import TPMWire

/// D1 to D4 and D10: the signed bytes are one whole quote, by this key, about this request.
enum StructureChecks {
    private static let generated: [UInt8] = {
        var writer = ByteWriter()
        writer.uint32(TPMSAttest.generated)
        return writer.bytes
    }()
    private static let quoteTag = StructureTag.attestQuote.bytes

    /// D1: TPM_GENERATED_VALUE stands first, which a restricted key signs only for the TPM itself.
    static func magic(_ attest: [UInt8]) -> Reason? {
        let seen = attest.prefix(generated.count)
        return seen.elementsEqual(generated)
            ? nil : Reason(.notFromTPM, "begins with " + seen.hexadecimal)
    }

    /// D2: the type is a quote's; the same key certifies keys, NV contents and times, whose fields a quote would share.
    static func type(_ attest: [UInt8]) -> Reason? {
        let seen = attest.dropFirst(generated.count).prefix(quoteTag.count)
        guard seen.elementsEqual(quoteTag) else {
            let number = seen.reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
            return Reason(.notAQuote, "type \(StructureTag(rawValue: number))")
        }
        return nil
    }

    /// D10: every field within its bounds, `safe` 0 or 1, and nothing after the last.
    static func whole(_ bytes: [UInt8]) throws(Finding) -> Quote {
        let attest: TPMSAttest
        do throws(WireError) {
            guard bytes.count <= TPMSAttest.maximumSize else {
                throw WireError(.tooLong, field: "TPMS_ATTEST", offset: 0, value: UInt64(bytes.count))
            }
            var reader = ByteReader(bytes)
            attest = try TPMSAttest(from: &reader)
            try reader.finish("TPMS_ATTEST")
        } catch {
            throw Finding(.attestMalformed, error.description)
        }
        guard let info = attest.quote else { throw Finding(.notAQuote, "type \(attest.type)") }
        return Quote(attest: attest, info: info)
    }

    /// D3: the signer is this very key in its place: the same public area below another parent or in another hierarchy has
    /// another qualified Name.
    static func signer(_ quote: Quote, is qualifiedName: Name) -> Reason? {
        quote.attest.qualifiedSigner == qualifiedName
            ? nil : Reason(.signerMismatch, "qualifiedSigner \(quote.attest.qualifiedSigner)")
    }

    /// D3 for a key whose parent is not known: there is a signer, and its Name is of the key's kind.
    static func signer(_ quote: Quote, couldBe key: TPMTPublic?) -> Reason? {
        let seen = quote.attest.qualifiedSigner
        guard let algorithm = seen.algorithm, algorithm == key?.nameAlg ?? algorithm else {
            return Reason(.signerMismatch, "qualifiedSigner \(seen.contents.isEmpty ? "empty" : seen.description)")
        }
        return nil
    }

    /// D4: the qualifying data is that of this request, to the last byte and in constant time.
    static func qualifyingData(_ quote: Quote, is expected: [UInt8]) -> Reason? {
        constantTimeEqual(quote.attest.extraData, expected)
            ? nil : Reason(.notThisRequest, "extraData " + quote.attest.extraData.hexadecimal)
    }
}

/// A TPMS_ATTEST that is a quote.
struct Quote {
    let attest: TPMSAttest
    let info: TPMSQuoteInfo
}
