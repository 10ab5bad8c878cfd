/// Where a claim about the hardware is read from, each time anew: a file of the kernel's, such as an eMMC's CID or a link address.
///
/// What is copied with the disk is where to look, not what is there.
public struct ClaimSource: Hashable, Sendable, Codable {
    /// The claim's name.
    public var name: Label
    /// The file.
    public var path: String

    /// Names a source.
    public init(name: Label, path: String) {
        self.name = name
        self.path = path
    }
}
