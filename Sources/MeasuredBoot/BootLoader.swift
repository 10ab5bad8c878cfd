/// How the kernel came to be started, as the measurements of the loaders tell.
public enum BootLoader: String, Hashable, Sendable {
    /// GRUB measures its commands into PCR 8.
    case grub = "GRUB"
    /// systemd-boot, or a loader that measures as it does: the command line in UTF-16.
    case systemdBoot = "systemd-boot"
    /// systemd-stub: the sections of one image that holds kernel, initrd and command line.
    case unifiedKernelImage = "unified kernel image"
}

/// The kernel that was started.
public struct MeasuredKernel: Hashable, Sendable {
    /// What the digest is of.
    public enum Kind: String, Hashable, Sendable {
        /// The `.linux` section of a unified kernel image.
        case section
        /// The file as GRUB read it; that it is the one of the command line, its name claims.
        case file
        /// The Authenticode digest of the last image that was started.
        case image
    }

    public let kind: Kind
    /// In the log's bank.
    public let digest: [UInt8]
    /// The index of the event in the log.
    public let event: Int
}

extension BootFacts {
    /// The boot loader, with the first event that shows it; nil when none of those known here measured anything.
    public func bootLoader() -> Fact<BootLoader>? {
        if let section = unifiedKernelSections().first(where: { $0.name == Self.kernelSection }) {
            return Fact(.unifiedKernelImage, event: section.event)
        }
        if let command = grubCommands().first { return Fact(.grub, event: command.event) }
        guard case .measured(let line) = kernelCommandLine() else { return nil }
        return Fact(isLoaderText(line.event) ? .systemdBoot : .grub, event: line.event)
    }

    /// The kernel, as nearly as the loader's measurements tell; nil without a known loader.
    public func kernel() -> MeasuredKernel? {
        guard let loader = bootLoader() else { return nil }
        switch loader.value {
        case .unifiedKernelImage:
            return unifiedKernelSections().first { $0.name == Self.kernelSection }
                .map { MeasuredKernel(kind: .section, digest: $0.digest, event: $0.event) }
        case .grub:
            guard case .measured(let line) = kernelCommandLine() else { return nil }
            let path = line.value.prefix { $0 != " " }
            let file = measuredFiles().last { file in
                !path.isEmpty && (file.unverifiedName.map { $0 == path || $0.hasSuffix(path) } ?? false)
            }
            if let file { return MeasuredKernel(kind: .file, digest: file.digest, event: file.event) }
        case .systemdBoot: break
        }
        return bootApplications.last.map { MeasuredKernel(kind: .image, digest: $0.digest, event: $0.event) }
    }

    private static let kernelSection = ".linux"

    /// Whether an event's text is UTF-16, as systemd-boot measures it.
    private func isLoaderText(_ event: Int) -> Bool {
        let data = log.log.unverifiedData(of: log.log.events[event])
        return EventText.utf8(data) == nil && EventText.utf16(data.count % 2 == 0 ? data : data + [0]) != nil
    }
}
