import Glibc

/// Why a file or directory could not be used, with what to do about it.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is; compare this, show the description.
    public enum Code: Hashable, Sendable {
        case missing
        case dangling
        case notPermitted
        case isDirectory
        case notDirectory
        case isNoDirectory
        case pipe
        case tooLarge(limit: Int)
        case exists
        case noSpace
        case readOnly
        case exposed
        case changeable
        case foreign
        case system(Int32)
    }

    /// Whether it was to be read or written.
    public enum Act: Hashable, Sendable {
        case read
        case write
    }

    /// The kind of fault.
    public var code: Code
    /// What was being done.
    public var act: Act
    /// The file or directory.
    public var path: String

    /// Makes an error.
    public init(_ code: Code, _ act: Act, _ path: String) {
        self.code = code
        self.act = act
        self.path = path
    }

    /// Names the kernel's error number.
    public init(errno number: Int32, _ act: Act, _ path: String) {
        self.act = act
        self.path = path
        self.code =
            switch number {
            case ENOENT: .missing
            case EACCES, EPERM: .notPermitted
            case EISDIR: .isDirectory
            case ENOTDIR: .notDirectory
            case EEXIST: .exists
            case ENOSPC, EDQUOT: .noSpace
            case EROFS: .readOnly
            default: .system(number)
            }
    }

    /// One line for people.
    public var description: String {
        switch code {
        case .missing: "\(path) does not exist"
        case .dangling: "\(path) is a link that leads nowhere"
        case .notPermitted: "\(path) may not be \(act == .read ? "read" : "written") by this user"
        case .isDirectory: "\(path) is a directory, not a file"
        case .notDirectory: "\(path) is not in a directory: a part of the path is a file"
        case .isNoDirectory: "\(path) is not a directory"
        case .pipe: "\(path) is a pipe, not a file"
        case .tooLarge(let limit): "\(path) has more than the \(limit) bytes that are accepted here"
        case .exists: "\(path) exists already"
        case .noSpace: "no space is left on the disk that holds \(path)"
        case .readOnly: "\(path) lies on a file system that is mounted read-only"
        case .exposed: "\(path) can be read or changed by other users"
        case .changeable: "\(path) can be changed by other users"
        case .foreign: "\(path) belongs to another user"
        case .system(let number): "\(path) could not be \(act == .read ? "read" : "written"): \(Self.text(of: number))"
        }
    }

    /// What to do next; `nil` when the description says it all.
    public var hint: String? {
        switch code {
        case .missing: act == .read ? "check the path" : "make the directory first"
        case .dangling: "put back what it leads to, such as a disk that is not mounted, or remove the link"
        case .notPermitted: "run as the user who owns it, or change its owner"
        case .isDirectory, .pipe: "give the path of a file"
        case .notDirectory: "check the path"
        case .isNoDirectory: "give the path of a directory"
        case .tooLarge: "check that it is the right file"
        case .exists: "nothing was changed; remove it first if it is really to be replaced"
        case .noSpace: "make room and run the same command again; nothing half-written was left"
        case .readOnly: "mount it writable, or choose another place"
        case .exposed: "make it private: \(act == .read ? Self.closing(path, by: "600") : "chmod go= \(path)")"
        case .changeable: "let nobody else change it: \(Self.closing(path, by: "go-w"))"
        case .foreign: "run as the user who owns it"
        case .system: nil
        }
    }

    private static func closing(_ path: String, by mode: String) -> String {
        "chmod \(mode) \(path); of one on a file system without modes, such as a FAT stick, make a copy on a disk and that private"
    }

    private static func text(of number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
