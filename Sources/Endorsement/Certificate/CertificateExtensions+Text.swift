import SwiftASN1

extension CertificateExtensions {
    /// The names of RFC 5280, section 4.2.1.3, for the bits from the top.
    private static let usages = [
        "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign",
        "cRLSign", "encipherOnly", "decipherOnly",
    ]

    /// The key usage as the standard spells it.
    var keyUsageText: String {
        guard let keyUsage else { return "nothing" }
        let named = Self.usages.enumerated().filter { bit, _ in
            keyUsage.contains(KeyUsage(rawValue: (1 << 15) >> UInt16(bit)))
        }
        return named.isEmpty ? "nothing" : named.map(\.element).joined(separator: ", ")
    }

    /// The extended key usage as object identifiers; a hostile certificate fills no screen.
    var purposesText: String {
        guard let purposes, !purposes.isEmpty else { return "nothing" }
        return purposes.prefix(4).map(\.description).joined(separator: ", ").printable
            + (purposes.count > 4 ? " and \(purposes.count - 4) more" : "")
    }
}
