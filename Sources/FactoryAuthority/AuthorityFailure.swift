public import DurableFiles
public import Endorsement

/// Why a factory's CA cannot be made, opened or asked to sign.
public enum AuthorityFailure: Error, Sendable, CustomStringConvertible {
    case file(FileError)
    /// A file is there and is not what it should be; names it and what to do.
    case damaged(path: String, String)
    case certificate(CertificateAuthority.Failure)
    /// The key cannot be reached: a token, a TPM or a passphrase is missing or wrong.
    case key(String, hint: String)
    /// A token does not take the PIN: asked again and again it locks itself, so a file has to be put right first.
    case pin(String, hint: String)

    /// One sentence for people.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .damaged(let path, let detail): "\(path): \(detail)"
        case .certificate(let error): error.description
        case .key(let detail, _), .pin(let detail, _): detail
        }
    }

    static func run<Value>(_ body: () throws(FileError) -> Value) throws(AuthorityFailure) -> Value {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }

    static func run<Value>(
        _ body: () throws(CertificateAuthority.Failure) -> Value
    ) throws(AuthorityFailure) -> Value {
        do throws(CertificateAuthority.Failure) { return try body() } catch { throw .certificate(error) }
    }

    /// The file's bytes; nil when it does not exist.
    static func read(_ path: String, limit: Int) throws(AuthorityFailure) -> [UInt8]? {
        try run { () throws(FileError) in try BoundedFile.readIfThere(path, limit: limit) }
    }
}
