import AttestationResults
public import Messages
import TPMWire

/// Judges one quote without a record of the instance: what an operator holds in his hands, off line.
///
/// The same checks as an appraisal's, without those that need a record: the parent of the key (D3), what was last seen of the
/// clock and the firmware (D6, D7), which PCRs were asked for (D8) and what they mean (E).
public enum QuoteJudgement {
    /// Judges a quote.
    /// - Parameters:
    ///   - key: the public half of the key that is said to have signed.
    ///   - attest: TPMS_ATTEST, or TPM2B_ATTEST as some tools write it.
    ///   - signature: TPMT_SIGNATURE.
    ///   - nonce: the qualifying data that the quote must carry; `nil` leaves freshness unjudged.
    ///   - pcrs: the values of every quoted PCR and no other, one element a bank; `nil` leaves the digest unjudged.
    public static func judgeQuote(
        key: JudgedKey,
        attest: [UInt8],
        signature: [UInt8],
        nonce: [UInt8]?,
        pcrs: [PCRValues]?
    ) -> QuoteReport {
        let attest = withoutSize(attest)
        var reasons: [Reason] = []
        do { reasons = try check(key, attest, signature, nonce, pcrs) } catch { reasons = [error.reason] }
        return QuoteReport(
            reasons: reasons,
            keyAttributes: key.attributes,
            nonceChecked: nonce != nil,
            pcrsChecked: pcrs != nil,
            quote: contents(of: attest)
        )
    }

    /// The checks, in order.
    private static func check(
        _ key: JudgedKey,
        _ attest: [UInt8],
        _ bytes: [UInt8],
        _ nonce: [UInt8]?,
        _ pcrs: [PCRValues]?
    ) throws(Finding) -> [Reason] {
        if let publicArea = key.publicArea {
            try pass(KeyChecks.parameters(publicArea, nil))  // B1
            try pass(KeyChecks.attributes(publicArea, nil))  // B2
            try pass(KeyChecks.scheme(publicArea, nil))  // B3
            try pass(KeyChecks.policy(publicArea, nil))  // B4
        }
        let imported = try key.imported.get()  // B1, the point on its curve
        let signature = try SignatureChecks.form(bytes)  // C1
        if let publicArea = key.publicArea {
            try pass(SignatureChecks.scheme(signature, of: publicArea))  // C2
        } else {
            try pass(SignatureChecks.strength(signature))  // C2, as far as a PEM key tells
        }
        try pass(SignatureChecks.validity(signature, over: attest, by: imported))  // C3
        try pass(StructureChecks.magic(attest))  // D1
        try pass(StructureChecks.type(attest))  // D2
        let quote = try StructureChecks.whole(attest)  // D10
        try pass(StructureChecks.signer(quote, couldBe: key.publicArea))  // D3, without the parent

        var reasons: [Reason] = []
        func note(_ reason: Reason?) { if let reason { reasons.append(reason) } }
        if let nonce { note(StructureChecks.qualifyingData(quote, is: nonce)) }  // D4
        note(SelectionChecks.banks(quote.info))  // D8
        if let pcrs { note(SelectionChecks.digest(quote.info, of: pcrs, hash: signature.hashAlgorithm)) }  // D9
        return reasons
    }

    /// A TPM2B_ATTEST without its size; a TPMS_ATTEST cannot be taken for one, because its magic read as a size is larger
    /// than any file that is looked at.
    private static func withoutSize(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= 2, Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2 else { return bytes }
        return Array(bytes.dropFirst(2))
    }

    private static func contents(of attest: [UInt8]) -> QuoteContents? {
        guard let quote = try? StructureChecks.whole(attest) else { return nil }
        return QuoteContents(quote)
    }
}
