import FoundationEssentials

/// Writes what `SwiftASN1` reads, whose own writer takes the square of the length: ten minutes for 80,000 revocations.
enum PEMText {
    /// One document as the text of a file (RFC 7468, section 3).
    static func bytes(_ label: String, _ der: [UInt8]) -> [UInt8] {
        let base64 = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return Array("-----BEGIN \(label)-----\n\(base64)\n-----END \(label)-----\n".utf8)
    }
}
