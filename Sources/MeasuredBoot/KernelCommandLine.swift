/// The command line the kernel was started with, as far as the measurements fix it.
public enum KernelCommandLine: Hashable, Sendable {
    /// The one command line that was measured; with GRUB it begins with the path of the kernel.
    case measured(Fact<String>)
    /// No loader measured one into the confirmed PCRs.
    case absent
    /// Several strings could be the command line; which one the kernel got is not proven.
    case ambiguous(events: [Int])
    /// An event could hide a command line, because its data does not hash to its digest.
    case unreadable(event: Int)
}

/// A string that a boot loader measured.
struct MeasuredString {
    /// What a loader puts before the string in the log; only the string itself is measured.
    enum Label: String, CaseIterable {
        case kernelCommandLine = "kernel_cmdline: "
        case moduleCommandLine = "module_cmdline: "
        case command = "grub_cmd: "
        // GRUB with Red Hat's and other distributors' older patches.
        case oldKernelCommandLine = "grub_kernel_cmdline "
        case oldCommand = "grub_cmd "
    }

    let text: String
    let label: Label?
    let isUTF16: Bool

    /// The string of an event, when the digest confirms it in one of the forms that loaders are known to measure.
    init?(_ event: EventLog.Event, in log: AuthenticatedLog) {
        guard let digest = log.digest(of: event) else { return nil }
        let data = log.log.unverifiedData(of: event)
        func isMeasured(_ pieces: ArraySlice<UInt8>, _ end: ArraySlice<UInt8>) -> Bool {
            log.hash.digest(of: pieces, end)[...] == digest
        }
        let string = data.last == 0 ? data.dropLast() : data
        for label in Label.allCases where string.starts(with: label.rawValue.utf8) {
            let content = string.dropFirst(label.rawValue.utf8.count)
            // GRUB measures the string, its older patches the string with its NUL.
            guard isMeasured(content, []) || isMeasured(content, [0]) else { continue }
            guard let text = EventText.utf8(content) else { return nil }
            self.init(text: text, label: label, isUTF16: false)
            return
        }
        // systemd-boot measures UTF-16 with its NUL; before version 251 its log was one byte short of that.
        if isMeasured(data, []) {
            self.init(unlabelled: data)
        } else if data.count % 2 == 1, isMeasured(data, [0]) {
            self.init(unlabelled: data + [0])
        } else {
            return nil
        }
    }

    private init?(unlabelled data: ArraySlice<UInt8>) {
        if let text = EventText.utf16(data) {
            self.init(text: text, label: nil, isUTF16: true)
        } else if let text = EventText.utf8(data) {
            self.init(text: text, label: nil, isUTF16: false)
        } else {
            return nil
        }
    }

    private init(text: String, label: Label?, isUTF16: Bool) {
        self.text = text
        self.label = label
        self.isUTF16 = isUTF16
    }

    /// Whether the kernel could have got this string.
    ///
    /// Labels are not measured. What claims to be a command and begins with a path is none of GRUB's commands, and so is
    /// taken for a command line that was relabelled.
    var couldBeCommandLine: Bool {
        switch label {
        case .kernelCommandLine, .oldKernelCommandLine, .moduleCommandLine: true
        case .command, .oldCommand, nil: isUTF16 || text.hasPrefix("/") || text.hasPrefix("(")
        }
    }
}

extension BootFacts {
    /// GRUB measures its commands and the command line into PCR 8; so did systemd-boot before version 251.
    private static let grubPCR = 8
    /// systemd-boot and systemd-stub measure command lines into PCR 12 (systemd, TPM2 PCR measurements).
    private static let stubPCR = 12

    /// The kernel's command line from PCR 8 (GRUB) or PCR 12 (systemd-boot, unified kernel images).
    ///
    /// No separator closes these PCRs: a running system can extend them. So the command line counts only when no second
    /// string could be it, and, in PCR 8, when every event can be read: a hidden one could be the true command line.
    ///
    /// Costs one hash of every event of the two PCRs.
    public func kernelCommandLine() -> KernelCommandLine {
        var candidates: [Fact<String>] = []
        for (index, event) in log.log.events.enumerated()
        where event.isExtended && (event.pcr == Self.grubPCR || event.pcr == Self.stubPCR) {
            guard log.pcrs.contains(event.pcr) else { continue }
            guard let string = MeasuredString(event, in: log) else {
                // Windows fills PCR 12 with binary records; those are authentic and no command line.
                if event.pcr == Self.stubPCR, log.authenticData(of: event) != nil { continue }
                return .unreadable(event: index)
            }
            if string.couldBeCommandLine { candidates.append(Fact(string.text, event: index)) }
        }
        guard let first = candidates.first else { return .absent }
        // A loader may measure the same line twice; that leaves no doubt.
        guard candidates.allSatisfy({ $0.value == first.value }) else {
            return .ambiguous(events: candidates.map(\.event))
        }
        return .measured(first)
    }

    /// The commands GRUB executed, in order (PCR 8).
    ///
    /// Costs one hash of every event of the PCR.
    public func grubCommands() -> [Fact<String>] {
        log.log.events.enumerated().compactMap { index, event in
            guard event.pcr == Self.grubPCR, let string = MeasuredString(event, in: log),
                string.label == .command || string.label == .oldCommand
            else { return nil }
            return Fact(string.text, event: index)
        }
    }
}
