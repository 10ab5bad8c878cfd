public import Messages

/// What a certification request is, as far as its bytes tell: for people who have to state its form.
///
/// Nothing is certified by it.
public struct CSRDiagnosis: Sendable, Encodable {
    /// `TCG-CSR-IDEVID`, `PKCS #10`, or `unknown`.
    public var kind: String
    /// The forms in which it can be read and is judged good; more than one only when it holds nothing in which they differ.
    public var forms: [CSRForm]
    /// The form that was asked about, and what is wrong with the request in it; empty when nothing is.
    public var asked: CSRForm
    public var problems: [String]

    /// Looks at a request.
    /// - Parameters:
    ///   - signature: the request's signature, when it travels apart.
    ///   - form: the one that a profile states.
    public init(of request: [UInt8], signature: [UInt8]?, asked form: CSRForm) {
        asked = form
        if let old = try? CertificationRequest(der: request) {
            kind = "PKCS #10"
            forms = []
            problems = old.reasons.map(\.description)
            return
        }
        func read(_ form: CSRForm) throws(CSRError) -> IDevIDRequest {
            if let signature { return try IDevIDRequest(contents: request, signature: signature, form: form) }
            return try IDevIDRequest(parsing: request, form: form)
        }
        // Apart or together is seen, not stated: by whether there are two files.
        let candidates = CSRForm.all.filter { ($0.envelope == .none) == (signature != nil) }
        let readable = candidates.filter { (try? read($0)) != nil }
        forms = readable.filter { (try? read($0).reasons.isEmpty) == true }
        kind = readable.isEmpty ? "unknown" : "TCG-CSR-IDEVID"
        do throws(CSRError) {
            problems = try read(form).reasons.map(\.description)
        } catch {
            problems = [error.description]
        }
    }
}
