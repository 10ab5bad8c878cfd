public import AttestationResults
import Messages
import TPMWire

/// What `birthmark quote verify` says of one quote; its JSON is what scripts rely on.
public struct QuoteReport: Hashable, Sendable, Codable {
    /// `accepted` or `refused`.
    public enum Judgement: String, Hashable, Sendable, Codable {
        case accepted
        case refused
    }

    /// What the key's public area says of it: `unknown` when only a PEM key was given, which has none.
    public enum KeyAttributes: String, Hashable, Sendable, Codable {
        case accepted
        case refused
        case unknown
    }

    /// The verdict over everything that could be judged.
    public var verdict: Judgement
    /// The codes of the checks that failed, in order; empty exactly when the quote is accepted.
    public var reasons: [ReasonCode]
    /// The same with words: what the check is, and what was seen.
    public var findings: [Finding]
    /// Whether the key is one that can sign nothing but what a TPM made.
    public var keyAttributes: KeyAttributes
    /// Whether the qualifying data was compared with a nonce.
    public var nonceChecked: Bool
    /// Whether PCR values were compared with the quoted digest.
    public var pcrsChecked: Bool
    /// What the bytes say, when they are a quote at all: proven only when the verdict is `accepted`.
    public var quote: QuoteContents?

    /// One check that failed.
    public struct Finding: Hashable, Sendable, Codable {
        /// The reason's code.
        public var code: ReasonCode
        /// The number of the check in the documentation's table.
        public var check: String
        /// One sentence for people.
        public var sentence: String
        /// What was seen.
        public var detail: String
    }

    /// Whether the evidence was not even of the right form, so that nothing was judged beyond that.
    public var isMalformed: Bool {
        reasons.contains { $0 == .signatureMalformed || $0 == .attestMalformed }
    }

    init(reasons: [Reason], keyAttributes: KeyAttributes, nonceChecked: Bool, pcrsChecked: Bool, quote: QuoteContents?)
    {
        verdict = reasons.isEmpty ? .accepted : .refused
        self.reasons = reasons.map(\.code)
        findings = reasons.map {
            Finding(code: $0.code, check: $0.code.check, sentence: $0.code.sentence, detail: $0.detail)
        }
        self.keyAttributes = keyAttributes
        self.nonceChecked = nonceChecked
        self.pcrsChecked = pcrsChecked
        self.quote = quote
    }
}

/// The fields of a quote, for people and scripts.
public struct QuoteContents: Hashable, Sendable, Codable {
    /// The qualified Name of the signing key, in hexadecimal.
    public var qualifiedSigner: String
    /// The qualifying data, in hexadecimal.
    public var extraData: String
    /// The TPM's clock and counters.
    public var clock: ClockReading
    /// `0x` and 16 hexadecimal digits, because it does not fit the numbers of every JSON reader.
    public var firmwareVersion: String
    /// The banks and their PCRs, in the order in which they were quoted.
    public var pcrs: [Bank]
    /// The digest of the PCR values, in hexadecimal.
    public var pcrDigest: String

    /// One bank of a selection.
    public struct Bank: Hashable, Sendable, Codable {
        /// The bank's hash, as tpm2-tools spells it.
        public var bank: String
        /// The PCRs, ascending.
        public var pcrs: [Int]
    }

    init(_ quote: Quote) {
        let digits = String(quote.attest.firmwareVersion, radix: 16)
        qualifiedSigner = quote.attest.qualifiedSigner.contents.hexadecimal
        extraData = quote.attest.extraData.hexadecimal
        clock = ClockReading(quote.attest.clockInfo)
        firmwareVersion = "0x" + String(repeating: "0", count: 16 - digits.count) + digits
        pcrs = quote.info.pcrSelect.selections.map { Bank(bank: $0.hash.description, pcrs: $0.pcrs) }
        pcrDigest = quote.info.pcrDigest.hexadecimal
    }
}
