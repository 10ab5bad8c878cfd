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
    struct Label {
        let bytes: [UInt8]
        let isCommand: Bool

        private init(_ text: String, isCommand: Bool) {
            bytes = Array(text.utf8)
            self.isCommand = isCommand
        }

        /// GRUB's labels, then those of older distributions' patches.
        static let all: [Label] = [
            Label("grub_cmd: ", isCommand: true), Label("kernel_cmdline: ", isCommand: false),
            Label("module_cmdline: ", isCommand: false), Label("grub_cmd ", isCommand: true),
            Label("grub_kernel_cmdline ", isCommand: false),
        ]
    }

    private let content: ArraySlice<UInt8>
    let isCommand: Bool
    private let isLabelled: Bool
    private let isUTF16: Bool

    /// The string of an event, when the digest confirms it in one of the forms that loaders are known to measure.
    ///
    /// Borrows the log: an initialiser would otherwise get a copy, which for each event costs a third of the hash.
    init?(_ event: EventLog.Event, in log: borrowing AuthenticatedLog) {
        let data = log.log.unverifiedData(of: event)
        for label in Label.all where data.starts(with: label.bytes) {
            // GRUB measures the string, its older patches the string with its NUL.
            let whole = data.dropFirst(label.bytes.count)
            let content = whole.last == 0 ? whole.dropLast() : whole
            guard log.isMeasured(content, by: event) || log.isMeasured(whole, by: event) else { continue }
            self.init(content: content, isCommand: label.isCommand, isLabelled: true, isUTF16: false)
            return
        }
        // systemd-boot measures UTF-16 with its NUL; old versions' logs are one byte short of that.
        if log.isMeasured(data, by: event) {
            // The NUL tells UTF-16 from any other bytes of even number.
            self.init(
                content: data,
                isCommand: false,
                isLabelled: false,
                isUTF16: data.count % 2 == 0 && data.suffix(2) == [0, 0]
            )
        } else if data.count % 2 == 1, log.isMeasured(data + [0], by: event) {
            self.init(content: data + [0], isCommand: false, isLabelled: false, isUTF16: true)
        } else {
            return nil
        }
    }

    private init(content: ArraySlice<UInt8>, isCommand: Bool, isLabelled: Bool, isUTF16: Bool) {
        self.content = content
        self.isCommand = isCommand
        self.isLabelled = isLabelled
        self.isUTF16 = isUTF16
    }

    /// The text; nil when it is not well-formed or not printable.
    var text: String? { isUTF16 ? EventText.utf16(content) : EventText.utf8(content) }

    /// Whether the kernel could have got this string.
    ///
    /// Labels are not measured. What claims to be a command and begins with a path is none of GRUB's commands, and so is
    /// taken for a command line that was relabelled.
    var couldBeCommandLine: Bool {
        let beginsWithPath = content.first == UInt8(ascii: "/") || content.first == UInt8(ascii: "(")
        return beginsWithPath || (isLabelled ? !isCommand : isUTF16)
    }
}

extension BootFacts {
    /// GRUB measures its commands and the command line into PCR 8; so did old versions of systemd-boot.
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
            guard let string = MeasuredString(event, in: log) else { return .unreadable(event: index) }
            guard string.couldBeCommandLine else { continue }
            guard let text = string.text else {
                // Windows fills PCR 12 with binary records; those are authentic and no command line.
                if event.pcr == Self.stubPCR { continue }
                return .unreadable(event: index)
            }
            candidates.append(Fact(text, event: index))
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
            guard event.pcr == Self.grubPCR, event.isExtended, let string = MeasuredString(event, in: log),
                string.isCommand, let text = string.text
            else { return nil }
            return Fact(text, event: index)
        }
    }
}
