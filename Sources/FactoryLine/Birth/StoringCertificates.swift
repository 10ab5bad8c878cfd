import FactoryAuthority
import TPMDevice
import TPMWire

/// The first thing of a birth that is written to a TPM, and so where two stations meet that were given the same one.
extension Birth {
    /// How long another station may take from its first certificate to its locks; on chips it is three seconds.
    private static let patience = Duration.seconds(10)
    private static let pause = Duration.milliseconds(200)

    /// Stores both certificates.
    ///
    /// What another station has begun to write is left to it as long as it may be at it: each would write over the other, and the TPM
    /// would be what neither says.
    /// - Parameter isResumed: whether this station was interrupted before, and has to do with its own work.
    func storeCertificates(
        of enrolled: BirthJournal.Enrolled,
        isResumed: Bool,
        _ connection: TPMConnection,
        on tpm: isolated TPM
    ) async throws -> StoredCertificates {
        func store(leftHalfWritten isAbandoned: Bool) throws -> StoredCertificates {
            try connection.storeCertificates(
                of: enrolled.iak,
                enrolled.idevid,
                profile: profile,
                leftHalfWritten: isAbandoned
            )
        }
        do {
            return try store(leftHalfWritten: isResumed)
        } catch let open as OpenIndex {
            let deadline = ContinuousClock.now + Self.patience
            while ContinuousClock.now < deadline, try !connection.isLocked(open.handle) {
                try await Task.sleep(for: Self.pause)
            }
            return try store(leftHalfWritten: true)
        }
    }
}
