import Messages

/// `identity.sealed.json`: the identity as the platform has sealed it, and beside it how it is unsealed, in one file that is replaced
/// in one step.
struct SealedIdentity: Hashable, Codable {
    /// The format; 1 is the only one.
    var formatVersion = 1
    /// What seals the next one.
    var seal: String
    /// What unseals it.
    var unseal: String
    /// What the seal command gave.
    var sealed: Blob

    /// The most bytes of the file: the sealed form in base64, and two commands.
    static let maximumSize = 64 << 10

    init(_ sealed: [UInt8], by sealing: Sealing) {
        seal = sealing.seal
        unseal = sealing.unseal
        self.sealed = Blob(sealed)
    }

    /// Reads the file; people may have edited the commands.
    init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(SealedIdentity.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "sealed identity format \(formatVersion) is not known here")
        }
        guard sealed.bytes.count <= Sealing.maximumSize else {
            throw MessageError(.tooLarge, "a sealed form of \(sealed.bytes.count) bytes")
        }
    }

    var sealing: Sealing { Sealing(seal: seal, unseal: unseal) }
}
