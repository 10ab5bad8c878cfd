/// Reads the text of a proof line by line: what it is of, the hashes up to an empty line, and the checkpoint behind that.
struct ProofLines {
    private static let newline = UInt8(ascii: "\n")

    private let form: LedgerFormatError.Form
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8], of form: LedgerFormatError.Form) {
        self.form = form
        rest = bytes[...]
    }

    mutating func next() throws(LedgerFormatError) -> ArraySlice<UInt8> {
        guard let end = rest.firstIndex(of: Self.newline) else { throw LedgerFormatError(form, "cut short") }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// The number of entries behind a label; `nil` when the next line is not both.
    mutating func number(after label: String) throws(LedgerFormatError) -> Int? {
        let line = try next()
        guard line.starts(with: label.utf8) else { return nil }
        return Decimal.parse(line.dropFirst(label.utf8.count), max: MerkleTree.maxSize)
    }

    /// The hashes up to the empty line.
    mutating func path(atMost maximum: Int) throws(LedgerFormatError) -> [TreeHash] {
        var path: [TreeHash] = []
        while true {
            let line = try next()
            if line.isEmpty { return path }
            guard path.count < maximum else { throw LedgerFormatError(form, "more than \(maximum) hashes") }
            guard let hash = Base64.decode(line).flatMap({ TreeHash($0) }) else {
                throw LedgerFormatError(form, "a hash is not 32 bytes in base64")
            }
            path.append(hash)
        }
    }

    /// The checkpoint that all the rest has to be.
    func checkpoint() throws(LedgerFormatError) -> SignedCheckpoint { try SignedCheckpoint(parsing: Array(rest)) }
}
