// Part 3, chapter 16: Random Number Generator.

internal import CTSS2

extension TPMConnection {
    /// TPM2_GetRandom, repeated until all bytes are there: a TPM gives at most the size of its largest digest at once.
    public func random(count: Int) throws(TPMError) -> [UInt8] {
        guard (0...Self.randomLimit).contains(count) else {
            throw TPMError(Command.getRandom.name, argument: "\(count) bytes asked, 0 to \(Self.randomLimit) allowed")
        }
        var bytes: [UInt8] = []
        while bytes.count < count {
            let wanted = UInt16(count - bytes.count)
            var random = Out<TPM2B_DIGEST>()
            try run(.getRandom) {
                unsafe Esys_GetRandom(
                    $0.pointer,
                    ESYS_TR_NONE,
                    ESYS_TR_NONE,
                    ESYS_TR_NONE,
                    wanted,
                    &random.pointer
                )
            }
            let received = try random.buffer(for: Command.getRandom.name)
            guard !received.isEmpty, received.count <= Int(wanted) else {
                throw TPMError(Command.getRandom.name, malformed: "\(received.count) bytes for \(wanted) asked")
            }
            bytes += received
        }
        return bytes
    }

    /// Nobody needs more at a time, and a mistaken count must not keep the TPM busy for minutes.
    private static let randomLimit = 4096
}
