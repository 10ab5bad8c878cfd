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

    /// Where in the log it stands.
    private let range: Range<Int>
    /// What it begins with.
    private let first: UInt8?
    let isCommand: Bool
    private let isLabelled: Bool
    private let isUTF16: Bool
    /// Whether the last byte of a NUL was measured and not logged.
    private let isCutShort: Bool

    /// The string of an event, when the digest confirms it in one of the forms that loaders are known to measure.
    ///
    /// Borrows the log: an initialiser would otherwise get a copy, which for each event costs a third of the hash.
    init?(_ event: EventLog.Event, in log: borrowing AuthenticatedLog) {
        let bytes = log.log.bytes.span
        let whole = event.data
        for label in Label.all where Self.begins(bytes, in: whole, label.bytes) {
            // GRUB measures the string, its older patches the string with its NUL.
            let labelled = whole.lowerBound + label.bytes.count..<whole.upperBound
            let endsWithNUL = !labelled.isEmpty && bytes[labelled.upperBound - 1] == 0
            let content = endsWithNUL ? labelled.lowerBound..<labelled.upperBound - 1 : labelled
            guard log.isMeasured(content, by: event) || (endsWithNUL && log.isMeasured(labelled, by: event)) else {
                continue
            }
            self.init(content, bytes, isCommand: label.isCommand, isLabelled: true)
            return
        }
        // systemd-boot measures UTF-16 with its NUL; old versions' logs are one byte short of that.
        if log.isMeasured(whole, by: event) {
            // The NUL tells UTF-16 from any other bytes of even number.
            let endsWithNUL =
                whole.count >= 2 && bytes[whole.upperBound - 2] == 0 && bytes[whole.upperBound - 1] == 0
            self.init(whole, bytes, isUTF16: whole.count % 2 == 0 && endsWithNUL)
        } else if whole.count % 2 == 1, log.isMeasured(log.log.bytes[whole] + [0], by: event) {
            self.init(whole, bytes, isUTF16: true, isCutShort: true)
        } else {
            return nil
        }
    }

    private init(
        _ range: Range<Int>,
        _ bytes: Span<UInt8>,
        isCommand: Bool = false,
        isLabelled: Bool = false,
        isUTF16: Bool = false,
        isCutShort: Bool = false
    ) {
        self.range = range
        first = range.isEmpty ? nil : bytes[range.lowerBound]
        self.isCommand = isCommand
        self.isLabelled = isLabelled
        self.isUTF16 = isUTF16
        self.isCutShort = isCutShort
    }

    private static func begins(_ bytes: Span<UInt8>, in range: Range<Int>, _ label: [UInt8]) -> Bool {
        guard range.count >= label.count else { return false }
        for (offset, byte) in label.enumerated() where bytes[range.lowerBound + offset] != byte { return false }
        return true
    }

    /// The text; nil when it is not well-formed or not printable.
    func text(in log: borrowing AuthenticatedLog) -> String? {
        let content = log.log.bytes[range]
        return isUTF16 ? EventText.utf16(isCutShort ? content + [0] : content) : EventText.utf8(content)
    }

    /// Whether the kernel could have got this string.
    ///
    /// Labels are not measured. What claims to be a command and begins with a path is none of GRUB's commands, and so is
    /// taken for a command line that was relabelled.
    var couldBeCommandLine: Bool {
        let beginsWithPath = first == UInt8(ascii: "/") || first == UInt8(ascii: "(")
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
        let events = log.log.events.span
        for index in events.indices {
            let event = events[index]
            guard event.pcr == Self.grubPCR || event.pcr == Self.stubPCR, event.isExtended,
                log.pcrs.contains(event.pcr)
            else { continue }
            guard let string = MeasuredString(event, in: log) else { return .unreadable(event: index) }
            guard string.couldBeCommandLine else { continue }
            guard let text = string.text(in: log) else {
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
                string.isCommand, let text = string.text(in: log)
            else { return nil }
            return Fact(text, event: index)
        }
    }
}
