import Glibc
import TemporaryDirectories
import Testing

@testable import DurableFiles

/// Secrets are read out of nothing that others may read or change.
@Suite struct PrivateFileTests {
    let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    private func isExposed(_ mode: mode_t, owner: uid_t = 7, group: gid_t = 7, to user: uid_t = 7) -> Bool {
        BoundedFile.isExposed(mode: S_IFREG | mode, owner: owner, group: group, to: user)
    }

    @Test func whatOthersMayReadOrChangeIsExposed() {
        for mode in [0o400, 0o600, 0o700] as [mode_t] { #expect(!isExposed(mode)) }
        for mode in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601] as [mode_t] {
            #expect(isExposed(mode))
            #expect(isExposed(mode, owner: 0, group: 0, to: 0))
        }
    }

    /// An access control list lets one user in, and shows as root's group.
    @Test func aCredentialOfASystemServiceIsNot() {
        #expect(!isExposed(0o440, owner: 0, group: 0))
        for mode in [0o460, 0o450, 0o444, 0o442, 0o441] as [mode_t] { #expect(isExposed(mode, owner: 0, group: 0)) }
        #expect(isExposed(0o440, owner: 0))
        #expect(isExposed(0o440, group: 0))
    }

    /// As on a stick whose file system has no links.
    @Test func whereAFileHasOneNameNoneIsReplacedEither() throws {
        let (path, temporary) = (home.path(of: "key"), try home.put([1], "key.new"))
        try AtomicFile.reserve(path, for: temporary)
        #expect(try home.names == ["key"])
        try home.put([2], "key.new")
        #expect(throws: FileError(.exists, .write, path)) { try AtomicFile.reserve(path, for: temporary) }
        #expect(try contents(of: path) == [1])
        #expect(try contents(of: temporary) == [2])
    }

    /// What is opened counts, not the link that leads there.
    @Test func whatOthersMayChangeIsNotTrusted() throws {
        let (path, link) = (try home.put([1], "list.json"), home.path(of: "link.json"))
        #expect(unsafe symlink(path, link) == 0)
        for mode in [0o620, 0o602, 0o622, 0o464] as [mode_t] {
            #expect(unsafe chmod(path, mode) == 0)
            #expect(throws: FileError(.changeable, .read, link)) { try TrustedFile.read(link, limit: 1) }
        }
        for mode in [0o400, 0o600, 0o644, 0o755] as [mode_t] {
            #expect(unsafe chmod(path, mode) == 0)
            #expect(try TrustedFile.read(link, limit: 1) == [1])
        }
        #expect(unsafe chmod(home.path, 0o770) == 0)
        #expect(throws: FileError(.changeable, .read, home.path)) { try TrustedFile.check(directory: home.path) }
        #expect(unsafe chmod(home.path, 0o755) == 0)
        #expect(throws: Never.self) { try TrustedFile.check(directory: home.path) }
        // Root's own, which all may read.
        #expect(throws: Never.self) { try TrustedFile.read("/etc/passwd", limit: 1 << 20) }
        let hint = FileError(.changeable, .read, "/srv/list.json").hint
        #expect(hint?.contains("chmod go-w /srv/list.json; ") == true)
    }

    @Test func whoseStickKeepsNoModesIsToldWhatToDo() {
        let hint = FileError(.exposed, .read, "/media/stick/key.pem").hint
        #expect(hint?.hasPrefix("make it private: chmod 600 /media/stick/key.pem; ") == true)
        #expect(hint?.contains("copy on a disk") == true)
    }
}
