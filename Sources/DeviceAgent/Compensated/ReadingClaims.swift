import DurableFiles
import Messages

extension ClaimSource {
    private static let maximumSize = 256

    func read() throws(AgentError) -> Label {
        let bytes: [UInt8]
        do {
            bytes = try BoundedFile.readKept(path, limit: Self.maximumSize)
        } catch {
            throw AgentError(input: error)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let words = text.split { $0.isWhitespace || $0 == "\0" }
        guard let value = Label(words.joined(separator: "-")) else {
            throw AgentError(
                .malformed,
                "\(path) has no value for the claim \(name): \(Label.maximumLength) of A-Z a-z 0-9 . _ - + : at most",
                hint: "name a file that says what the hardware is in one word"
            )
        }
        return value
    }
}

extension [ClaimSource] {
    /// What the hardware says of itself now.
    func read() throws(AgentError) -> HardwareClaims {
        var values: [Label: Label] = [:]
        for source in self { values[source.name] = try source.read() }
        guard values.count == count, let claims = HardwareClaims(values) else {
            throw AgentError(
                .malformed,
                "claims have names of their own, and are at most \(HardwareClaims.maximumCount)",
                hint: "name each once"
            )
        }
        return claims
    }
}
