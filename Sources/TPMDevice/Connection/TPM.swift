/// One TPM, reached through one TCTI, used by one task at a time on a thread of its own.
public actor TPM {
    private let executor: DispatchExecutor
    private var open: TPMConnection?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    fileprivate init() {
        executor = DispatchExecutor(label: "birthmark.tpm")
    }

    fileprivate func connect(tcti: String?) throws(TPMError) {
        open = try TPMConnection(tcti: tcti)
    }

    /// The connection, for functions that are isolated to this actor and keep objects over their own suspensions.
    ///
    /// A function with an `isolated TPM` parameter may hold transient objects and sessions while it waits for somebody
    /// else, such as a certificate authority; commands of other tasks may then come in between.
    public var connection: TPMConnection {
        get throws(TPMError) {
            guard let open else { throw TPMError(unavailable: "The connection to the TPM was closed.") }
            return open
        }
    }

    /// Runs commands on the TPM's own thread; nothing of another task comes in between.
    ///
    /// Objects and sessions made inside end inside.
    public func perform<Result: Sendable>(
        _ body: @Sendable (TPMConnection) throws(TPMError) -> Result
    ) async throws(TPMError) -> Result {
        try body(connection)
    }

    /// Closes the connection; a TPM that serves one client at a time is free for the next one when this returns.
    public func close() {
        open = nil
    }
}

/// Opens a TPM.
///
/// - Parameter tcti: Where the TPM is, in the form tpm2-tools uses: `device:/dev/tpmrm0`, `swtpm:path=/run/tpm.sock`,
///   `swtpm:host=localhost,port=2321`, `mssim:host=localhost,port=2321`, `tabrmd:`. Without it the environment variable
///   `TPM2TOOLS_TCTI` decides, and without that the search of tpm2-tools: the resource manager daemon, `/dev/tpmrm0`,
///   `/dev/tpm0`, then a software TPM at its usual port.
/// - Throws: ``TPMError/Cause/unavailable(_:)`` with what was tried and what to do.
public func openTPM(tcti: String? = nil) async throws(TPMError) -> TPM {
    let tpm = TPM()
    try await tpm.connect(tcti: tcti)
    return tpm
}

/// Opens a TPM for as long as `body` runs, and gives it back whatever happens.
///
/// - Parameter tcti: as for ``openTPM(tcti:)``.
/// - Throws: as that, and what `body` throws.
public func withTPM<Result: Sendable>(
    tcti: String?,
    _ body: (TPM) async throws -> Result
) async throws -> Result {
    let tpm = try await openTPM(tcti: tcti)
    let outcome: Swift.Result<Result, any Error>
    do {
        outcome = .success(try await body(tpm))
    } catch {
        outcome = .failure(error)
    }
    await tpm.close()
    return try outcome.get()
}
