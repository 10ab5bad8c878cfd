/// The system's time-zone database, as the package tzdata installs it.
public enum ZoneInfo {
    /// Where it is.
    static let directory = "/usr/share/zoneinfo"
    // The largest file of a zone has 4 KB.
    private static let limit = 64 << 10

    /// The file of a zone; `nil` when there is none that can be read.
    /// - Parameter name: a name that was checked to be one: it is taken as a path below the directory.
    public static func file(of name: String) -> [UInt8]? {
        try? BoundedFile.read("\(directory)/\(name)", limit: limit)
    }
}
