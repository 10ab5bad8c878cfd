import AttestationResults
import Crypto
import Hashing
package import Messages
package import TPMWire
import Wording

/// D8 and D9: the quote covers the PCRs that were asked for, and the values given beside it are the quoted ones.
///
/// A TPM does not quote what it was asked: it clears PCRs and banks that it does not have, so the answer is compared.
enum SelectionChecks {
    /// D8: exactly one bank, the asked one, and exactly its PCRs.
    static func selection(_ info: TPMSQuoteInfo, is asked: PCRSet) -> Reason? {
        guard info.pcrSelect.selections.count == 1, let selection = info.pcrSelect.selections.first,
            selection.hash == asked.bank.algorithm, let bits = bitmap(selection), bits == asked.bitmap
        else { return Reason(.selectionMismatch, describe(info.pcrSelect)) }
        return nil
    }

    /// D8 for a quote of unknown purpose: at least one bank better than SHA-1, none twice, none empty, every PCR below 24.
    static func banks(_ info: TPMSQuoteInfo) -> Reason? {
        let selections = info.pcrSelect.selections
        let sound = selections.allSatisfy { selection in
            PCRBank(selection.hash) != nil && bitmap(selection).map { $0 != 0 } ?? false
        }
        let strong = selections.contains { Hashes.accepted($0.hash) }
        guard sound, strong, info.pcrSelect.duplicateBanks.isEmpty else {
            return Reason(.selectionMismatch, describe(info.pcrSelect))
        }
        return nil
    }

    /// D9: the digest, with the hash of the signing scheme, over the values in the order of the selection.
    /// - Parameter supplied: one set of values a bank: exactly the quoted PCRs and no other.
    static func digest(_ info: TPMSQuoteInfo, of supplied: [PCRValues], hash: AlgorithmID) -> Reason? {
        switch hash {
        case .sha256: digest(info, of: supplied, SHA256.self)
        case .sha384: digest(info, of: supplied, SHA384.self)
        case .sha512: digest(info, of: supplied, SHA512.self)
        default: Reason(.pcrDigestMismatch, "hash \(hash)")
        }
    }

    private static func digest<Function: HashFunction>(
        _ info: TPMSQuoteInfo,
        of supplied: [PCRValues],
        _: Function.Type
    ) -> Reason? {
        guard supplied.count == info.pcrSelect.selections.count else {
            return Reason(.pcrDigestMismatch, "values of \(Counted.of(supplied.count, "bank"))")
        }
        var quoted: [UInt8] = []
        for selection in info.pcrSelect.selections {
            guard let given = supplied.first(where: { $0.bank.algorithm == selection.hash }),
                given.bitmap == bitmap(selection)
            else { return Reason(.pcrDigestMismatch, "the values given are not of the quoted PCRs") }
            quoted = quoted.isEmpty ? given.concatenated : quoted + given.concatenated
        }
        return Function.isDigest(info.pcrDigest.span, of: quoted.span)
            ? nil : Reason(.pcrDigestMismatch, "pcrDigest " + info.pcrDigest.hexadecimal)
    }

    /// The selected PCRs as bits, PCR 0 lowest; nil unless three bytes hold them, or four of which the last is zero.
    static func bitmap(_ selection: TPMSPCRSelection) -> UInt32? {
        let bytes = selection.pcrSelect
        let size = TPMSPCRSelection.usualSize
        guard bytes.count == size || (bytes.count == size + 1 && bytes.last == 0) else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func describe(_ list: TPMLPCRSelection) -> String {
        guard !list.selections.isEmpty else { return "nothing selected" }
        return list.selections
            .map { "\($0.hash):" + $0.pcrs.map(String.init).joined(separator: ",") }
            .joined(separator: "+")
    }
}

extension PCRBank {
    /// The bank's hash.
    package var algorithm: AlgorithmID {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }

    /// The bank of a hash; nil when there is none here.
    init?(_ algorithm: AlgorithmID) {
        guard let bank = Self.allCases.first(where: { $0.algorithm == algorithm }) else { return nil }
        self = bank
    }
}

extension PCRSet {
    /// The PCRs as bits, PCR 0 lowest.
    var bitmap: UInt32 { pcrs.reduce(0) { $0 | 1 << UInt32($1) } }
}
