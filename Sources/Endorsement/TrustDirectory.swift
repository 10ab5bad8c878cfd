public import DurableFiles
import FoundationEssentials
import SwiftASN1

/// A directory of CA certificates and revocation lists.
///
/// Certificates are `*.pem`, `*.der`, `*.crt` and `*.cer`, lists `*.crl`, each in PEM or DER whatever the name says; a PEM
/// file may hold any number of either. Directories within are read too.
public enum TrustDirectory {
    /// What was found.
    public struct Contents: Sendable {
        /// The certificates.
        public var anchors: TrustAnchors
        /// The lists.
        public var revocationLists: [CertificateRevocationList]
        /// The files that were not read or held nothing to read, so that nobody believes them to count.
        public var passedOver: [String]
    }

    /// Why a trust directory cannot be used.
    ///
    /// Nothing of it is used then: half a directory would refuse honest devices, or overlook a revocation.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case unreadable(path: String)
        /// Names the file; one that is larger than any list is not read to its end.
        case file(FileError)
        /// Names the file, and what is wrong with which certificate or list in it.
        case badFile(path: String, index: Int, CertificateError)
        case notPEM(path: String)
        case noCertificates(path: String)
        case listsOnly(path: String)
        /// More directories within each other, or more files, than any collection of CAs has.
        case tooMuch(path: String)

