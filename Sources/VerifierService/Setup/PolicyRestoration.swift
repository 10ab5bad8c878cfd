import HTTPService
public import Messages
public import VerifierStore

/// Writes the policy that is in force by the record back to its file; may run beside the service.
public struct PolicyRestoration: Sendable {
    /// What came of it.
    public struct Outcome: Hashable, Sendable, Codable {
        /// The policy's file.
        public var file: String
        /// SHA-256 of what is in it now.
        public var digest: ContentDigest
    }

    private let directory: VerifierDirectory

    /// Names a verifier's directory.
    public init(_ directory: VerifierDirectory) { self.directory = directory }

    /// Writes the file, whatever is in it and also when it is gone.
    /// - Parameter openStore: opens the record.
    /// - Throws: `SetupError`, `FileError`, `StoreError`.
    public func run(openStore: (VerifierConfiguration) throws -> any VerifierStore) async throws -> Outcome {
        let configuration = try directory.readConfiguration()
        guard let held = try await PolicyOnRecord.read(try openStore(configuration)) else {
            throw SetupError(
                .environment,
                "no policy is on record: this verifier has not served yet",
                hint: "put a policy into \(directory.file(configuration.policy)); the first start takes it up"
            )
        }
        let file = PolicyFile(directory, configuration)
        try file.write(held.policy.bytes, since: held.index)
        return Outcome(file: file.path, digest: held.policy.digest)
    }
}
