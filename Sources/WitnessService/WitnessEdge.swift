import HTTPService

/// What a witness shows those who ask it: a certificate of a CA of its own, which is worth nothing elsewhere.
extension WitnessDirectory {
    /// Seconds that the clocks of those who ask may be behind.
    private static let clockTolerance: Int64 = 86_400

    /// Makes CA, key and certificate that are not there, or run out.
    func identity(_ configuration: WitnessConfiguration, now: Int64) throws -> EdgeIdentity {
        try ServiceAuthority(
            root: CertificateFiles(key: authorityKey, certificate: roots, commonName: "birthmark witness, own CA"),
            server: CertificateFiles(key: tlsKey, certificate: tlsCertificate, commonName: "birthmark witness"),
            clockTolerance: Self.clockTolerance
        ).identity(hosts: configuration.hosts, now: now)
    }
}
