/// A file that a boot loader read or handed on, known by its digest.
public struct MeasuredFile: Hashable, Sendable {
    /// The digest of the contents, in the log's bank.
    public let digest: [UInt8]
    /// The name the log gives it: for people, nothing authenticates it.
    public let unverifiedName: String?
    /// The index of the event in the log.
    public let event: Int
}

/// A section of a unified kernel image, as systemd-stub measures it (UAPI.5).
public struct UnifiedKernelSection: Hashable, Sendable {
    /// The section's name, such as `.linux`, `.initrd` or `.cmdline`.
    public let name: String
    /// The digest of the section's contents, in the log's bank.
    public let digest: [UInt8]
    /// The index of the event with the contents' digest; the one with the name stands before it.
    public let event: Int
}

extension BootFacts {
    private static let filePCR = 9
    private static let unifiedKernelPCR = 11
    /// A tagged event begins with its tag and size (PFP, TCG_PCClientTaggedEvent).
    private static let tagSize = 8

    /// Files in the order in which they were read (PCR 9): GRUB's configuration and modules, kernel and initrd.
    public func measuredFiles() -> [MeasuredFile] {
        log.log.events.enumerated().compactMap { index, event in
            guard event.pcr == Self.filePCR, let digest = log.digest(of: event) else { return nil }
            let data = log.log.unverifiedData(of: event)
            let name = event.unverifiedType == .eventTag ? data.dropFirst(Self.tagSize) : data
            return MeasuredFile(digest: Array(digest), unverifiedName: EventText.utf8(name), event: index)
        }
    }

    /// The sections of the unified kernel image that was started (PCR 11).
    ///
    /// systemd-stub measures a section's name with its NUL, then its contents. Only pairs whose name is authentic are
    /// given. A running system can extend the PCR with further ones after them.
    public func unifiedKernelSections() -> [UnifiedKernelSection] {
        var sections: [UnifiedKernelSection] = []
        var pending: String?
        for (index, event) in log.log.events.enumerated() where event.pcr == Self.unifiedKernelPCR {
            guard let digest = log.digest(of: event) else { continue }
            if let name = pending {
                sections.append(UnifiedKernelSection(name: name, digest: Array(digest), event: index))
                pending = nil
            } else if let name = EventText.utf16(log.log.unverifiedData(of: event)), name.hasPrefix("."),
                log.isMeasured((Array(name.utf8) + [0])[...], by: event)
            {
                pending = name
            }
        }
        return sections
    }
}
