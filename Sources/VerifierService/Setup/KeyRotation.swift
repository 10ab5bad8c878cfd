import Crypto
import DurableFiles
import FoundationEssentials
import HTTPService
import Ledger
public import Messages
import UpdateTrust
public import VerifierStore

/// The keys with which a verifier signs, and those that follow them: made, named by a published trust bundle, used.
///
/// Nothing of it is done while the service runs with the old key in its memory: it signs with the new one after a restart.
public struct KeyRotation: Sendable {
    /// Which of the keys.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case grant
        case results
        case ledger

        var key: VerifierDirectory.Key {
            switch self {
            case .grant: .grant
            case .results: .results
            case .ledger: .ledger
            }
        }
    }

    /// What came of using a key.
    public enum Outcome: Hashable, Sendable {
        /// It signs from the next start on.
        case used(name: String)
        /// It would sign what nobody could check; why.
        case refused(String)
    }

    let directory: VerifierDirectory
    private let keys: KeyFiles

    /// Names a verifier's directory.
    public init(_ directory: VerifierDirectory) {
        self.directory = directory
        keys = KeyFiles(directory: directory)
    }

    /// Makes the next key beside the current one; one that was made before stays.
    /// - Returns: the public half, and the file that it was written to.
    /// - Throws: `SetupError`, `FileError`.
    public func makeNext(_ kind: Kind) throws -> (key: NextKey, path: String) {
        try directory.checkPrivate()
        let lock = try FileLock.waiting(for: directory.setupLock)
        defer { lock.release() }
        try keys.make(kind.key, at: directory.nextKey(kind.key))
        let next = try publicHalf(kind, at: directory.nextKey(kind.key))
        let path = directory.nextPublicKey(kind.key)
        try AtomicFile.write(try EditedJSON.encode(next), to: path, mode: 0o644)
        return (next, path)
    }

    /// Puts the next key in the place of the current one, once devices can know it: by the record, and by no file of the directory.
    ///
    /// Cut off anywhere, the same again finishes it.
    /// - Parameter openStore: opens the record.
    /// - Throws: `SetupError`, `FileError`, `StoreError`.
    public func use(
        _ kind: Kind,
        openStore: (VerifierConfiguration) throws -> any VerifierStore
    ) async throws -> Outcome {
        try directory.checkPrivate()
        let store = try openStore(try directory.readConfiguration())
        return try use(kind, namedBy: try await PublishedTrust.onRecord(store)?.bundle)
    }

    private func use(_ kind: Kind, namedBy published: TrustBundle?) throws -> Outcome {
        let lock = try FileLock.waiting(for: directory.setupLock)
        defer { lock.release() }
        let (current, next) = (directory.key(kind.key), directory.nextKey(kind.key))
        guard FileManager.default.fileExists(atPath: next) else {
            return .refused("there is no next key: birthmark-verifier key new \(kind.rawValue) \(directory.path)")
        }
        let name = try publicHalf(kind, at: next).name
        guard let published, published.keyNames.contains("\(kind.rawValue):\(name)") else {
            return .refused("no published trust bundle names it: devices could not check what it signs")
        }
        let (bytes, old) = (try keys.read(next), try keys.read(current))
        if old != bytes {
            if kind == .ledger {
                if let before = try previousLedgerKey, published.allLedgerKeys.contains(before.text),
                    try keys.read(directory.previousLedgerKey) != old
                {
                    return .refused(
                        "ledger:\(before.id) signs beside the current one still: have a trust bundle published that does not name it"
                    )
                }
                try AtomicFile.write(old, to: directory.previousLedgerKey)
            }
            try AtomicFile.write(bytes, to: current)
        }
        // The private half goes last: by it the same again knows what to finish.
        try AtomicFile.remove(directory.nextPublicKey(kind.key))
        try AtomicFile.remove(next)
        return .used(name: name)
    }

    /// Removes the ledger's key before the current one, unless devices are to believe it.
    ///
    /// Cut off anywhere, the next start does it; so it does when somebody is at the keys just now.
    /// - Parameter published: the newest trust bundle on record.
    /// - Returns: the key that was removed.
    func removePreviousLedgerKey(unlessNamedBy published: TrustBundle) throws -> VerifierKey? {
        guard let lock = try FileLock.trying(directory.setupLock) else { return nil }
        defer { lock.release() }
        // Read again: another may have come to its place since the start.
        guard let previous = try previousLedgerKey, !published.allLedgerKeys.contains(previous.text) else { return nil }
        try AtomicFile.remove(directory.previousLedgerKey)
        return previous
    }

    private var previousLedgerKey: VerifierKey? {
        get throws {
            guard let key = try keys.previousLedgerKey else { return nil }
            return try ledgerKey(key.publicKey)
        }
    }

    private func ledgerKey(_ key: Curve25519.Signing.PublicKey) throws -> VerifierKey {
        try VerifierKey(name: try directory.readConfiguration().ledgerOrigin, kind: .log, publicKey: key)
    }

    private func publicHalf(_ kind: Kind, at path: String) throws -> NextKey {
        switch kind {
        case .grant: return NextKey(.grant, StatementKey(try keys.p256(at: path).publicKey))
        case .results: return NextKey(.results, StatementKey(try keys.p256(at: path).publicKey))
        case .ledger:
            return NextKey(ledger: try ledgerKey(try keys.ed25519(at: path).publicKey).text)
        }
    }
}

extension NextKey {
    /// What bundles' differences and entries call it.
    public var name: String {
        if let vkey { TrustBundle.ledgerKeyName(vkey) } else { key?.name(as: kind) ?? "" }
    }
}
