import Messages

extension JournalKeeper {
    /// Runs the install command of an update, and notes each step before it is taken.
    /// - Parameters:
    ///   - hint: what to do when the command fails, for people.
    ///   - note: what shows the next boot.
    func install(
        _ package: borrowing PackageFile,
        of release: Release,
        by record: UpdateRecord,
        hint: String,
        noting note: (inout UpdateRecord) -> Void
    ) async throws(AgentError) {
        let installer = Installer(command: record.installCommand, seconds: record.installSeconds)
        try installer.claim(package)
        try reach(.installing)
        if let trouble = try await installer.run(package, for: release) {
            try fail(trouble)
            throw AgentError(.environment, trouble, hint: hint, reasons: ["install-failed"])
        }
        try reach(.installed, note)
    }
}

extension Journal {
    /// The update goes on with the command of this order.
    mutating func goOn(by order: UpdateOrder) {
        update?.installCommand = order.installCommand
        update?.installSeconds = order.installSeconds
    }

    /// The verifier has seen the boot of what was installed.
    mutating func confirm(_ record: UpdateRecord, of release: Release) {
        update?.step = .confirmed
        update?.failure = nil
        running = RunningPackage(
            name: record.package.name,
            version: record.package.version,
            securityVersion: release.securityVersion,
            manifest: record.package.manifest
        )
    }
}
