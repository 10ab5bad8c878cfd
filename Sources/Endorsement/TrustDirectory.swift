import FoundationEssentials
import SwiftASN1

/// A directory of CA certificates: every `*.pem`, `*.der`, `*.crt` and `*.cer` in it, PEM or DER whatever the name says.
public enum TrustDirectory {
    /// Why a trust directory cannot be used.
    ///
    /// Nothing of it is used then: half a directory would refuse honest devices.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case unreadable(path: String)
        /// Names the file, and what is wrong with which certificate in it.
        case badFile(path: String, index: Int, CertificateError)
        case notPEM(path: String)
        case noCertificates(path: String)

        public var description: String {
            switch self {
            case .unreadable(let path): "cannot read \(path); give a directory of CA certificates (PEM or DER)"
            case .badFile(let path, let index, let error):
                "\(path), certificate \(index): \(error); remove or replace it"
            case .notPEM(let path): "\(path) begins as PEM and is not well-formed"
            case .noCertificates(let path): "\(path) holds no *.pem, *.der, *.crt or *.cer file with a certificate"
            }
        }
    }

    /// All of the world's TPM CAs in one file are under 400 KB.
    private static let maximumFileSize = 8 * 1024 * 1024
    private static let extensions: Set<String> = ["pem", "der", "crt", "cer"]

    /// Reads the directory (not what lies below it), in the order of file names.
    ///
    /// - Parameter workarounds: what CA certificates may need; none for an owner's own CA.
    public static func read(
        _ path: String,
        allowing workarounds: Set<Workaround> = Workaround.all
    ) throws(Failure) -> TrustAnchors {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw .unreadable(path: path)
        }
        var certificates: [ParsedCertificate] = []
        for name in names.sorted() where extensions.contains(name.split(separator: ".").last.map(String.init) ?? "") {
            certificates += try readFile(path + "/" + name, allowing: workarounds)
        }
        guard !certificates.isEmpty else { throw .noCertificates(path: path) }
        return TrustAnchors(certificates)
    }

    /// Reads one file: any number of PEM certificates, or one in DER.
    public static func readFile(
        _ path: String,
        allowing workarounds: Set<Workaround> = Workaround.all
    ) throws(Failure) -> [ParsedCertificate] {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { throw .unreadable(path: path) }
        guard data.count <= maximumFileSize else {
            throw .badFile(path: path, index: 0, .tooLarge(bytes: data.count, limit: maximumFileSize))
        }
        var documents = [Array(data)]
        if let text = String(validating: data, as: UTF8.self), text.contains("-----BEGIN ") {
            guard let parsed = try? PEMDocument.parseMultiple(pemString: text) else { throw .notPEM(path: path) }
            documents = parsed.filter { $0.discriminator == "CERTIFICATE" }.map(\.derBytes)
        }
        var certificates: [ParsedCertificate] = []
        for (index, der) in documents.enumerated() {
            do throws(CertificateError) {
                certificates.append(try ParsedCertificate(der: der, allowing: workarounds))
            } catch {
                throw .badFile(path: path, index: index, error)
            }
        }
        return certificates
    }
}