        public var description: String {
            switch self {
            case .unreadable(let path): "cannot read \(path); give a directory of CA certificates (PEM or DER)"
            case .file(let error): [error.description, error.hint].compactMap(\.self).joined(separator: "; ")
            case .badFile(let path, let index, let error):
                "\(path), certificate or list \(index): \(error); remove or replace it"
            case .notPEM(let path): "\(path) begins as PEM and is not well-formed"
            case .noCertificates(let path): "\(path) holds no *.pem, *.der, *.crt or *.cer file with a certificate"
            case .listsOnly(let path): "\(path) holds revocation lists and no certificate of those who issued them"
            case .tooMuch(let path):
                "\(path) goes deeper or holds more than CA certificates ever do; give their directory"
            }
        }
    }

    private static let maximumFileSize = CertificateRevocationList.maximumSize
    private static let maximumDepth = 4
    private static let maximumFiles = 4096
    private static let certificateExtensions: Set<String> = ["pem", "der", "crt", "cer"]
    private static let listExtension = "crl"

    /// Reads the directory and those within it, in the order of file names.
    ///
    /// - Parameters:
    ///   - workarounds: what CA certificates may need; none for an owner's own CA.
    ///   - isTrusted: whether they count for lying there: then no file or directory is read that other users may change.
    public static func contents(
        of path: String,
        allowing workarounds: Set<Workaround> = Workaround.all,
        trusted isTrusted: Bool = false
    ) throws(Failure) -> Contents {
        var found = Found(passedOver: [])
        try read(path, below: path, allowing: workarounds, trusted: isTrusted, into: &found)
        guard !found.certificates.isEmpty else {
            throw found.lists.isEmpty ? .noCertificates(path: path) : .listsOnly(path: path)
        }
        return Contents(
            anchors: TrustAnchors(found.certificates),
            revocationLists: found.lists,
            passedOver: found.passedOver
        )
    }

    /// Reads the certificates of one file: any number in PEM, or one in DER.
    public static func readFile(
        _ path: String,
        allowing workarounds: Set<Workaround> = Workaround.all
    ) throws(Failure) -> [ParsedCertificate] {
        try file(path, derIsList: false, allowing: workarounds, trusted: false).certificates
    }

    /// Reads one file: certificates and lists in PEM, any number of each, or one certificate in DER.
    /// - Parameter isTrusted: whether they count for lying there: then the file is not read when other users may change it.
    public static func contents(
        ofFile path: String,
        allowing workarounds: Set<Workaround> = Workaround.all,
        trusted isTrusted: Bool = false
    ) throws(Failure) -> (certificates: [ParsedCertificate], lists: [CertificateRevocationList]) {
        try file(path, derIsList: false, allowing: workarounds, trusted: isTrusted)
    }

    /// Reads the revocation lists of one file: any number in PEM, or one in DER.
    public static func readLists(
        _ path: String,
        allowing workarounds: Set<Workaround> = Workaround.all
    ) throws(Failure) -> [CertificateRevocationList] {
        try file(path, derIsList: true, allowing: workarounds, trusted: false).lists
    }

    private struct Found {
        var certificates: [ParsedCertificate] = []
        var lists: [CertificateRevocationList] = []
        var passedOver: [String]
        var files = 0
    }

    private static func read(
        _ path: String,
        below top: String,
        depth: Int = 0,
        allowing workarounds: Set<Workaround>,
        trusted isTrusted: Bool,
        into found: inout Found
    ) throws(Failure) {
        guard depth <= maximumDepth else { throw .tooMuch(path: path) }
        if isTrusted {
            do throws(FileError) { try TrustedFile.check(directory: path) } catch { throw .file(error) }
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw .unreadable(path: path)
        }
        for name in names.sorted() {
            let entry = path + "/" + name
            let type = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
            var isDirectory = false
            _ = FileManager.default.fileExists(atPath: entry, isDirectory: &isDirectory)
            if name.hasPrefix(".") {
                found.passedOver.append(String(entry.dropFirst(top.count + 1)))
            } else if isDirectory {
                try read(
                    entry,
                    below: top,
                    depth: depth + 1,
                    allowing: workarounds,
                    trusted: isTrusted,
                    into: &found
                )
            } else if type == listExtension || certificateExtensions.contains(type) {
                found.files += 1
                guard found.files <= maximumFiles else { throw .tooMuch(path: top) }
                let (certificates, lists) = try file(
                    entry,
                    derIsList: type == listExtension,
                    allowing: workarounds,
                    trusted: isTrusted
                )
                found.certificates += certificates
                found.lists += lists
                if certificates.isEmpty, lists.isEmpty {
                    found.passedOver.append(String(entry.dropFirst(top.count + 1)))
                }
            } else {
                found.passedOver.append(String(entry.dropFirst(top.count + 1)))
            }
        }
    }

    private static func file(
        _ path: String,
        derIsList: Bool,
        allowing workarounds: Set<Workaround>,
        trusted isTrusted: Bool
    ) throws(Failure) -> (certificates: [ParsedCertificate], lists: [CertificateRevocationList]) {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes =
                try isTrusted
                ? TrustedFile.read(path, limit: maximumFileSize) : BoundedFile.readKept(path, limit: maximumFileSize)
        } catch { throw .file(error) }
        var documents = [(isList: derIsList, der: bytes)]
        if let text = String(validating: bytes, as: UTF8.self), text.contains("-----BEGIN ") {
            // SwiftASN1 leaves out a document whose end is missing; a file that was cut must not pass for a shorter one.
            let boundaries = text.split(whereSeparator: \.isNewline).count { $0.hasPrefix("-----") }
            guard let parsed = try? PEMDocument.parseMultiple(pemString: text), 2 * parsed.count == boundaries else {
                throw .notPEM(path: path)
            }
            // The labels of RFC 7468, sections 5 and 6; others, such as a key's, are not for here.
            documents = parsed.filter { ["CERTIFICATE", "X509 CRL"].contains($0.discriminator) }
                .map { ($0.discriminator == "X509 CRL", $0.derBytes) }
        }
        var certificates: [ParsedCertificate] = []
        var lists: [CertificateRevocationList] = []
        for (index, document) in documents.enumerated() {
            do throws(CertificateError) {
                if document.isList {
                    lists.append(try CertificateRevocationList(der: document.der, allowing: workarounds))
                } else {
                    certificates.append(try ParsedCertificate(der: document.der, allowing: workarounds))
                }
            } catch {
                throw .badFile(path: path, index: index, error)
            }
        }
        return (certificates, lists)
    }
}
