public import TPMWire

/// The entry that every list begins with: the digest over the PCRs that were extended before Linux ran.
public enum IMABootAggregate {
    /// What the entry is called; no path of a file is, for those begin with a slash.
    public static let name = Array("boot_aggregate".utf8)

    /// Kernels before 5.8, and all of them with SHA-1, leave out the PCRs of the boot loader.
    private static let spans = [0...9, 0...7]

    /// How many digests the entry may have, one of which it has.
    public static let forms = spans.count

    /// The digests that the entry may have, by PCR values of one bank; fewer than ``forms`` when PCRs are missing.
    ///
    /// It is made with the bank's own hash.
    public static func digests(of values: [Int: [UInt8]], bank: AlgorithmID) -> [IMAFileDigest] {
        guard let hash = BankHash(bank) else { return [] }
        return spans.compactMap { span in
            let parts = span.compactMap { values[$0] }
            guard parts.count == span.count, parts.allSatisfy({ $0.count == hash.digestSize }) else { return nil }
            let digest = hash.digest(of: Array(parts.joined())[...])
            return IMAFileDigest(algorithm: bank.description, bytes: digest)
        }
    }
}
