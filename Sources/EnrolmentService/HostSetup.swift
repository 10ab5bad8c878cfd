import Crypto
import DurableFiles
import Endorsement
import FactoryAuthority
import HTTPService
public import Messages

/// Makes and reads the files of a CA host.
public enum HostSetup {
    private static let maximumFile = 64 << 10
    /// Seconds that other people's clocks may be behind.
    private static let clockTolerance: Int64 = 300

    /// Makes what is not there yet, beside a CA that is.
    /// - Parameter now: seconds since 1970.
    public static func make(_ directory: HostDirectory, _ configuration: HostConfiguration, now: Int64) throws {
        _ = try stationAuthority(directory).authority(now: now)
        try PrivateDirectory.make(directory.stations)
        if try read(directory.configuration) == nil {
            try AtomicFile.write(try EditedJSON.encode(configuration), to: directory.configuration, mode: 0o644)
        }
    }

    /// Issues what a station needs: `cert.pem`, `key.pem`, `authority.json` and `factory-roots.pem`.
    /// - Returns: their directory, to be given to the station, and only to it.
    public static func issue(
        _ station: Label,
        days: Int64,
        in directory: HostDirectory,
        now: Int64
    ) throws -> String {
        let configuration = try configuration(directory)
        let authority = try stationAuthority(directory).authority(now: now)
        guard !configuration.revokedStations.contains(station) else {
            throw SetupError(
                .environment,
                "station \(station) was taken back: \"revokedStations\" of \(directory.configuration) names it",
                hint: "choose another name; taken off that list, every certificate that it ever had counts again"
            )
        }
        let place = directory.station(station.text)
        guard try read(place + "/authority.json") == nil else {
            throw SetupError(
                .environment,
                "station \(station) has a certificate already, in \(place)",
                hint: "to renew it, move that directory away first"
            )
        }
        guard let roots = try read(directory.authority.factoryRoots) else {
            throw SetupError(
                .malformed,
                "\(directory.authority.factoryRoots) is missing",
                hint: "restore it from a backup"
            )
        }
        let key = P256.Signing.PrivateKey()
        let certificate = try authority.issueClientCertificate(
            commonName: station.text,
            key: key.publicKey,
            uris: [
                OperatorURI.name + station.text, OperatorURI.role + OperatorRole.factory.rawValue,
            ],
            from: now - clockTolerance,
            until: now + days * 86_400
        )
        let bundle = AuthorityBundle(
            authority: try FactoryAuthority.name(of: directory.authority),
            station: station,
            url: configuration.url,
            tlsRoots: String(decoding: CertificateAuthority.pem(try authority.der()), as: UTF8.self)
        )
        try PrivateDirectory.make(directory.stations)
        try PrivateDirectory.make(place)
        try AtomicFile.write(Array((key.pemRepresentation + "\n").utf8), to: place + "/key.pem")
        try AtomicFile.write(CertificateAuthority.pem(certificate), to: place + "/cert.pem", mode: 0o644)
        try AtomicFile.write(roots, to: place + "/factory-roots.pem", mode: 0o644)
        // The bundle comes last: with it the directory is whole.
        try AtomicFile.write(try EditedJSON.encode(bundle), to: place + "/authority.json", mode: 0o644)
        return place
    }

    /// Reads `service.json`.
    /// - Throws: `SetupError` where there is no CA host, or what is wrong with the file.
    public static func configuration(_ directory: HostDirectory) throws -> HostConfiguration {
        guard let bytes = try read(directory.configuration) else {
            throw SetupError(
                .malformed,
                "\(directory.path) holds no CA host",
                hint: "make one with birthmark-factory ca init \(directory.path) --name … --host …"
            )
        }
        do throws(MessageError) {
            return try HostConfiguration(parsing: bytes)
        } catch {
            throw SetupError(
                .malformed,
                "\(directory.configuration): \(error.detail)",
                hint: "put that right in the file, or restore it from a backup"
            )
        }
    }

    /// What the host shows its stations; its TLS certificate is made anew when it runs out.
    /// - Parameter revoked: stations whose certificates count no more; asked at each request.
    static func identity(
        _ directory: HostDirectory,
        _ configuration: HostConfiguration,
        revoked: @escaping @Sendable () -> Set<Label>,
        now: Int64
    ) throws -> EdgeIdentity {
        try stationAuthority(directory).identity(
            hosts: configuration.hosts,
            revoked: revoked,
            now: now
        )
    }

    static func stationAuthority(_ directory: HostDirectory) -> ServiceAuthority {
        ServiceAuthority(
            root: CertificateFiles(
                key: directory.stationAuthorityKey,
                certificate: directory.stationAuthority,
                commonName: "birthmark factory stations"
            ),
            server: CertificateFiles(
                key: directory.tlsKey,
                certificate: directory.tlsCertificate,
                commonName: "birthmark factory CA"
            ),
            clockTolerance: clockTolerance
        )
    }

    private static func read(_ path: String) throws(FileError) -> [UInt8]? {
        try BoundedFile.readIfThere(path, limit: maximumFile)
    }
}
