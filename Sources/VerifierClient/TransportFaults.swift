import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

extension VerifierClient {
    /// What the libraries say of an exchange that failed, in the words of this one.
    func fault(_ error: any Error) -> VerifierClientError {
        switch error {
        case let error as VerifierClientError: return error
        case is NIOTooManyBytesError: return .malformedAnswer("it is larger than any answer may be")
        case let error as NIOSSLError where error.isHangUp: return .unreachable(url: url, Self.hangUp)
        case let error as NIOSSLError: return untrusted(Self.text(error))
        case let error as NIOSSLExtraError: return untrusted(error.description)
        case let error as BoringSSLError: return untrusted(String(describing: error))
        case let error as HTTPClientError:
            switch error {
            case .readTimeout, .deadlineExceeded, .connectTimeout, .tlsHandshakeTimeout: return .timedOut(url: url)
            case .invalidURL, .emptyHost, .emptyScheme: return .unusable("\"\(url)\" is not an address")
            default: return .unreachable(url: url, error.shortDescription)
            }
        case let error as NIOConnectionError
        where error.connectionErrors.contains { ($0.error as? NIOSSLError) == .failedToLoadPrivateKey }:
            return .unusable("the operator's key is not the one of the certificate")
        case let error as NIOConnectionError: return .unreachable(url: url, Self.text(error))
        case let error as IOError: return .unreachable(url: url, error.text)
        default: return .unreachable(url: url, String(describing: error))
        }
    }

    fileprivate static let hangUp = "the connection was closed there, as by a service that has too many"

    /// An alert comes from the other side (RFC 8446 section 6.2): then it is our certificate that somebody did not like.
    private func untrusted(_ text: String) -> VerifierClientError {
        let isAboutUs = ["_ALERT_BAD_CERTIFICATE", "_ALERT_CERTIFICATE_", "_ALERT_UNKNOWN_CA"].contains(
            where: text.contains
        )
        return isAboutUs
            ? .turnedAway(url: url, isExpired: text.contains("CERTIFICATE_EXPIRED")) : .untrusted(url: url, text)
    }

    /// One cause out of those of every address that was tried.
    private static func text(_ error: NIOConnectionError) -> String {
        switch error.connectionErrors.first?.error {
        case let failure as IOError: "\(error.host), port \(error.port): \(failure.text)"
        case let failure?: "\(error.host), port \(error.port): \(failure)"
        case nil: "the name \(error.host) cannot be resolved"
        }
    }

    private static func text(_ error: NIOSSLError) -> String {
        guard case .handshakeFailed(let cause) = error else { return String(describing: error) }
        let text = String(describing: cause)
        return text.contains("CERTIFICATE_VERIFY_FAILED")
            ? "its certificate does not chain to the bundle's roots, or has expired" : text
    }
}

extension NIOSSLError {
    /// Whether the other side closed the connection and no more: nobody has shown himself to be somebody else.
    fileprivate var isHangUp: Bool {
        self == .uncleanShutdown || self == .handshakeFailed(.sslError([.eofDuringHandshake]))
    }
}

extension IOError {
    /// The system's words for the error, without the library's.
    fileprivate var text: String {
        switch errnoCode {
        case ECONNREFUSED: "nobody listens there"
        case EHOSTUNREACH, ENETUNREACH: "no way leads there"
        case ECONNRESET: VerifierClient.hangUp
        default: description
        }
    }
}
