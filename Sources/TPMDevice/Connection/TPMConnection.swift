internal import CTSS2
internal import Glibc

/// The commands of one TPM: synchronous, blocking, and confined to the ``TPM`` that made it.
///
/// The commands are in files named after the chapters of Part 3. Objects, sessions and indices keep their connection
/// alive, and give back what they hold in the TPM when they end.
@safe public final class TPMConnection {
    private let context: ESAPIContext
    private let tcti: OpaquePointer

    /// How much has been asked of the TPM through this connection.
    public private(set) var usage = Usage()

    /// Limits of this TPM that were asked for once.
    var nvBufferSize: Int?

    /// How many values lead to each entity that stays in the TPM.
    ///
    /// libtss2 3 gives one reference for all of them and does not count: the first to be closed would close all.
    private var ways: [ESYS_TR: Int] = [:]

    init(tcti name: String?) throws(TPMError) {
        let opened = try unsafe Self.open(tcti: name)
        context = unsafe ESAPIContext(pointer: opened.context)
        unsafe tcti = unsafe opened.tcti
    }

    deinit {
        var context: OpaquePointer? = unsafe context.pointer
        var tcti: OpaquePointer? = unsafe tcti
        unsafe Esys_Finalize(&context)
        unsafe Tss2_TctiLdr_Finalize(&tcti)
    }

    /// One more value leads to an entity.
    func open(_ reference: ESYS_TR) {
        ways[reference, default: 0] += 1
    }

    /// One value less leads to an entity; the last one makes libtss2 forget it.
    func close(_ reference: ESYS_TR) {
        let left = (ways[reference] ?? 1) - 1
        guard left == 0 else {
            ways[reference] = left
            return
        }
        ways[reference] = nil
        var closed = reference
        forget { _ = unsafe Esys_TR_Close($0.pointer, &closed) }
    }

    /// Runs one command: the session attributes it allows are set, it is counted, its return code becomes an error.
    func run(
        _ command: Command,
        sessions first: Session?,
        _ second: Session? = nil,
        _ body: (ESAPIContext) -> TSS2_RC
    ) throws(TPMError) {
        var cipherTaken = false
        for case let session? in [first, second] {
            // Part 1, section 19: one session of a command may encrypt; the other only authorises.
            let encrypts = session.encrypts && !cipherTaken
            cipherTaken = cipherTaken || encrypts
            try session.prepare(for: command, encrypting: encrypts)
        }
        try run(command, body)
    }

    /// Runs one command without sessions of ours.
    func run(_ command: Command, _ body: (ESAPIContext) -> TSS2_RC) throws(TPMError) {
        var pause = Self.firstPause
        while true {
            let result = measured(command, body)
            if result == 0 { return }
            let error = TPMError(command.name, returned: result)
            guard error.isPassing, pause <= Self.lastPause else { throw explained(error) }
            // The executor is a thread of its own, so only this TPM's other commands wait.
            usleep(pause)
            pause *= 2
        }
    }

    // libtss2 sends a command five times at once when the TPM has no time for it; a self-test takes up to some seconds.
    // Microseconds: 20 ms, 40 ms and so on, 5 s in all.
    private static let firstPause: UInt32 = 20_000
    private static let lastPause: UInt32 = 2_560_000

    /// The error with what the TPM says of its lockout, when that is what it is.
    private func explained(_ error: TPMError) -> TPMError {
        guard error.isLockout else { return error }
        var error = error
        error.lockout = try? dictionaryAttackState()
        return error
    }

    /// Something that libtss2 does on its own, without a command to the TPM.
    func local(_ name: String, _ body: (ESAPIContext) -> TSS2_RC) throws(TPMError) {
        let result = body(context)
        guard result == 0 else { throw TPMError(name, returned: result) }
    }

    /// Forgets something in a deinitialiser, without a command to the TPM.
    func forget(_ body: (ESAPIContext) -> Void) {
        body(context)
    }

    /// Gives back something in a deinitialiser, where an error has nowhere to go: the TPM is then gone or was cleared.
    func release(by command: Command, _ body: (ESAPIContext) -> Void) {
        measured(command, body)
    }

    private func measured<Result>(_ command: Command, _ body: (ESAPIContext) -> Result) -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        defer { usage.add(command.name, clock.now - start) }
        return body(context)
    }
}

/// libtss2's context, for the one call that a command is.
@safe struct ESAPIContext {
    let pointer: OpaquePointer
}
